import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { LocalEmbedder } from "../../src/provider/local.ts";
import { splitWords, stem } from "../../src/provider/words.ts";

async function vectorsOf(texts: string[], dimensions?: number): Promise<number[][]> {
  return (await new LocalEmbedder({ dimensions }).createEmbeddings(texts)).embeddings;
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

describe("LocalEmbedder", () => {
  test("gives the bits of hashed-features-v1, on every machine and under every version of Node.js", async () => {
    const texts = [
      "export async function fetchUserById(id: number): Promise<User> { return httpClient.getJSON(id); }",
      "Größe ПРИВЕТ ΟΔΟΣ naïve 日本語 😀 \ud800 \u{1c89}",
      "",
    ];
    const digest = createHash("sha256");
    for (const vector of await vectorsOf(texts)) digest.update(Float64Array.from(vector));
    // If this changes, so must the model's name: caches hold vectors under it.
    expect(digest.digest("hex")).toBe("be298218550a5bbe9a87a2540e01974993290434021c6d9c0514fd57613059de");
  });

  test("gives exact float32 values of unit length, without −0", async () => {
    for (const vector of await vectorsOf(["a text of words", "", "}{", "x", "the", "w ".repeat(50_000)])) {
      expect(vector.every((value) => value === Math.fround(value) && !Object.is(value, -0))).toBe(true);
      expect(Math.sqrt(dot(vector, vector))).toBeCloseTo(1, 6);
    }
  });

  test("puts the text that shares words first, whatever their grammar and case", async () => {
    const [query, ...documents] = await vectorsOf([
      "how are uploaded images resized",
      "const MAX_WIDTH = 640; class ImageUploader {} function resizeImage(upload, width) {}",
      "const server = createServer(); server.listen(port, () => console.log(port));",
      "export interface ThemeColors { background: string; foreground: string }",
    ]);
    const scores = documents.map((document) => dot(query!, document));
    expect(scores[0]).toBeGreaterThan(0.2);
    expect(scores[0]).toBeGreaterThan(2 * Math.max(scores[1]!, scores[2]!));
  });

  test("does not take words of grammar for a subject in common", async () => {
    const [query, same, other] = await vectorsOf([
      "where is the cache of the vectors",
      "vectorCache",
      "where is the name of the user and what is it for",
    ]);
    expect(dot(query!, same!)).toBeGreaterThan(dot(query!, other!));
  });

  test.each([64, 100, 512, 4096])("makes vectors of %d values when asked, by option or by call", async (dimensions) => {
    const [byOption] = await vectorsOf(["some text"], dimensions);
    const byCall = await new LocalEmbedder().createEmbeddings(["some text"], undefined, { dimensions });
    expect(byOption).toHaveLength(dimensions);
    expect(byCall.embeddings).toEqual([byOption]);
  });

  test.each([0, 63, 4097, 100.5, Number.NaN, -512])(
    "refuses %d dimensions with a RangeError that says the range",
    async (dimensions) => {
      expect(() => new LocalEmbedder({ dimensions })).toThrow(RangeError);
      expect(() => new LocalEmbedder({ dimensions })).toThrow(/64 to 4096/);
      await expect(new LocalEmbedder().createEmbeddings(["x"], undefined, { dimensions })).rejects.toThrow(RangeError);
    },
  );

  test("refuses an unknown model with the one it has", async () => {
    expect(() => new LocalEmbedder({ model: "text-embedding-3-small" })).toThrow(
      /"text-embedding-3-small".*"hashed-features-v1"/,
    );
    await expect(new LocalEmbedder().createEmbeddings(["x"], "other")).rejects.toThrow(/"other".*"hashed-features-v1"/);
  });

  test("is one identity with its defaults left out or named", () => {
    const omitted = new LocalEmbedder().identity;
    expect(omitted).toEqual({ provider: "local", model: "hashed-features-v1", purposes: "same" });
    expect(new LocalEmbedder({ model: "hashed-features-v1", dimensions: 512 }).identity).toEqual(omitted);
    expect(new LocalEmbedder({ dimensions: 256 }).identity).toEqual({ ...omitted, dimensions: 256 });
    expect(new LocalEmbedder().identityOf(undefined, { dimensions: 256 })).toEqual({ ...omitted, dimensions: 256 });
    expect(new LocalEmbedder({ dimensions: 256 }).identityOf(undefined, { dimensions: 512 })).toEqual(omitted);
  });

  test("says in its name that it is lexical", () => {
    expect(new LocalEmbedder().embedderInfo.name).toMatch(/lexical/);
  });

  test("sees an abort while it works, and lets others run meanwhile", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const texts = Array.from({ length: 2_000 }, () => "some words to hash ".repeat(100));
    setTimeout(() => controller.abort(reason), 5);
    const pending = new LocalEmbedder().createEmbeddings(texts, undefined, { signal: controller.signal });
    await expect(pending).rejects.toBe(reason);
  });
});

describe("splitWords", () => {
  test.each([
    ["XMLHttpRequest2Handler", ["xml", "http", "request", "2", "handler"]],
    ["parse_JSON_fooBar", ["parse", "json", "foo", "bar"]],
    ["MAX_BYTES sha256 iOS", ["max", "bytes", "sha", "256", "i", "os"]],
    ["Größe ÄRGER naïveÉtat", ["größe", "ärger", "naïve", "état"]],
    ["ПриветМир ΟΔΟΣ", ["привет", "мир", "οδος"]],
    ["日本 😀\ud800", ["日", "本", "😀", "\ud800"]],
    ["{ } => ;\0", []],
    ["", []],
  ])("cuts %j", (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });
});

describe("stem", () => {
  test.each([
    ["detect", ["detects", "detected", "detecting", "detection", "detector", "detectors"]],
    ["decod", ["decode", "decodes", "decoded", "decoding", "decoder"]],
    ["embed", ["embed", "embeds", "embedded", "embedding", "embeddings", "embedder"]],
    ["query", ["query", "queries", "queried"]],
    ["map", ["map", "maps", "mapped", "mapping"]],
    ["process", ["process", "processes", "processing", "processor"]],
    ["error", ["error", "errors"]],
  ])("brings the forms of %j together", (expected, words) => {
    for (const word of words) expect([word, stem(word)]).toEqual([word, expected]);
  });

  test.each(["string", "user", "status", "analysis", "class", "as", "x", "thing", "日"])("leaves %j alone", (word) => {
    expect(stem(word)).toBe(word);
  });
});
