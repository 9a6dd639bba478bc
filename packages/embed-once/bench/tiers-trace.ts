/** Hit ratios on a trace: Zipf 0.9 over 100,000 keys, and 15,000 keys that are asked once after every 50,000 requests. */
import type { ContentKey } from "../src/core/content-key.ts";
import { benchKey, randomNumbers } from "./tiers-data.ts";

const KEYS = 100_000;
const SCAN_EVERY = 50_000;
const SCAN_KEYS = 15_000;
const EXPONENT = 0.9;

export function zipfTrace(requests: number): Int32Array {
  const cumulative = new Float64Array(KEYS);
  let sum = 0;
  for (let i = 0; i < KEYS; i++) {
    sum += 1 / (i + 1) ** EXPONENT;
    cumulative[i] = sum;
  }
  const random = randomNumbers(11);
  const trace: number[] = [];
  let once = KEYS;
  for (let i = 0; i < requests; i++) {
    const wanted = (random(2 ** 31) / 2 ** 31) * sum;
    let low = 0;
    for (let high = KEYS - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    trace.push(low);
    if (i % SCAN_EVERY === SCAN_EVERY - 1) for (let k = 0; k < SCAN_KEYS; k++) trace.push(once++);
  }
  return Int32Array.from(trace);
}

/** L1 or L2. */
interface MemoryTier<Value> {
  get(key: ContentKey): unknown;
  put(key: ContentKey, value: Value): void;
}

/** Share of the requests that a tier answers; what is missed is put in. */
export function tierRatio<Value>(trace: Int32Array, tier: MemoryTier<Value>, value: Value): number {
  const keys = new Map<number, Buffer>();
  let hits = 0;
  for (const id of trace) {
    let key = keys.get(id);
    if (!key) {
      key = benchKey(id);
      keys.set(id, key);
    }
    if (tier.get(key)) hits++;
    else tier.put(key, value);
  }
  return hits / trace.length;
}

export function lruRatio(trace: Int32Array, entries: number): number {
  const held = new Set<number>();
  let hits = 0;
  for (const id of trace) {
    if (held.delete(id)) hits++;
    else if (held.size >= entries) held.delete(held.values().next().value!);
    held.add(id);
  }
  return hits / trace.length;
}

/** Belady's optimum: what is needed again last goes first. */
export function optimalRatio(trace: Int32Array, entries: number): number {
  const next = new Int32Array(trace.length);
  const seen = new Map<number, number>();
  for (let i = trace.length - 1; i >= 0; i--) {
    next[i] = seen.get(trace[i]!) ?? trace.length;
    seen.set(trace[i]!, i);
  }
  const held = new Map<number, number>();
  let hits = 0;
  for (let i = 0; i < trace.length; i++) {
    const id = trace[i]!;
    if (held.has(id)) hits++;
    else if (held.size >= entries) {
      let last = -1;
      let victim = -1;
      for (const [key, at] of held) if (at > last) [victim, last] = [key, at];
      if (last <= next[i]!) continue;
      held.delete(victim);
    }
    held.set(id, next[i]!);
  }
  return hits / trace.length;
}
