/** What the benchmarks measured, as docs/benchmarks.md and plots: `node scripts/benchmark-docs.ts` makes them anew from the last results. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { type Bar, bars, COLOURS, lines, threeDigits, toSvg } from "./plot.ts";

/** One benchmark's part of the page. */
interface Section {
  /** Of its results: `<name>.json`. */
  name: string;
  title: string;
  /** What is compared, and where a rival wins. */
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each benchmark's results have a shape of their own
  table(results: any): string;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  plots?(results: any): Readonly<Record<string, object>>;
}

interface Timing {
  p50: number;
  p99: number;
}

interface MemoryResult {
  name: string;
  grown: number;
  resident: number;
  timing: Timing;
}

const SECTIONS: readonly Section[] = [
  {
    name: "codec",
    title: "Codec: bits a value",
    text: "Header and checksum included; every record is decoded and compared bit for bit. General compressors get the float32 bytes where those are exact, else the float64 bytes. Vectors of 24 significant bits have no more to give: there a general compressor comes within a tenth.",
    table: ({ sizes }) =>
      markdown(
        ["vectors", "dimensions", "embed-once", "zstd-9", "byte planes + zstd-9", "deflate", "LZ4"],
        sizes.map((row: Record<string, number>) => [
          row.set,
          row.dimensions,
          row.bits!.toFixed(2),
          ...[row.zstdBits!, row.planesBits!, row.deflateBits!, row.lz4Bits!].map((bits) => bits.toFixed(1)),
        ]),
      ),
    plots: ({ sizes }) => ({
      "codec-bits": grouped(
        "Bits a value",
        "of 64 that a JavaScript number takes",
        "bits",
        sizes.flatMap(({ set, bits, zstdBits, planesBits }: Record<string, number>) => [
          { group: set, series: "embed-once", value: bits },
          { group: set, series: "zstd-9", value: zstdBits },
          { group: set, series: "byte planes + zstd-9", value: planesBits },
        ]),
      ),
    }),
  },
  {
    name: "tiers",
    title: "Tiers: a hit, memory, disk, hit ratio",
    text: "Vectors of 1,536 dimensions. Each hit gives a new `number[]`; the floors do a part of the same work, the rival is plain lmdb with raw float64.",
    table: ({ hits, writes, disk }) =>
      [
        markdown(
          ["", "p50, µs", "p99, µs"],
          hits.map(({ name, p50, p99 }: Timing & { name: string }) => [name, threeDigits(p50), threeDigits(p99)]),
        ),
        markdown(
          ["writes", "vectors a second"],
          writes.map((row: { name: string; perSecond: number }) => [row.name, threeDigits(row.perSecond)]),
        ),
        markdown(
          ["record bytes", "whole directory ÷ record bytes"],
          disk.map((row: { recordBytes: number; ratio: number }) => [row.recordBytes, row.ratio.toFixed(3)]),
        ),
      ].join("\n\n"),
    plots: ({ hits, ratios, memory }) => ({
      "tiers-hits": bars(
        "A hit in each tier",
        "1,536 dimensions, median",
        "µs",
        hits.map(({ name, p50 }: Timing & { name: string }): Bar => ({ name, value: p50, kind: kindOf(name) })),
      ),
      "tiers-hit-ratio": lines(
        "Hit ratio of L1 by its size",
        "Zipf 0.9 over 100,000 keys, and scans of keys that are asked once",
        {
          x: { title: "bytes of L1", scale: "log" },
          y: { title: "share of the requests" },
          series: { "L1 (SIEVE)": COLOURS.ours, LRU: COLOURS.rival, "optimum (Belady)": COLOURS.bound },
        },
        ratios
          .filter(({ name }: { name: string }) => name === "L1")
          .flatMap(({ maxBytes, ratio, lru, optimum }: Record<string, number>) => [
            { series: "L1 (SIEVE)", x: maxBytes, y: ratio },
            { series: "LRU", x: maxBytes, y: lru },
            { series: "optimum (Belady)", x: maxBytes, y: optimum },
          ]),
      ),
      "tiers-memory": lines(
        "Private memory by number of vectors",
        "after a million reads at default budgets; a Map's share by multiplication",
        {
          x: { title: "vectors" },
          y: { title: "MB", scale: "log" },
          series: { "embed-once": COLOURS.ours, "Map<string, number[]>": COLOURS.rival },
        },
        memory.cache.flatMap(({ vectors, grown }: { vectors: number; grown: number }) => [
          { series: "embed-once", x: vectors, y: grown / 1e6 },
          { series: "Map<string, number[]>", x: vectors, y: (vectors * memory.mapBytesAVector) / 1e6 },
        ]),
      ),
    }),
  },
  {
    name: "embedder",
    title: "A cached text, everything included",
    text: "100 texts a call: key, lookup, decode, array. Who holds all vectors in memory as JavaScript arrays or does not decode can be faster than L3, at many times the memory or disk.",
    table: ({ contestants }) =>
      markdown(
        ["", "µs a text", "p99", "bytes on disk a vector"],
        contestants.map((row: Record<string, number>) => [
          row.name,
          threeDigits(row.medianUs!),
          threeDigits(row.p99Us!),
          row.diskBytesAVector === 0 ? "–" : threeDigits(row.diskBytesAVector!),
        ]),
      ),
    plots: ({ contestants }) => ({
      "embedder-texts": bars(
        "A cached text",
        "100 texts a call, 1,536 dimensions, median",
        "µs a text",
        contestants.map(
          ({ name, medianUs }: { name: string; medianUs: number }): Bar => ({
            name,
            value: medianUs,
            kind: name.startsWith("embed-once") ? "ours" : "rival",
          }),
        ),
        "log",
      ),
      "embedder-disk": bars(
        "Disk a vector",
        "1,536 dimensions, OpenAI-like; what is in memory only left out",
        "bytes",
        contestants
          .filter(
            (row: Record<string, number>) => row.diskBytesAVector! > 0 && row.name !== ("embed-once, from L1" as never),
          )
          .map(
            ({ name, diskBytesAVector }: { name: string; diskBytesAVector: number }): Bar => ({
              name: name.replace(", from L3", ""),
              value: diskBytesAVector,
              kind: name.startsWith("embed-once") ? "ours" : "rival",
            }),
          ),
      ),
    }),
  },
  {
    name: "search",
    title: "Search: the vectors' part",
    text: "Recall against an exact scan in float64; the floor is a scan of all float32s in memory.",
    table: (all) =>
      markdown(
        ["vectors", "", "p50, ms", "p99, ms", "recall", "private MB", "bytes on disk a vector"],
        all.flatMap(
          // biome-ignore lint/suspicious/noExplicitAny: as above
          (set: any) => [
            ...set.searches.map(
              ({
                limit,
                isFiltered,
                ms,
                recall,
              }: {
                limit: number;
                isFiltered: boolean;
                ms: Timing;
                recall: number;
              }) => [
                `${set.set}, ${set.vectors.toLocaleString("en")} × ${set.dimensions}`,
                `best ${limit}${isFiltered ? " of 5 %" : ""}`,
                ms.p50.toFixed(2),
                ms.p99.toFixed(2),
                recall.toFixed(4),
                set.privateBytes === undefined ? "" : (set.privateBytes / 1e6).toFixed(1),
                set.bytesPerVector.toFixed(0),
              ],
            ),
            ["", "floor: float32 scan", set.float32ScanMs.p50.toFixed(2), set.float32ScanMs.p99.toFixed(2), "", "", ""],
          ],
        ),
      ),
  },
  {
    name: "words",
    title: "Search: the words' part",
    text: "A synthetic index; FTS5's own `bm25()` beside it.",
    table: ({ timings, chunks }) =>
      `${chunks.toLocaleString("en")} chunks.\n\n${markdown(
        ["", "p50, ms", "p99, ms"],
        timings.map(({ name, p50, p99 }: Timing & { name: string }) => [name, p50?.toFixed(2), p99?.toFixed(2)]),
      )}`,
  },
  {
    name: "freshness",
    title: "Freshness",
    text: "How soon an index answers, and how soon a change is in it.",
    table: (report) =>
      markdown(
        ["", "p50, ms", "p99, ms"],
        Object.entries<Timing>(report).map(([what, { p50, p99 }]) => [what, threeDigits(p50), threeDigits(p99)]),
      ),
  },
  {
    name: "history",
    title: "Chunks over a repository's life",
    text: "Every commit's changed files are chunked; what was embedded before comes from the cache.",
    table: ({ chunkers, commits }) =>
      `${commits} commits.\n\n${markdown(
        ["chunks", "of changed files", "embedded", "from cache", "characters × ours"],
        chunkers.map((row: Record<string, number>) => [
          row.name,
          row.chunksOfChangedFiles,
          row.embedded,
          `${(100 * row.fromCache!).toFixed(1)} %`,
          row.charactersTimesOurs!.toFixed(2),
        ]),
      )}`,
    plots: ({ chunkers, commits }) => ({
      "history-embedded": bars(
        "Chunks embedded a commit",
        `${commits} commits, what was embedded before from the cache`,
        "chunks",
        chunkers.map(
          (row: { name: string; embedded: number }, i: number): Bar => ({
            name: row.name,
            value: row.embedded / commits,
            kind: i === 0 ? "ours" : "rival",
          }),
        ),
      ),
    }),
  },
  {
    name: "quality",
    title: "Does it find the right place?",
    text: "nDCG@10 and recall@10 of two tasks: from a commit's subject to the files that it changed, and from a docstring to its function. The embedder is `local`, which knows words only.",
    table: ({ results, average }) => {
      const ways = Object.keys(average);
      const cells = (measures: Record<string, { ndcg: number; recall: number }>) =>
        ways.map((way) => `${measures[way]!.ndcg.toFixed(3)} / ${measures[way]!.recall.toFixed(3)}`);
      return markdown(
        ["repository", "task", "questions", ...ways],
        [
          ...results.map((row: Record<string, never>) => [
            row.repository,
            row.task,
            row.questions,
            ...cells(row.measures!),
          ]),
          ["average", "", "", ...cells(average)],
        ],
      );
    },
  },
  {
    name: "million",
    title: "A million vectors",
    text: "Private memory after a million reads; the control makes and drops the same arrays without a cache.",
    table: ({ results }) =>
      markdown(
        ["", "private MB", "resident MB", "p50, µs", "p99, µs"],
        results.map(({ name, grown, resident, timing }: MemoryResult) => [
          name,
          (grown / 1e6).toFixed(1),
          (resident / 1e6).toFixed(1),
          timing.p50.toFixed(1),
          timing.p99.toFixed(1),
        ]),
      ),
  },
];

