/** What the tier benchmarks have in common: vectors, keys, timing and memory. */
import { hash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeVector } from "../src/testing/vector-forms.ts";

const BASE_VECTORS = 500;
const bases = new Map<number, number[][]>();

/** Numbers of the n-th text: one of 500 OpenAI-like vectors. No tier looks from one entry into another. */
export function benchVector(n: number, dimensions: number): number[] {
  let base = bases.get(dimensions);
  if (!base) {
    base = Array.from({ length: BASE_VECTORS }, (_, i) => makeVector(`${i}`, "bench", dimensions, "scaled-float16"));
    bases.set(dimensions, base);
  }
  return base[n % BASE_VECTORS]!;
}

export function benchKey(n: number): Buffer {
  return hash("sha256", `text ${n}`, "buffer");
}

/** Numbers from 0 to `limit`, the same in every run (Marsaglia's xorshift). */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

export interface Timing {
  /** Microseconds. */
  p50: number;
  p99: number;
}

const CALLS_AT_ONCE = 10;

/** Microseconds a call; each sample is the mean of ten calls, as the clock costs as much as one. */
export function timed(calls: number, call: (i: number) => unknown): Timing {
  let sink: unknown;
  const samples: number[] = [];
  for (let i = 0; i < calls; i += CALLS_AT_ONCE) {
    const startedMs = performance.now();
    for (let k = 0; k < CALLS_AT_ONCE; k++) sink = call(i + k);
    samples.push(((performance.now() - startedMs) * 1_000) / CALLS_AT_ONCE);
  }
  if (sink === null) throw new Error("a call gave nothing");
  samples.sort((a, b) => a - b);
  return { p50: samples[samples.length >> 1]!, p99: samples[Math.floor(samples.length * 0.99)]! };
}

/**
 * For processes whose memory is compared: the engine grows its young generation in steps of tens of megabytes, in one run
 * earlier than in the other, and that would be all that is seen. So it has one size in both.
 */
export const MEMORY_FLAGS: readonly string[] = ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];

/**
 * Collects garbage until there is none. After a collection of the last resort the engine keeps no emptied pages for
 * later, of which it has tens of megabytes or few as the collections happened to fall.
 */
export async function settle(flavor: "regular" | "last-resort"): Promise<void> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc!({ type: "major", execution: "sync", flavor });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Anonymous memory of this process in bytes: what it has for itself, mapped files left out. */
export function anonymousBytes(): number {
  const kilobytes = /^Anonymous:\s+(\d+) kB/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))![1];
  return Number(kilobytes) * 1_024;
}

export function residentBytes(): number {
  return process.memoryUsage.rss();
}

export function directoryBytes(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

export function line(text: string): void {
  process.stdout.write(`${text}\n`);
}
