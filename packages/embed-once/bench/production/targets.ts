import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MEMORY_FLAGS } from "../tiers-data.ts";
import type { Audit } from "./audit.ts";
import { HOT, HOT_READS_A_SCAN, type HotSet, SCANNED } from "./hot-set.ts";
import type { StormOutcome } from "./storm.ts";

export interface Target {
  target: string;
  measured: string;
  isMet: boolean;
}

export interface TargetsOptions {
  cacheDirectory: string;
  /** The writer's vectors in it. */
  vectors: number;
  /** Events in the plan. */
  planned: number;
  /** Where files may be written. */
  scratch: string;
  onProgress: (line: string) => void;
}

const MEMORY_READS = 200_000;
const MAX_GROWTH_BYTES = 12e6;
const MIN_HIT_RATE = 0.95;
const MAX_P50_US = 26;
const MIN_COMPRESSION = 0.55;
const MIN_LESS_THAN_MAP = 0.99;

/** Measures what can be measured once all is quiet, on the cache that the storm left, and judges all of it. */
export function measureTargets(outcome: StormOutcome, options: TargetsOptions): Target[] {
  const { cacheDirectory, vectors, planned, scratch, onProgress } = options;
  const { told, ledger } = outcome;
  onProgress("reading all that was acknowledged");
  const textsFile = join(scratch, "acknowledged.json");
  writeFileSync(textsFile, JSON.stringify(ledger.acknowledgedTexts.filter((text) => !text.includes("small disk"))));
  const audit = run<Audit>("production/audit.ts", [cacheDirectory, textsFile, String(told.written), outcome.baseURL]);
  onProgress("hot vectors and a scan");
  const hot = run<HotSet>("production/hot-set.ts", [cacheDirectory]);
  onProgress("memory");
  const memory = (of: string) =>
    run<{ grown: number; withEmptyPages: number; resident: number }>(
      "tiers-memory.ts",
      [of, String(vectors), String(MEMORY_READS)],
      MEMORY_FLAGS,
    );
  const [cache, control] = [memory(cacheDirectory), memory("control")];
  const growth = cache.grown - control.grown;
  const map = run<{ bytes: number }>(
    "production/map-memory.ts",
    [String(vectors)],
    ["--expose-gc", "--max-old-space-size=8192"],
  );

  const hitRate = hot.inMemory / hot.reads;
  const { L1, L2, L3 } = hot.latency;
  const p50s = [L1.p50Us, L2.p50Us, L3.p50Us];
  const compression = 1 - audit.stored.recordBytes / audit.stored.float32Bytes;
  const lessThanMap = 1 - growth / map.bytes;
  const wrong = [...told.wrong, ...audit.wrong];
  const lost = [...told.lost, ...audit.lost];
  const payments = ledger.verdict();
  return [
    {
      target: "private memory growth through the cache <= 12 MB",
      measured: `${megabytes(growth)} after ${MEMORY_READS} reads (with it ${megabytes(cache.grown)}, control ${megabytes(control.grown)}; with the engine's emptied pages ${megabytes(cache.withEmptyPages)} and ${megabytes(control.withEmptyPages)}; resident, the mapped file included, ${megabytes(cache.resident)} and ${megabytes(control.resident)})`,
      isMet: growth <= MAX_GROWTH_BYTES,
    },
    {
      target: "L1 + L2 hit rate on hot data > 95 %",
      measured: `${percent(hitRate)} of ${hot.reads} reads of ${HOT} hot vectors, the first ones too; ${HOT_READS_A_SCAN} to each of ${SCANNED} scanned`,
      isMet: hitRate > MIN_HIT_RATE && hot.wrong === 0,
    },
    {
      target: "access p50 <= 26 µs at every tier",
      measured: `L1 ${microseconds(L1.p50Us)}, L2 ${microseconds(L2.p50Us)}, L3 ${microseconds(L3.p50Us)}; p99 ${microseconds(L1.p99Us)}, ${microseconds(L2.p99Us)}, ${microseconds(L3.p99Us)}`,
      isMet: p50s.every((p50) => p50 !== null && p50 <= MAX_P50_US),
    },
    {
      target: "compression >= 55 % of float32, OpenAI-like vectors",
      measured: `${percent(compression)} less: ${(audit.stored.recordBytes / audit.stored.vectors).toFixed(0)} bytes a vector, ${audit.stored.vectors} vectors`,
      isMet: compression >= MIN_COMPRESSION,
    },
    {
      target: "0 wrong bits",
      measured: `${wrong.length} of ${told.compared + audit.read} vectors compared${some(wrong)}; ${audit.damaged} damaged on disk`,
      isMet: wrong.length === 0 && audit.damaged === 0,
    },
    {
      target: "0 acknowledged vectors lost",
      measured: `${lost.length} of ${audit.read} read in the end${some(lost)}`,
      isMet: lost.length === 0 && told.written === vectors,
    },
    {
      target: "0 texts paid twice beyond one batch a kill",
      measured: `${payments.beyond} of ${payments.paid} paid, ${payments.paidTwice} twice in all, ${ledger.kills} kills${some(payments.examples)}`,
      isMet: payments.beyond === 0,
    },
    {
      target: `memory against number[] in a Map >= 99 % less at ${vectors} vectors`,
      measured: `${(100 * lessThanMap).toFixed(2)} % less: ${megabytes(growth)} against ${megabytes(map.bytes)}`,
      isMet: lessThanMap >= MIN_LESS_THAN_MAP,
    },
    {
      target: "a full disk: right answers, told once, nothing lost, stores again",
      measured: told.disk.join(", ") || "it did not fill",
      isMet: told.disk.join() === "full,recovered",
    },
    {
      target: "everything planned happened, nothing else failed",
      measured: `${outcome.carriedOut} of ${planned} events; ${told.embedded} calls of embedders, ${told.searched} searches, ${told.called} MCP calls; ${told.refused} calls failed with the provider; ${told.failed.length} other failures${some(told.failed)}`,
      isMet:
        outcome.carriedOut === planned &&
        told.failed.length === 0 &&
        Math.min(told.embedded, told.searched, told.called) > 0,
    },
  ];
}

export function tableOf(targets: readonly Target[]): string[] {
  const width = Math.max(...targets.map(({ target }) => target.length));
  return targets.map(
    ({ target, measured, isMet }) => `${isMet ? "met    " : "NOT MET"}  ${target.padEnd(width)}  ${measured}`,
  );
}

/** Runs a script beside this folder in a process of its own; what it prints. */
function run<Result>(script: string, args: readonly string[], flags: readonly string[] = []): Result {
  const path = join(import.meta.dirname, "..", script);
  const output = execFileSync(process.execPath, [...flags, path, ...args], { encoding: "utf8", maxBuffer: 1e9 });
  return JSON.parse(output) as Result;
}

function some(what: readonly string[]): string {
  return what.length === 0 ? "" : ` (${what.slice(0, 3).join("; ")})`;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const microseconds = (us: number | null) => (us === null ? "not timed" : `${us.toFixed(1)} µs`);
