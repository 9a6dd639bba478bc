import fc from "fast-check";
import { expect, test } from "vitest";
import { fuse, type Ranking } from "../src/fusion.ts";

const ranking = (scores: Record<string, number>, weight = 1): Ranking<string> => ({
  scores: new Map(Object.entries(scores)),
  weight,
});

test("adds up what each ranking says, beside the best of its kind", () => {
  const fused = fuse([ranking({ a: 0.8, b: 0.4 }), ranking({ b: 0.2, c: 0.1 })]);
  const strength = (0.8 + 0.2) / 2;
  expect(fused.get("a")).toBeCloseTo(strength * (1 / 2), 12);
  expect(fused.get("b")).toBeCloseTo(strength * (1 / 4 + 1 / 2), 12);
  expect(fused.get("c")).toBeCloseTo(strength * (1 / 4), 12);
});

test("gives the best score itself to what is best in every ranking", () => {
  expect(fuse([ranking({ a: 0.6, b: 0.1 })]).get("a")).toBeCloseTo(0.6, 12);
  expect(fuse([ranking({ a: 0.6 }, 2), ranking({ a: 0.3 }, 1)]).get("a")).toBeCloseTo(0.5, 12);
});

test("lets a ranking with more weight decide", () => {
  const [left, right] = [
    { a: 1, b: 0.5 },
    { b: 1, a: 0.4 },
  ];
  const best = (weight: number): string =>
    [...fuse([ranking(left, weight), ranking(right)])].toSorted((x, y) => y[1] - x[1])[0]![0];
  expect([best(4), best(0.25)]).toEqual(["a", "b"]);
});

test("goes by the other rankings where one has no candidates or no weight", () => {
  const alone = fuse([ranking({ a: 0.6, b: 0.3 })]);
  expect(fuse([ranking({}), ranking({ a: 0.6, b: 0.3 })])).toEqual(alone);
  expect(fuse([ranking({ c: 1 }, 0), ranking({ a: 0.6, b: 0.3 })])).toEqual(alone);
});

test("gives nothing for no rankings and for empty ones", () => {
  expect(fuse([]).size).toBe(0);
  expect(fuse([ranking({}), ranking({})]).size).toBe(0);
});

test("stays within 0 and the highest score, and does not depend on the order of rankings", () => {
  const scores = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.double({ min: 0, max: 1, noNaN: true }));
  const weights = fc.double({ min: 0.01, max: 10, noNaN: true });
  fc.assert(
    fc.property(scores, scores, weights, (left, right, weight) => {
      const highest = Math.max(0, ...Object.values(left), ...Object.values(right));
      const fused = fuse([ranking(left, weight), ranking(right)]);
      const reversed = fuse([ranking(right), ranking(left, weight)]);
      for (const [candidate, score] of fused) {
        expect(score >= 0 && score <= highest * (1 + 1e-12)).toBe(true);
        expect(reversed.get(candidate)).toBeCloseTo(score, 12);
      }
    }),
    { seed: 6 },
  );
});
