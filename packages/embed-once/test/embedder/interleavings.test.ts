import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { plans } from "./interleaving-plans.ts";
import { Interleavings } from "./interleavings.ts";

const interleavings = new Interleavings();
afterAll(() => interleavings.close());

describe("calls, aborts, faults and reopenings in any order, from two wrappers on one directory", () => {
  test("pay each text once, answer with the right bits or say what failed, and count truly", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(plans, (plan) => interleavings.run(plan)),
      { seed: 20_261_124, numRuns: 60 },
    );
    // Of everything something happened, or the seed is no good.
    for (const [what, times] of Object.entries(interleavings.happened)) expect(times, what).toBeGreaterThan(0);
  });
});
