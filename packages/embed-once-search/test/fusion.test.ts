import { expect, test } from "vitest";
import { fuse } from "../src/fusion.ts";

const ranking = (...candidates: string[]): { candidate: string; score: number }[] =>
  candidates.map((candidate, index) => ({ candidate, score: 100 - index }));

test("gives 1 to the first of every ranking and a half to the first of one of two", () => {
  const fused = fuse([ranking("a", "b"), ranking("a", "c")]);
  expect(fused.get("a")).toBe(1);
  expect(fuse([ranking("a"), ranking("b")])).toEqual(
    new Map([
      ["a", 0.5],
      ["b", 0.5],
    ]),
  );
});

test("follows the formula of the paper: 1 / (60 + rank), here over what a first rank gives", () => {
  const fused = fuse([ranking("a", "b", "c"), ranking("c", "a", "b")]);
  for (const [candidate, ranks] of [
    ["a", [1, 2]],
    ["b", [2, 3]],
    ["c", [3, 1]],
  ] as const) {
    const paper = ranks.reduce((sum, rank) => sum + 1 / (60 + rank), 0);
    expect(fused.get(candidate)).toBeCloseTo(paper / (2 / 61), 12);
  }
});

test("prefers what both rankings know to what only one puts high", () => {
  const fused = fuse([ranking("lexical", "both"), ranking("semantic", "x", "y", "both")]);
  expect([...fused].toSorted((a, b) => b[1] - a[1])[0]![0]).toBe("both");
});

test("lets equal scores share a place, in whatever order they come", () => {
  const entries = [
    { candidate: "b", score: 5 },
    { candidate: "a", score: 5 },
    { candidate: "c", score: 4 },
  ];
  const fused = fuse([entries]);
  expect(fused.get("a")).toBe(fused.get("b"));
  expect(fused.get("c")).toBe(61 / 63);
  expect(fuse([entries.toReversed()]).get("c")).toBe(61 / 63);
});

test("gives nothing for no rankings and for empty ones", () => {
  expect(fuse([]).size).toBe(0);
  expect(fuse([[], []]).size).toBe(0);
});
