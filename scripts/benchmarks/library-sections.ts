import { type Bar, bars, COLOURS, dots, lines } from "../plot.ts";
import { type Measured, megabytes, type Section, type Timing, table, threeDigits, whoIsBetter } from "./section.ts";

type Named<Row> = Row & { name: string };

interface CodecRow {
  set: string;
  seenAt?: string;
  dimensions: number;
  bits: number;
  entropyBits: number;
  zstdBits: number;
  planesBits: number;
  deflateBits: number;
  lz4Bits: number;
}

const codec: Section = {
  name: "codec",
  title: "Codec: bits a value",
  text: [
    "A record's bits with header and checksum; every record was decoded and compared bit for bit. General compressors get the float32s where",
    "those are exact, else the float64s. The entropy is an estimate: what values take that are drawn independently, each from the distribution of",
    "all magnitudes (in root mean squares of its vector) over the numbers that the vector's grid has there; grid and distributions are known",
    "beforehand. Who codes value by value needs that much; who knows what a dimension's values have in common can need less",
    "(`packages/embed-once/bench/codec-entropy.ts`). Vectors are generated in the forms in which providers send them, unless `--vectors` names a folder.",
  ].join("\n"),
  parts: ({
    sizes,
    times,
  }: {
    sizes: CodecRow[];
    times: (Record<string, { median: number; p99: number }> & { set: string })[];
  }) => [
    table(
      ["numbers", "seen at", "dimensions", "embed-once", "entropy", "zstd-9", "byte planes + zstd-9", "deflate", "LZ4"],
      sizes.map((row) => [
        row.set.replace(`, ${row.dimensions}`, ""),
        row.seenAt,
        row.dimensions,
        row.bits.toFixed(2),
        row.entropyBits.toFixed(2),
        ...[row.zstdBits, row.planesBits, row.deflateBits, row.lz4Bits].map((bits) => bits.toFixed(1)),
      ]),
    ),
    smallerElsewhere(sizes),
    ...(times.length === 0 ? [] : ["Microseconds a vector, median:", timesTable(times)]),
  ],
  plots: ({ sizes }: { sizes: CodecRow[] }) => {
    const seen = sizes.filter(({ seenAt }) => seenAt !== undefined);
    return {
      "codec-bits": dots(
        "Bits a value, lossless",
        "of the 64 that a JavaScript number takes",
        { title: "bits a value", ticks: [0, 8, 16, 24, 32, 40, 48, 56, 64] },
        {
          "entropy (estimate)": COLOURS.bound,
          "embed-once": COLOURS.ours,
          "zstd-9": COLOURS.rival,
          "byte planes + zstd-9": COLOURS.rival2,
          deflate: COLOURS.rival3,
        },
        (seen.length > 0 ? seen : sizes).flatMap((row) => {
          const group = row.seenAt ?? row.set;
          return [
            { group, series: "zstd-9", value: row.zstdBits },
            { group, series: "byte planes + zstd-9", value: row.planesBits },
            { group, series: "deflate", value: row.deflateBits },
            { group, series: "embed-once", value: row.bits },
            { group, series: "entropy (estimate)", value: row.entropyBits },
          ];
        }),
      ),
    };
  },
};

type Times = { set: string } & Record<string, { median: number; p99: number }>;

function timesTable(times: readonly Times[]): string {
  return table(
    ["numbers", "encode", "zstd-9", "decode", "to a new `number[]`", "zstd decompress", "copy of the float32s"],
    times.map((row) => [
      row.set,
      ...["encode", "zstdCompress", "decodeInto", "decodeVector", "zstdDecompress", "copy"].map((what) =>
        threeDigits(row[what]!.median),
      ),
    ]),
  );
}

function smallerElsewhere(sizes: readonly CodecRow[]): string {
  const sets = sizes.filter(
    ({ bits, zstdBits, planesBits, deflateBits }) => Math.min(zstdBits, planesBits, deflateBits) < bits,
  );
  if (sets.length === 0) return "No general compressor makes any of them smaller.";
  return `A general compressor makes smaller: ${sets.map(({ set }) => set).join("; ")}.`;
}

interface Ratio {
  name: string;
  maxBytes: number;
  ratio: number;
  lru: number;
  optimum: number;
}

