import type { LatencySummary } from "./statistics.ts";

/** Each octave of nanoseconds is cut into so many equal parts. */
const STEPS_BITS = 5;
const STEPS: number = 1 << STEPS_BITS;
/** Durations are whole numbers of nanoseconds, 32 bits: up to 4.3 seconds, and what is longer counts as that. */
const MAX_NS = 0xffff_ffff;
const BUCKETS: number = (32 - STEPS_BITS + 1) * STEPS;

/** Octaves that `summary` tells: below 256 nanoseconds to below 67 milliseconds. */
const FIRST_OCTAVE = 8;
const LAST_OCTAVE = 26;

/**
 * Durations in log-linear buckets: exact up to 63 nanoseconds, from there 32 buckets an octave. A bucket is told by its
 * middle, so a percentile is off by at most 1/64 of its value. Recording allocates nothing.
 */
export class LatencyHistogram {
  readonly #counts: Float64Array = new Float64Array(BUCKETS);
  #recorded = 0;
  #sumMs = 0;

  record(durationMs: number): void {
    this.#recorded++;
    this.#sumMs += durationMs;
    this.#counts[bucketOf(Math.min(MAX_NS, Math.floor(durationMs * 1e6)))]!++;
  }

  /** @param share 0 to 1; the least duration that so large a share of all does not exceed, in nanoseconds */
  percentileNs(share: number): number | null {
    if (this.#recorded === 0) return null;
    let missing = Math.max(1, Math.ceil(share * this.#recorded));
    let bucket = 0;
    for (; bucket < BUCKETS - 1; bucket++) {
      missing -= this.#counts[bucket]!;
      if (missing <= 0) break;
    }
    return middleNs(bucket);
  }

  summary(): LatencySummary {
    const percentileUs = (share: number) => {
      const ns = this.percentileNs(share);
      return ns === null ? null : ns / 1e3;
    };
    const below: LatencySummary["below"] = [];
    let timed = 0;
    let bucket = 0;
    for (let octave = FIRST_OCTAVE; octave <= LAST_OCTAVE; octave++) {
      for (const end = bucketOf(2 ** octave); bucket < end; bucket++) timed += this.#counts[bucket]!;
      below.push({ us: 2 ** octave / 1e3, timed });
    }
    return {
      timed: this.#recorded,
      sumUs: this.#sumMs * 1e3,
      p50Us: percentileUs(0.5),
      p95Us: percentileUs(0.95),
      p99Us: percentileUs(0.99),
      below,
    };
  }
}

/** @param ns a whole number, 0 to 2³² − 1 */
function bucketOf(ns: number): number {
  const octave = 31 - Math.clz32(ns);
  if (octave < STEPS_BITS) return ns;
  return (octave - STEPS_BITS + 1) * STEPS + ((ns >>> (octave - STEPS_BITS)) & (STEPS - 1));
}

function middleNs(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const stepNs = 2 ** (Math.floor(bucket / STEPS) - 1);
  return (STEPS + (bucket % STEPS) + 0.5) * stepNs;
}
