import { expect, test } from "vitest";
import { tokenize } from "../src/lexical.ts";

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
  expect(tokenize("ПриветМир 検索 हिन्दी")).toEqual(["привет", "мир", "приветмир", "検索", "हिन्दी"]);
});

test("folds accents, however they are written", () => {
  expect(tokenize("Größe cafe\u0301 Café")).toEqual(["große", "cafe", "cafe"]);
});