interface TierResults {
  vectors: number;
  hits: Named<Timing>[];
  writes: { name: string; perSecond: number }[];
  ratios: Ratio[];
  memory: { vectors: number; cache: number; control: number; map: number }[];
  disk: { recordBytes: number; ratio: number }[];
}

const tiers: Section = {
  name: "tiers",
  title: "Tiers: a hit, memory, disk, hit ratio",
  text: [
    "Vectors of 1,536 dimensions, OpenAI-like. Each hit gives a new `number[]`; the floors do a part of the same work, the rival is plain lmdb with raw",
    "float64s. Memory is what a process has for itself after many reads with default budgets, from before the cache is opened; the control",
    "makes and drops the same arrays without a cache.",
  ].join("\n"),
  parts: ({ hits, writes, ratios, memory, disk }: TierResults) => [
    table(
      ["", "p50, µs", "p99, µs"],
      hits.map(({ name, p50, p99 }) => [name, threeDigits(p50), threeDigits(p99)]),
    ),
    fasterThanL3(hits),
    table(
      ["writes", "vectors a second"],
      writes.map((row) => [row.name, threeDigits(row.perSecond)]),
    ),
    table(
      ["vectors", "embed-once, private MB", "control, private MB", "`Map<string, number[]>`, private MB"],
      memory.map((row) => [
        row.vectors.toLocaleString("en"),
        ...[row.cache, row.control, row.map].map((bytes) => megabytes(bytes)),
      ]),
    ),
    "Hit ratio, on keys of a Zipf distribution (0.9 over 100,000) with scans of keys that are asked once:",
    table(
      ["", "MB", "embed-once", "LRU", "optimum (Belady)"],
      ratios.map(({ name, maxBytes, ratio, lru, optimum }) => [
        name,
        threeDigits(maxBytes / 1e6),
        ...[ratio, lru, optimum].map((share) => share.toFixed(3)),
      ]),
    ),
    table(
      ["record bytes", "whole directory ÷ record bytes"],
      disk.map((row) => [row.recordBytes, row.ratio.toFixed(3)]),
    ),
  ],
  plots: ({ hits, ratios, memory }: TierResults, { million }) => ({
    "tiers-hits": bars(
      "A hit in each tier",
      "1,536 dimensions, a new number[] each, median",
      "µs a hit",
      KIND_ORDER.flatMap((kind) =>
        hits.filter(({ name }) => kindOf(name) === kind).map(({ name, p50 }): Bar => ({ name, value: p50, kind })),
      ),
      "log",
    ),
    "tiers-hit-ratio": lines(
      "Hit ratio against cache size",
      "Zipf 0.9 over 100,000 keys, and scans of keys that are asked once",
      {
        x: { title: "MB of L1", scale: "log" },
        y: { title: "share of the requests that hit" },
        series: { "embed-once (SIEVE)": COLOURS.ours, LRU: COLOURS.rival, "optimum (Belady)": COLOURS.bound },
      },
      ratios
        .filter(({ name }) => name === "L1")
        .flatMap(({ maxBytes, ratio, lru, optimum }) => [
          { series: "embed-once (SIEVE)", x: maxBytes / 1e6, y: ratio },
          { series: "LRU", x: maxBytes / 1e6, y: lru },
          { series: "optimum (Belady)", x: maxBytes / 1e6, y: optimum },
        ]),
    ),
    "tiers-memory": lines(
      "Private memory against number of vectors",
      "1,536 dimensions, default budgets, after many reads",
      {
        x: { title: "vectors", scale: "log" },
        y: { title: "private memory, MB", scale: "log" },
        series: {
          "embed-once": COLOURS.ours,
          "Map<string, number[]>": COLOURS.rival,
          "the same reads without a cache": COLOURS.floor,
        },
      },
      [
        ...memory.flatMap(({ vectors, cache, control, map }) => [
          { series: "embed-once", x: vectors, y: cache / 1e6 },
          { series: "Map<string, number[]>", x: vectors, y: map / 1e6 },
          { series: "the same reads without a cache", x: vectors, y: control / 1e6 },
        ]),
        ...memoryOfMillion(million),
      ].map((point) => ({ ...point, y: Math.max(point.y, LEAST_MB) })),
    ),
  }),
};

/** Below it is noise, and a logarithmic axis has no place for nothing. */
const LEAST_MB = 0.1;

