/**
 * The tiers beside their floors and beside plain lmdb with raw float64: `npm run bench:tiers`.
 * Options: `--vectors 200000`, `--reads 1000000` before
 * memory is looked at, `--requests 400000` for the hit ratios, `--json FILE`.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { open } from "lmdb";
import { openCache } from "../src/cache/hierarchical-cache.ts";
import { decodeVector, encodeVector } from "../src/codec/index.ts";
import { KEY_BYTES } from "../src/core/content-key.ts";
import { CompressedTier } from "../src/tier/compressed-tier.ts";
import { HotTier } from "../src/tier/hot-tier.ts";
import { MappedTier } from "../src/tier/mapped-tier.ts";
import { writeReport } from "./report.ts";
import {
  benchKey,
  benchVector,
  directoryBytes,
  line,
  MEMORY_FLAGS,
  randomNumbers,
  type Timing,
  timed,
} from "./tiers-data.ts";
import { lruRatio, optimalRatio, tierRatio, zipfTrace } from "./tiers-trace.ts";

const { values: options } = parseArgs({
  options: {
    vectors: { type: "string", default: "200000" },
    reads: { type: "string", default: "1000000" },
    requests: { type: "string", default: "400000" },
    json: { type: "string" },
  },
});
const VECTORS = Number(options.vectors);
const DIMENSIONS = 1_536;
const BATCH = 100;
const READS = 20_000;
const GROWTH_READS = Number(options.reads);
const HOT_BYTES = 2_000_000;
const COMPRESSED_BYTES = 5_000_000;
const folder = mkdtempSync(join(tmpdir(), "embed-once-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

const hits: object[] = [];
const show = (name: string, { p50, p99 }: Timing) => {
  hits.push({ name, p50, p99 });
  line(`  ${name.padEnd(44)} p50 ${p50.toFixed(2)} µs, p99 ${p99.toFixed(2)} µs`);
};
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const turn = () => new Promise((resolve) => setImmediate(resolve));

line(
  `${VECTORS} vectors of ${DIMENSIONS} dimensions, OpenAI-like; record of ${encodeVector(benchVector(0, DIMENSIONS)).length} bytes`,
);

line("\nWrites, in batches of 100, one process");
const directory = join(folder, "cache");
const cache = await openCache({ directory });
/** Stores vectors from `first` on; each of so many writers begins a batch once its last one is acknowledged. */
async function write(first: number, end: number, writers: number): Promise<void> {
  let next = first;
  const writeOn = async () => {
    while (next < end) {
      const from = next;
      next += BATCH;
      await cache.setMany(
        Array.from({ length: BATCH }, (_, k) => ({
          key: benchKey(from + k),
          vector: benchVector(from + k, DIMENSIONS),
          model: "bench",
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: writers }, writeOn));
}
let startedMs = performance.now();
let written = 0;
const writes: object[] = [];
for (const writers of [1, 4]) {
  startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  await write(written, written + VECTORS / 2, writers);
  written += VECTORS / 2;
  const perSecond = VECTORS / 2 / ((performance.now() - startedMs) / 1_000);
  const { user, system } = process.cpuUsage(cpuBefore);
  writes.push({ name: `setMany, ${writers} under way`, perSecond });
  line(
    `  setMany, encode included, ${writers === 1 ? "one batch after the other" : `${writers} batches under way`}: ${perSecond.toFixed(0)} vectors/s; ${(VECTORS / 2 / ((user + system) / 1e6)).toFixed(0)} a second of processor time`,
  );
}
startedMs = performance.now();
for (let i = 0; i < READS; i++) encodeVector(benchVector(i, DIMENSIONS));
const encodedPerSecond = READS / ((performance.now() - startedMs) / 1_000);
writes.push({ name: "encode alone", perSecond: encodedPerSecond });
line(`  of this, encode alone: ${encodedPerSecond.toFixed(0)} vectors/s`);

const rawPath = join(folder, "raw.lmdb");
const rawRoot = open({ path: rawPath, noReadAhead: true, eventTurnBatching: false } as never);
const raw = rawRoot.openDB<Buffer, Buffer>({ name: "raw", keyEncoding: "binary", encoding: "binary" });
const rawBytes = (n: number) => Buffer.from(Float64Array.from(benchVector(n, DIMENSIONS)).buffer);
startedMs = performance.now();
for (let i = 0; i < VECTORS; i += BATCH) {
  await rawRoot.transaction(() => {
    for (let k = i; k < i + BATCH; k++) raw.put(benchKey(k), rawBytes(k));
  });
}
const rawPerSecond = VECTORS / ((performance.now() - startedMs) / 1_000);
writes.push({ name: "bare lmdb put of raw float64", perSecond: rawPerSecond });
line(`  bare lmdb put of raw float64: ${rawPerSecond.toFixed(0)} vectors/s`);
const bases = Array.from({ length: 500 }, (_, i) => encodeVector(benchVector(i, DIMENSIONS)));
const records = rawRoot.openDB<Buffer, Buffer>({ name: "records", keyEncoding: "binary", encoding: "binary" });
for (let i = 0; i < VECTORS; i += BATCH) {
  await rawRoot.transaction(() => {
    for (let k = i; k < i + BATCH; k++) records.put(benchKey(k), Buffer.from(bases[k % bases.length]!));
  });
}

line("\nHits, each giving number[]; keys made beforehand");
const random = randomNumbers(3);
const someKeys = Array.from({ length: READS }, () => benchKey(random(VECTORS)));
/** So many as L1 has room for. */
const HOT_KEYS = 100;
const hotKeys = Array.from({ length: HOT_KEYS }, (_, i) => benchKey(i));
const check = (found: number[] | undefined, n: number) => {
  const expected = benchVector(n, DIMENSIONS);
  if (found?.length !== DIMENSIONS || found.some((value, i) => !Object.is(value, expected[i])))
    throw new Error(`vector ${n} is wrong`);
};
for (const n of [0, 17, VECTORS - 1]) check(cache.getMany([benchKey(n)])[0], n);
const record = encodeVector(benchVector(0, DIMENSIONS));
const numbers = Float32Array.from(benchVector(0, DIMENSIONS));
const zstd = zstdCompressSync(Buffer.from(numbers.buffer));
await using l1 = await openCache({ directory });
await using l2 = await openCache({ directory, hotBytes: 0 });
await using l3 = await openCache({ directory, hotBytes: 0 });
for (const warm of [l1, l2]) for (let i = 0; i < 4; i++) for (const key of hotKeys) warm.getMany([key]);
for (const key of someKeys) records.getBinaryFast(key);
let l3Timing: Timing = { p50: 0, p99: 0 };
let getAndDecode: Timing = { p50: 0, p99: 0 };
let decode: Timing = { p50: 0, p99: 0 };
let l2Timing: Timing = { p50: 0, p99: 0 };
for (let round = 0; round < 3; round++) {
  const last = round === 2;
  const measure = async (name: string, calls: number, call: (i: number) => unknown) => {
    const timing = timed(calls, call);
    if (last) show(name, timing);
    await turn();
    return timing;
  };
  await measure("floor: number[] from a Float32Array", READS, () => {
    const vector = new Array<number>(DIMENSIONS);
    for (let i = 0; i < DIMENSIONS; i++) vector[i] = numbers[i]!;
    return vector;
  });
  await measure("floor: copy of the float32s", READS, () => numbers.slice());
  await measure("floor: zstd decompression of the float32s", READS / 4, () => zstdDecompressSync(zstd));
  decode = await measure("floor: decode of a record", READS, () => decodeVector(record));
  await measure("floor: lmdb get of a record", READS, (i) => records.getBinaryFast(someKeys[i]!));
  getAndDecode = await measure("floor: lmdb get of a record, and its decode", READS, (i) =>
    decodeVector(records.getBinaryFast(someKeys[i]!)!),
  );
  await measure("rival: lmdb get of raw float64, number[]", READS / 4, (i) => {
    const bytes = raw.getBinaryFast(someKeys[i]!)!;
    const values = new Float64Array(bytes.buffer, bytes.byteOffset, DIMENSIONS);
    const vector = new Array<number>(DIMENSIONS);
    for (let k = 0; k < DIMENSIONS; k++) vector[k] = values[k]!;
    return vector;
  });
  await measure("L1 hit", READS, (i) => l1.getMany([hotKeys[i % HOT_KEYS]!]));
  l2Timing = await measure("L2 hit", READS, (i) => l2.getMany([hotKeys[i % HOT_KEYS]!]));
  l3Timing = await measure("L3 hit, warm, promotion to L2 included", READS, (i) => l3.getMany([someKeys[i]!]));
}
line(
  `  L2 hit ÷ decode ${(l2Timing.p50 / decode.p50).toFixed(2)}; L3 hit ÷ (lmdb get + decode) ${(l3Timing.p50 / getAndDecode.p50).toFixed(2)}`,
);
const tierOnly = await MappedTier.open({ directory, maxBytes: 10e9 });
show(
  "L3 tier alone, without decode",
  timed(READS, (i) => tierOnly.get(someKeys[i]!)),
);
await tierOnly.close();

line("\nCold L3 (page cache dropped)");
try {
  execFileSync("sync");
  execFileSync("sh", ["-c", "echo 1 > /proc/sys/vm/drop_caches"], { stdio: "ignore" });
  show(
    "L3 hit, cold",
    timed(1_000, (i) => l3.getMany([someKeys[(i * 13) % READS]!])),
  );
} catch {
  line("  this process may not drop the page cache");
}
await cache.close();
await rawRoot.close();

line(
  "\nHit ratios of each tier by itself, on keys of a Zipf distribution and scans; LRU and optimum without bookkeeping",
);
const trace = zipfTrace(Number(options.requests));
const ratios: object[] = [];
function compare(name: string, maxBytes: number, ratio: number, entryBytes: number): void {
  const entries = Math.floor(maxBytes / entryBytes);
  const [lru, optimum] = [lruRatio(trace, entries), optimalRatio(trace, entries)];
  ratios.push({ name, maxBytes, ratio, lru, optimum });
  line(
    `  ${name} of ${megabytes(maxBytes)}: ${ratio.toFixed(3)}, LRU ${lru.toFixed(3)} (${(ratio / lru).toFixed(2)} times), optimum ${optimum.toFixed(3)}`,
  );
}
for (const maxBytes of [HOT_BYTES / 4, HOT_BYTES / 2, HOT_BYTES, 2 * HOT_BYTES, 4 * HOT_BYTES]) {
  const ratio = tierRatio(trace, new HotTier({ maxBytes }), [...numbers]);
  compare("L1", maxBytes, ratio, DIMENSIONS * Float64Array.BYTES_PER_ELEMENT + KEY_BYTES);
}
const compressed = new CompressedTier({ maxBytes: COMPRESSED_BYTES });
compare("L2", COMPRESSED_BYTES, tierRatio(trace, compressed, record), record.length + KEY_BYTES);

line(`\nPrivate memory after ${GROWTH_READS} reads at default budgets, from before the cache is opened`);
function measureMemory(script: string, ...args: readonly (string | number)[]): Record<string, number> {
  const path = join(import.meta.dirname, script);
  // The Map of many vectors does not fit into the engine's usual bounds.
  const flags = [...MEMORY_FLAGS, "--max-old-space-size=8192"];
  return JSON.parse(execFileSync(process.execPath, [...flags, path, ...args.map(String)], { encoding: "utf8" }));
}
const { grown: control } = measureMemory("tiers-memory.ts", "control", VECTORS, GROWTH_READS);
line(`  control: ${megabytes(control!)}`);
const memory = [VECTORS / 20, VECTORS / 5, VECTORS].map((vectors) => {
  // Fewer reads fill the budgets, too; only after many does it show whether something grows.
  const reads = vectors === VECTORS ? GROWTH_READS : GROWTH_READS / 5;
  const { grown, resident } = measureMemory("tiers-memory.ts", directory, vectors, reads);
  const { bytes: map } = measureMemory("production/map-memory.ts", vectors);
  line(
    `  ${vectors} vectors: ${megabytes(grown!)}, less the control ${megabytes(grown! - control!)}; resident ${megabytes(resident!)}; Map<string, number[]> ${megabytes(map!)}`,
  );
  return { vectors, cache: grown!, control: control!, map: map! };
});

line("\nDisk: whole directory ÷ record bytes, records of random bytes");
const pool = randomBytes(4_000_000);
const disk: object[] = [];
for (const recordBytes of [2_640, 5_260, 1_770, 1_330, 680]) {
  const target = join(folder, `disk-${recordBytes}`);
  const tier = await MappedTier.open({ directory: target, maxBytes: 10e9 });
  let sum = 0;
  for (let i = 0; i < VECTORS; i += BATCH) {
    await tier.set(
      Array.from({ length: BATCH }, (_, k) => {
        // Real records vary by some bytes.
        const bytes = recordBytes - 20 + (((i + k) * 7_919) % 41);
        sum += bytes;
        const from = ((i + k) * 1_013) % (pool.length - bytes);
        return { key: benchKey(i + k), value: pool.subarray(from, from + bytes) };
      }),
    );
  }
  await tier.close();
  disk.push({ recordBytes, ratio: directoryBytes(target) / sum });
  line(`  ${recordBytes} bytes: ${(directoryBytes(target) / sum).toFixed(3)}`);
  rmSync(target, { recursive: true });
}

writeReport(options.json, {
  vectors: VECTORS,
  dimensions: DIMENSIONS,
  writes,
  hits,
  ratios,
  memory,
  disk,
});
