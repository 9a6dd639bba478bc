/**
 * What the codec makes of embedding vectors, beside general compressors, and how long it takes:
 *
 *   npm run bench:codec                      on generated vectors of every form
 *   npm run bench:codec -- --vectors DIR     on DIR/*.jsonl or DIR/*.jsonl.gz, one JSON array a line
 *   npm run bench:codec -- --sizes           sizes only
 *   npm run bench:codec -- --json FILE       results for machines, too
 *
 * Every record is decoded and compared bit for bit before anything is timed.
 */
import { parseArgs } from "node:util";
import { decodeVector, encodeVector, labelOf, recordInfo } from "../src/codec/index.ts";
import { entropyBits } from "./codec-entropy.ts";
import { lmdbLz4Bytes } from "./codec-lz4.ts";
import { rivalSizes } from "./codec-rivals.ts";
import { generatedSets, loadSets, type VectorSet } from "./codec-sets.ts";
import { limitOf } from "./codec-targets.ts";
import { timeSet } from "./codec-timing.ts";
import { writeReport } from "./report.ts";

const { values: options } = parseArgs({
  options: { vectors: { type: "string" }, sizes: { type: "boolean", default: false }, json: { type: "string" } },
});
const sets = options.vectors === undefined ? generatedSets() : loadSets(options.vectors);

function print(...columns: readonly (readonly [text: string | number, width: number])[]): void {
  const line = columns.map(([text, width]) => (width < 0 ? String(text).padEnd(-width) : String(text).padStart(width)));
  process.stdout.write(`${line.join(" ").trimEnd()}\n`);
}

function verify(vector: readonly number[], decoded: readonly number[]): void {
  const same = vector.length === decoded.length && vector.every((value, i) => Object.is(value, decoded[i]));
  if (!same) throw new Error("A vector did not come back with the same bits.");
}

const NAME = -44;
print(
  ["set", NAME],
  ["vectors", 7],
  ["dims", 5],
  ["bytes", 8],
  ["bits", 7],
  ["entropy", 7],
  ["limit", 6],
  ["ok", 4],
  ["/f32", 6],
  ["/f64", 6],
  ["/json", 6],
  ["zstd-9", 7],
  ["planes", 7],
  ["deflate", 7],
  ["lz4", 7],
  ["float16", 7],
);
const labels = new Map<string, number>();
const sizes: object[] = [];
const times: object[] = [];
let failures = 0;
for (const { name, seenAt, vectors } of sets) {
  let bytes = 0;
  let values = 0;
  let json = 0;
  const rivals = { zstd: 0, planes: 0, deflate: 0, float16: 0 };
  let isFloat16 = true;
  for (const vector of vectors) {
    const record = encodeVector(vector);
    verify(vector, decodeVector(record));
    bytes += record.length;
    values += vector.length;
    json += JSON.stringify(vector).length;
    const label = labelOf(recordInfo(record));
    labels.set(label, (labels.get(label) ?? 0) + 1);
    const others = rivalSizes(vector);
    rivals.zstd += others.zstd;
    rivals.planes += others.planes;
    rivals.deflate += others.deflate;
    if (others.float16 === undefined) isFloat16 = false;
    else rivals.float16 += others.float16;
  }
  const entropy = entropyBits(vectors);
  const lz4 = await lmdbLz4Bytes(vectors);
  const bitsOf = (size: number): number => (8 * size) / values;
  const bits = (size: number): string => bitsOf(size).toFixed(2);
  const limit = limitOf(name, vectors[0]!.length);
  const holds = (limit === undefined || (8 * bytes) / values <= limit) && bytes <= rivals.zstd;
  if (!holds) failures++;
  sizes.push({
    set: name,
    seenAt,
    vectors: vectors.length,
    dimensions: vectors[0]!.length,
    bits: bitsOf(bytes),
    entropyBits: entropy,
    zstdBits: bitsOf(rivals.zstd),
    planesBits: bitsOf(rivals.planes),
    deflateBits: bitsOf(rivals.deflate),
    lz4Bits: bitsOf(lz4),
  });
  print(
    [name, NAME],
    [vectors.length, 7],
    [vectors[0]!.length, 5],
    [(bytes / vectors.length).toFixed(1), 8],
    [((8 * bytes) / values).toFixed(3), 7],
    [entropy.toFixed(3), 7],
    [limit ?? "", 6],
    [holds ? "yes" : "NO", 4],
    [((4 * values) / bytes).toFixed(2), 6],
    [((8 * values) / bytes).toFixed(2), 6],
    [(json / bytes).toFixed(2), 6],
    [bits(rivals.zstd), 7],
    [bits(rivals.planes), 7],
    [bits(rivals.deflate), 7],
    [bits(lz4), 7],
    [isFloat16 ? bits(rivals.float16) : "", 7],
  );
}
print(["", 0]);
print(["Bits a value of zstd-9, deflate and LZ4: of float32 bytes where those are exact, else of float64 bytes.", 0]);
print(["Entropy: an estimate; bench/codec-entropy.ts says of what.", 0]);
print(["ok: at most the limit, and at most zstd-9.", 0]);
print(["", 0]);
for (const [label, count] of [...labels].sort((left, right) => right[1] - left[1])) print([count, 6], [label, -1]);

if (!options.sizes) {
  print(["", 0]);
  print(
    ["µs: median (p99)", NAME],
    ["encode", 15],
    ["zstd-9", 15],
    ["ratio", 6],
    ["decode into", 15],
    ["number[]", 15],
    ["zstd", 15],
    ["ratio", 6],
    ["memcpy", 13],
  );
  for (const set of timedSets(sets)) {
    const measured = timeSet(set.vectors);
    times.push({ set: set.name, ...measured });
    const show = (time: { median: number; p99: number }): string =>
      `${time.median.toFixed(1)} (${time.p99.toFixed(1)})`;
    print(
      [set.name, NAME],
      [show(measured.encode), 15],
      [show(measured.zstdCompress), 15],
      [(measured.encode.median / measured.zstdCompress.median).toFixed(2), 6],
      [show(measured.decodeInto), 15],
      [show(measured.decodeVector), 15],
      [show(measured.zstdDecompress), 15],
      [(measured.decodeInto.median / measured.zstdDecompress.median).toFixed(2), 6],
      [show(measured.copy), 13],
    );
  }
}
writeReport(options.json, { sizes, forms: Object.fromEntries(labels), times });
process.exitCode = failures === 0 ? 0 : 1;

/** Sets of fewer vectors tell no p99. */
function timedSets(all: readonly VectorSet[]): readonly VectorSet[] {
  const large = all.filter(({ vectors }) => vectors.length >= 20);
  return large.length > 0 ? large : all;
}