function memoryOfMillion(million: { vectors: number; results: Named<{ grown: number }>[] } | undefined) {
  const grown = (name: string) => million?.results.find((result) => result.name === name)?.grown;
  return [
    ["embed-once", grown("cache")] as const,
    ["the same reads without a cache", grown("control")] as const,
  ].flatMap(([series, bytes]) => (bytes === undefined ? [] : [{ series, x: million!.vectors, y: bytes / 1e6 }]));
}

function fasterThanL3(hits: readonly Named<Timing>[]): string {
  const l3 = hits.find(({ name }) => name.startsWith("L3 hit, warm"))!;
  const rivals = hits.filter(({ name }) => kindOf(name) === "rival");
  return whoIsBetter(
    "A hit in warm L3",
    l3.p50,
    rivals.map(({ name, p50 }): Measured => ({ name: name.replace("rival: ", ""), value: p50 })),
    "µs",
  );
}

const KIND_ORDER: readonly Bar["kind"][] = ["ours", "rival", "floor"];

function kindOf(name: string): Bar["kind"] {
  if (name.startsWith("floor")) return "floor";
  return name.startsWith("rival") ? "rival" : "ours";
}

interface TextsRow {
  name: string;
  medianUs: number;
  p99Us: number;
  diskBytesAVector: number;
}

const isOurs = ({ name }: { name: string }) => name.startsWith("embed-once");

const embedder: Section = {
  name: "embedder",
  title: "A cached text, everything included",
  text: [
    "100 texts a call: key, lookup, decode, array. All do the same job for the same texts; those without bytes on disk keep all of it in",
    "memory, and only as long as the process lives.",
  ].join("\n"),
  parts: ({ contestants }: { contestants: TextsRow[] }) => [
    table(
      ["", "µs a text", "p99", "bytes on disk a vector"],
      contestants.map((row) => [
        row.name,
        threeDigits(row.medianUs),
        threeDigits(row.p99Us),
        row.diskBytesAVector === 0 ? "–" : threeDigits(row.diskBytesAVector),
      ]),
    ),
    whoIsBetter(
      "A text from the file",
      contestants.find(isOurs)!.medianUs,
      contestants.filter((row) => !isOurs(row)).map(({ name, medianUs }) => ({ name, value: medianUs })),
      "µs",
    ),
    whoIsBetter(
      "Disk",
      contestants.find(isOurs)!.diskBytesAVector,
      onDisk(contestants)
        .filter((row) => !isOurs(row))
        .map(({ name, diskBytesAVector }) => ({ name, value: diskBytesAVector })),
      "bytes a vector",
    ),
  ],
  plots: ({ contestants }: { contestants: TextsRow[] }) => ({
    "embedder-texts": bars(
      "A cached text, from call to array",
      "100 texts a call, 1,536 dimensions, median",
      "µs a text",
      contestants
        .toSorted((a, b) => a.medianUs - b.medianUs)
        .map((row): Bar => ({ name: row.name, value: row.medianUs, kind: isOurs(row) ? "ours" : "rival" })),
      "log",
    ),
    "embedder-disk": bars(
      "Disk a vector",
      "1,536 dimensions, OpenAI-like; without those that keep nothing on disk",
      "bytes a vector",
      onDisk(contestants)
        .toSorted((a, b) => a.diskBytesAVector - b.diskBytesAVector)
        .map(
          (row): Bar => ({
            name: row.name.replace(", from L3", ""),
            value: row.diskBytesAVector,
            kind: isOurs(row) ? "ours" : "rival",
          }),
        ),
    ),
  }),
};

function onDisk(contestants: readonly TextsRow[]): readonly TextsRow[] {
  return contestants.filter((row) => row.diskBytesAVector > 0 && row.name !== "embed-once, from L1");
}

interface MillionResult {
  name: string;
  grown: number;
  resident: number;
  timing: Timing;
}

const million: Section = {
  name: "million",
  title: "A million vectors",
  text: "Private memory after a million reads; the control makes and drops the same arrays without a cache.",
  parts: ({ results }: { results: MillionResult[] }) => [
    table(
      ["", "private MB", "resident MB", "p50, µs", "p99, µs"],
      results.map(({ name, grown, resident, timing }) => [
        name,
        megabytes(grown),
        megabytes(resident),
        threeDigits(timing.p50),
        threeDigits(timing.p99),
      ]),
    ),
  ],
};

export const librarySections: readonly Section[] = [codec, tiers, embedder, million];
