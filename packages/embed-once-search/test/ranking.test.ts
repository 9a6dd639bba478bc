import fc from "fast-check";
import { expect, test } from "vitest";
import { isListing } from "../src/listing.ts";
import { readQuestion } from "../src/question.ts";
import { type Candidate, rank } from "../src/ranking.ts";

const candidate = (path: string, score: number, startLine = 1, more: Partial<Candidate> = {}): Candidate => ({
  path,
  startLine,
  score,
  definitions: [],
  isListing: false,
  ...more,
});
const order = (candidates: Candidate[], question = "how does it work"): string[] =>
  rank(candidates, readQuestion(question)).map(({ path, startLine }) => `${path}:${startLine}`);

test("puts the best score first and orders equal ones by path and line", () => {
  const candidates = [candidate("b.ts", 0.5), candidate("a.ts", 0.5, 9), candidate("c.ts", 0.9)];
  expect(order(candidates)).toEqual(["c.ts:1", "a.ts:9", "b.ts:1"]);
});

test.each([
  ["test/a.ts"],
  ["src/a.test.ts"],
  ["pkg/a_test.go"],
  ["tests/test_a.py"],
  ["README.md"],
  ["docs/guide.html"],
  ["CHANGELOG"],
  ["package.json"],
  [".github/workflows/test.yml"],
])("puts %s a little behind the source that it speaks of", (path) => {
  expect(order([candidate(path, 0.9), candidate("src/z.ts", 0.85)])).toEqual(["src/z.ts:1", `${path}:1`]);
  expect(order([candidate(path, 0.9), candidate("src/z.ts", 0.5)])).toEqual([`${path}:1`, "src/z.ts:1"]);
});

test.each([["src/latest.ts"], ["src/contest/a.ts"], ["src/attest.go"], ["lib/inspector.ts"], ["src/docker.ts"]])(
  "takes %s for the source that it is",
  (path) => {
    const scoreOf = (place: string) => rank([candidate(place, 0.9)], readQuestion("a question"))[0]!.score;
    expect(scoreOf(path)).toBe(scoreOf("src/z.ts"));
  },
);

test("leaves tests and prose where they are when the question asks for them", () => {
  const candidates = [candidate("test/a.test.ts", 0.9), candidate("src/z.ts", 0.85)];
  expect(order(candidates, "tests of the parser")[0]).toBe("test/a.test.ts:1");
  expect(order([candidate("README.md", 0.9), candidate("src/z.ts", 0.85)], "what the readme says")[0]).toBe(
    "README.md:1",
  );
});

test("gives way to other files after a file's first chunk", () => {
  const candidates = [
    candidate("a.ts", 0.9, 1),
    candidate("a.ts", 0.89, 50),
    candidate("a.ts", 0.88, 99),
    candidate("b.ts", 0.85),
  ];
  expect(order(candidates)).toEqual(["a.ts:1", "b.ts:1", "a.ts:50", "a.ts:99"]);
});

test("puts the definition of a name first where the question is that name, however often others use it", () => {
  const defines = { definitions: ["readRecord"] };
  const candidates = [candidate("use.ts", 1), candidate("test/record.ts", 0.1, 1, defines), candidate("b.ts", 0.6)];
  for (const question of ["readRecord", "read_record", "Store.readRecord", "readRecord()", "`readRecord`"]) {
    expect(order(candidates, question), question).toEqual(["test/record.ts:1", "use.ts:1", "b.ts:1"]);
  }
});

test("prefers what defines the words of a question to what only uses them, more so the more of them it defines", () => {
  const candidates = [
    candidate("use.ts", 0.6),
    candidate("one.ts", 0.55, 1, { definitions: ["record"] }),
    candidate("two.ts", 0.5, 1, { definitions: ["read_record", "other"] }),
  ];
  expect(order(candidates, "how do we read a record")).toEqual(["two.ts:1", "one.ts:1", "use.ts:1"]);
  expect(order(candidates, "how does it fail")).toEqual(["use.ts:1", "one.ts:1", "two.ts:1"]);
});

test("keeps scores within 0 and 1, and never turns two alike places round", () => {
  const scores = fc.array(
    fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(scores, fc.constantFrom("name", "some words", "tests of someName"), (values, question) => {
      const candidates = values.map((score, index) => candidate(`${index}.ts`, score));
      const ranked = rank(candidates, readQuestion(question));
      expect(ranked.every(({ score }) => score >= 0 && score <= 1)).toBe(true);
      const original = ranked.map(({ path }) => values[Number.parseInt(path, 10)]!);
      expect(original).toEqual(original.toSorted((a, b) => b - a));
    }),
    { seed: 6 },
  );
});

test("puts lists of imports behind what they import", () => {
  expect(order([candidate("index.ts", 0.9, 1, { isListing: true }), candidate("z.ts", 0.8)])).toEqual([
    "z.ts:1",
    "index.ts:1",
  ]);
});

test.each([
  ['import a from "a";\nimport {\n  b,\n  c,\n} from "b";\n\nexport * from "c";\n'],
  ["import os\nfrom a.b import (\n    c,\n    d,\n)\nfrom e import f\n"],
  ['package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n'],
  ["use std::io;\nuse a::{b, c};\npub mod d;\n"],
  ['#include <stdio.h>\n#include "a.h"\n'],
])("knows a list of imports: %j", (text) => {
  expect(isListing(text)).toBe(true);
});

test.each([
  ['import a from "a";\n\nexport function work() {\n  return a.from("here");\n}\n'],
  ["export const a = 1;\nexport const b = 2;\n"],
  ["import os\n\ndef work():\n    return os.getcwd()\n"],
  ["The import of goods from abroad.\n"],
])("does not take code or prose for one: %j", (text) => {
  expect(isListing(text)).toBe(false);
});
