import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../../src/statistics/latency-histogram.ts";
import { Sampler } from "../../src/statistics/sampling.ts";

/** Nanoseconds over all octaves alike, up to four seconds. */
const durationNs = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.double({ min: 1, max: 2, noNaN: true, maxExcluded: true }))
  .map(([octave, factor]) => Math.floor(2 ** octave * factor));

describe("the latency histogram", () => {
  test("gives percentiles that are at most 1/64 off the exact ones", () => {
    fc.assert(
      fc.property(fc.array(durationNs, { minLength: 1, maxLength: 300 }), (durations) => {
        const histogram = new LatencyHistogram();
        for (const ns of durations) histogram.record(ns / 1e6);
        const sorted = durations.toSorted((a, b) => a - b);
        for (const share of [0, 0.5, 0.95, 0.99, 1]) {
          const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
          // Milliseconds as a double may be a nanosecond off.
          expect(Math.abs(histogram.percentileNs(share)! - exact)).toBeLessThanOrEqual(1 + exact / 64);
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  test("counts exactly what took less than each power of two, and sums up", () => {
    const histogram = new LatencyHistogram();
    for (const us of [0.1, 0.3, 0.6, 1.5, 1.6, 100, 90_000]) histogram.record(us / 1e3);
    const { timed, sumUs, below } = histogram.summary();
    expect(timed).toBe(7);
    expect(sumUs).toBeCloseTo(90_104.1, 6);
    expect(below[0]).toEqual({ us: 0.256, timed: 1 });
    expect(below.find(({ us }) => us === 0.512)!.timed).toBe(2);
    expect(below.find(({ us }) => us === 1.024)!.timed).toBe(3);
    expect(below.find(({ us }) => us === 2.048)!.timed).toBe(5);
    // Longer than all of them.
    expect(below.at(-1)).toEqual({ us: 67_108.864, timed: 6 });
  });

  test("says nothing before anything was recorded, and takes what is longer than it can tell for the longest", () => {
    const histogram = new LatencyHistogram();
    expect(histogram.summary()).toMatchObject({ timed: 0, p50Us: null, p95Us: null, p99Us: null });
    histogram.record(60_000);
    expect(histogram.summary().p50Us).toBeGreaterThan(4_200_000);
  });
});

describe("the sampler", () => {
  test("chooses about one in 16, and no period escapes it", () => {
    const sampler = new Sampler();
    const chosen: number[] = [];
    for (let i = 0; i < 160_000; i++) if (sampler.isChosen()) chosen.push(i);
    expect(chosen.length).toBeGreaterThan(160_000 / 18);
    expect(chosen.length).toBeLessThan(160_000 / 15);
    for (const period of [2, 16, 100]) {
      const ofFirst = chosen.filter((i) => i % period === 0).length;
      expect(Math.abs(ofFirst - chosen.length / period)).toBeLessThan((0.25 * chosen.length) / period);
    }
  });
});