/** Writes the page and its plots from the results in a folder; a benchmark without results is left out. */
export async function writeBenchmarkDocs(folder: string, docs: string): Promise<void> {
  const plots = join(docs, "plots");
  mkdirSync(plots, { recursive: true });
  const parts = [headOf(folder)];
  for (const section of SECTIONS) {
    const file = join(folder, `${section.name}.json`);
    if (!existsSync(file)) continue;
    const json = JSON.parse(readFileSync(file, "utf8"));
    const results = json.machine === undefined ? json : json.results;
    parts.push(`## ${section.title}`, `\`npm run bench:${section.name}\`. ${section.text}`);
    for (const [name, spec] of Object.entries(section.plots?.(results) ?? {})) {
      writeFileSync(join(plots, `${name}.svg`), await toSvg(spec));
      parts.push(`![${section.title}](plots/${name}.svg)`);
    }
    parts.push(section.table(results));
  }
  writeFileSync(join(docs, "benchmarks.md"), `${parts.join("\n\n")}\n`);
}

function headOf(folder: string): string {
  const newest = SECTIONS.map(({ name }) => join(folder, `${name}.json`)).filter((file) => existsSync(file));
  const date = new Date(Math.max(...newest.map((file) => statSync(file).mtimeMs))).toISOString().slice(0, 10);
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", cwd: import.meta.dirname });
  const [cpu] = cpus();
  return [
    "# Benchmarks",
    "Made by `npm run bench`; not edited by hand. Rivals and floors ran in the same run as what they are compared with; machines are noisy, so compare ratios, not figures of two runs.",
    `${date}, commit ${commit.trim()}, Node.js ${process.version}, ${cpus().length} cores (${cpu?.model.trim()}).`,
  ].join("\n\n");
}

function kindOf(name: string): Bar["kind"] {
  if (name.startsWith("floor")) return "floor";
  return name.startsWith("rival") ? "rival" : "ours";
}

function grouped(
  title: string,
  subtitle: string,
  unit: string,
  values: readonly { group: unknown; series: string; value: unknown }[],
): object {
  return {
    width: 460,
    height: { step: 14 },
    title: { text: title, subtitle },
    data: { values },
    mark: { type: "point", filled: true, size: 60 },
    encoding: {
      y: {
        field: "group",
        type: "nominal",
        sort: null,
        title: null,
        axis: { labelLimit: 320, grid: true, ticks: false },
      },
      x: { field: "value", type: "quantitative", title: unit, scale: { domainMin: 0 } },
      color: {
        field: "series",
        type: "nominal",
        scale: {
          domain: ["embed-once", "zstd-9", "byte planes + zstd-9"],
          range: [COLOURS.ours, COLOURS.rival, COLOURS.floor],
        },
      },
    },
  };
}

function markdown(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]) => `| ${cells.map((cell) => cell ?? "").join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..");
  await writeBenchmarkDocs(join(root, "bench-results"), join(root, "docs"));
}
