import fc from "fast-check";
import { afterAll, describe, test } from "vitest";
import { Interleavings, plans } from "./interleavings.ts";

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
  });
});
