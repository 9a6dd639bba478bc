import { expect, test } from "vitest";
import { characters, foldName, tokenize } from "../src/lexical.ts";

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
  expect(tokenize("체크섬을 العربية")).toEqual(["체크섬을", "العربية"]);
});

test("takes pairs of neighbouring characters where no space parts the words, whatever stands beside them", () => {
  expect(tokenize("计算校验和。返")).toEqual(["计算", "算校", "校验", "验和", "返"]);
  expect(tokenize("データを")).toEqual(["デー", "ータ", "タを"]);
  expect(tokenize("ไฟล์")).toEqual(["ไฟ", "ฟล์"]);
  expect(tokenize("使用parseHTTP解析2")).toEqual(["使用", "parse", "http", "parsehttp", "解析", "2"]);
});

test("gives each character of such scripts by itself", () => {
  expect(characters("校验 ab ไฟล์ й")).toEqual(["校", "验", "ไ", "ฟ", "ล์"]);
});

test("takes a name in each convention and script for one", () => {
  expect(["readRecord", "read_record", "ReadRecord", "READ_RECORD"].map(foldName)).toEqual(
    new Array(4).fill("readrecord"),
  );
  expect(foldName("计算校验和")).toBe("计算校验和");
  expect(foldName("$")).toBe("$");
});

test("folds accents, however they are written", () => {
  expect(tokenize("Größe cafe\u0301 Café")).toEqual(["große", "cafe", "cafe"]);
});
