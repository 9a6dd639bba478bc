/**
 * One million vectors: memory and latency, and the same once more in a cgroup that has the idle process's memory and
 * 64 MB, where cgroups can be made: `npm run bench:million`. Options: `--vectors 1000000`, `--json FILE`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openCache } from "../src/cache/hierarchical-cache.ts";
import { writeReport } from "./report.ts";
import { benchKey, benchVector, directoryBytes, line, MEMORY_FLAGS } from "./tiers-data.ts";

const { values: options } = parseArgs({
  options: { vectors: { type: "string", default: "1000000" }, json: { type: "string" } },
});
const VECTORS = Number(options.vectors);
const DIMENSIONS = 1_536;
const BATCH = 100;
const READS = 1_000_000;
const SPARE_BYTES = 64_000_000;
const folder = mkdtempSync(join(tmpdir(), "embed-once-million-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const directory = join(folder, "cache");
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const startedMs = performance.now();
const cache = await openCache({ directory });
for (let i = 0; i < VECTORS; i += BATCH) {
  await cache.setMany(
    Array.from({ length: BATCH }, (_, k) => ({
      key: benchKey(i + k),
      vector: benchVector(i + k, DIMENSIONS),
      model: "bench",
    })),
  );
}
await cache.close();
const seconds = (performance.now() - startedMs) / 1_000;
line(
  `${VECTORS} vectors of ${DIMENSIONS} dimensions stored in ${seconds.toFixed(0)} s; ${megabytes(directoryBytes(directory))} on disk`,
);

interface Result {
  grown: number;
  resident: number;
  timing: { p50: number; p99: number };
}

function run(target: string, reads: number, cgroup?: string): Result {
  const node = [...MEMORY_FLAGS, join(import.meta.dirname, "tiers-memory.ts"), target, String(VECTORS), String(reads)];
  // The shell enters the group and becomes the process.
  const script = cgroup ? `echo $$ > ${cgroup}/cgroup.procs && exec "$@"` : 'exec "$@"';
  return JSON.parse(execFileSync("sh", ["-c", script, "sh", process.execPath, ...node], { encoding: "utf8" }));
}

const results: (Result & { name: string })[] = [];

function report(name: string, result: Result): void {
  const { grown, resident, timing } = result;
  results.push({ name, grown, resident, timing });
  line(
    `${name}: ${megabytes(grown)} private, ${megabytes(resident)} resident; a read p50 ${timing.p50.toFixed(1)} µs, p99 ${timing.p99.toFixed(1)} µs`,
  );
}

const control = run("control", READS);
const free = run(directory, READS);
report("control", control);
report("cache", free);
line(`difference: ${megabytes(free.grown - control.grown)} private`);

const limitBytes = run("control", 0).resident + SPARE_BYTES;
const cgroup = `/sys/fs/cgroup/embed-once-${process.pid}`;
let isLimited = true;
try {
  mkdirSync(cgroup);
  writeFileSync(join(cgroup, "memory.max"), String(limitBytes));
} catch (error) {
  line(`no cgroup can be made here: ${(error as Error).message}`);
  isLimited = false;
}
if (isLimited) {
  try {
    report(`cache in a cgroup of ${megabytes(limitBytes)}`, run(directory, READS / 10, cgroup));
  } finally {
    await removeGroup(cgroup);
  }
}
writeReport(options.json, { vectors: VECTORS, dimensions: DIMENSIONS, seconds, results });

/** A process that held gigabytes of map is in its group for a moment after it has ended. */
async function removeGroup(path: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    try {
      return rmdirSync(path);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  line(`${path} could not be removed`);
}
