import { expect, test } from "vitest";
import { questionTokens, tokenize } from "../src/lexical.ts";

test("splits identifiers of every convention into their words and keeps the whole one", () => {
  expect(tokenize("parseHTTPHeader")).toEqual(["parse", "http", "header", "parsehttpheader"]);
  expect(tokenize("MAX_FILE_BYTES")).toEqual(["max", "file", "bytes", "maxfilebytes"]);
  expect(tokenize("sha256-sum")).toEqual(["sha", "256", "sha256", "sum"]);
  expect(tokenize("readRecord")).toContain("readrecord");
  expect(tokenize("read_record")).toContain("readrecord");
});

test("drops what says nothing: single letters, separators, encoded data", () => {
  expect(tokenize("a = b + _ ? $ : i")).toEqual([]);
  expect(tokenize("x".repeat(65))).toEqual([]);
});

test("reads other scripts and folds their case", () => {
  expect(tokenize("Größe ПривётМир 検索")).toEqual(["größe", "привёт", "мир", "привётмир", "検索"]);
  expect(tokenize("cafe\u0301")).toEqual(tokenize("café"));
});

test("keeps of a question what it is about, each word once", () => {
  expect(questionTokens("How is a corrupt record detected?")).toEqual(["corrupt", "record", "detected"]);
  expect(questionTokens("Where do we read the read_record?")).toEqual(["read", "record", "readrecord"]);
});

test("keeps all words of a question that has no telling ones", () => {
  expect(questionTokens("what is this")).toEqual(["what", "is", "this"]);
});
