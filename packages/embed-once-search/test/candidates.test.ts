import fc from "fast-check";
import { expect, test } from "vitest";
import { Candidates } from "../src/candidates.ts";

test("the candidates kept are those with the greatest bounds, in their order", () => {
  // Few different values, so that many are equal.
  const bounds = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(Number.NaN)), { maxLength: 200 });
  fc.assert(
    fc.property(bounds, fc.nat(60), (offered, most) => {
      const candidates = new Candidates(most);
      for (const [row, bound] of offered.entries()) candidates.offer(row, bound);
      const kept = candidates.sorted();
      const expected = offered.filter((bound) => !Number.isNaN(bound)).sort((a, b) => b - a);
      expect(kept.map(({ highest }) => highest)).toEqual(expected.slice(0, most));
      for (const { row, highest } of kept) expect(offered[row]).toBe(highest);
      expect(new Set(kept.map(({ row }) => row)).size).toBe(kept.length);
    }),
    { seed: 20_261 },
  );
});
