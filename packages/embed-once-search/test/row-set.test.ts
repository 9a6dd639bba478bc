import fc from "fast-check";
import { expect, test } from "vitest";
import { RowSet } from "../src/row-set.ts";

test("a row set holds what a Set holds", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3000)), (rows) => {
      const [set, model] = [new RowSet(rows), new Set(rows)];
      expect(set.size).toBe(model.size);
      for (let row = 0; row < 3100; row++) expect(set.has(row)).toBe(model.has(row));
      for (let first = 0; first < 4096; first += 256) {
        expect(set.hasAnyOf(first, first + 256)).toBe(rows.some((row) => row >= first && row < first + 256));
      }
    }),
    { seed: 20_261, numRuns: 50 },
  );
});

test("a row that is no row number is refused", () => {
  for (const row of [-1, 0.5, Number.NaN, 2 ** 32]) {
    expect(() => new RowSet([row])).toThrow(`A row is a whole number from 0 to 4294967295, got ${row}`);
  }
});
