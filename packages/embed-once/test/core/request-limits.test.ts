import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { estimateTokens, splitRequests } from "../../src/core/request-limits.ts";

const noise = Buffer.concat(Array.from({ length: 32 }, (_, i) => Buffer.from(hash("sha256", `noise ${i}`), "hex")));
const lettersFrom = (first: number) => Array.from(noise, (byte) => String.fromCharCode(first + (byte % 26))).join("");

/** With the count of cl100k_base, the tokeniser of OpenAI's embedding models, as js-tiktoken 1.0.21 gives it. */
const COUNTED: readonly (readonly [string, string, number])[] = [
  ["English", "Whatever is damaged, of an unknown version or in doubt is a miss and is embedded again.", 19],
  [
    "TypeScript",
    "    const full = i - start >= maxTextsPerRequest || bytes + added > limits.maxBytesPerRequest;\n" +
      "    if (full && i > start) {\n      runs.push({ start, end: i });\n    }\n",
    46,
  ],
  ["SQL", "SELECT id, name FROM users WHERE created_at > NOW() ORDER BY name DESC;", 17],
  ["JSON", '{"embeddings":[[0.0123,-0.4567,1e-7],[-0,3.25,12345678]],"usage":{"prompt_tokens":17}}', 38],
  ["German", "Die Geschwindigkeitsbegrenzung für Donaudampfschiffe wurde aufgehoben.", 22],
  ["Russian", "Векторы хранятся в файле, который отображается в память.", 21],
  ["Chinese", "同样的文本在每个分支和每台机器上都会再次嵌入。", 25],
  ["Japanese", "テキストをベクトルに変換するには時間がかかります。", 24],
  ["emoji", "😀🧑‍🚀🏳️‍🌈🎉", 22],
  ["base64", noise.toString("base64"), 993],
  ["hexadecimal", noise.toString("hex"), 1180],
  ["capitals without sense", lettersFrom(65), 604],
  ["white space", `${" ".repeat(500)}\n\n\n\t\tx`, 8],
  ["a space at the end", "a ", 2],
];

describe("the estimate of tokens", () => {
  test.each(COUNTED)("is not less than what %s has, and not more than its bytes", (_, text, counted) => {
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(counted);
    expect(estimateTokens(text)).toBeLessThanOrEqual(Buffer.byteLength(text));
  });

  test("is about half the bytes of prose and code", () => {
    for (const [, text] of COUNTED.slice(0, 2)) {
      expect(estimateTokens(text) / Buffer.byteLength(text)).toBeLessThan(0.6);
    }
  });

  test("is a little less than what lower-case letters without sense have", () => {
    expect(estimateTokens(lettersFrom(97))).toBe(512);
    // cl100k_base counts 544.
    expect(544 / 512).toBeLessThan(1.1);
  });
});

describe("texts are cut into requests", () => {
  const NONE = Number.POSITIVE_INFINITY;
  const cut = (
    texts: string[],
    limits: Partial<Parameters<typeof splitRequests>[1]>,
    count?: (text: string) => number,
  ) =>
    splitRequests(texts, { maxTextsPerRequest: NONE, maxBytesPerRequest: NONE, ...limits }, count).map(
      ({ start, end }) => texts.slice(start, end).join(""),
    );

  test("by their number, bytes and tokens; a text over a bound travels alone", () => {
    expect(cut(["a", "b", "c"], { maxTextsPerRequest: 2 })).toEqual(["ab", "c"]);
    expect(cut(["ä", "b", "cccc", "d"], { maxBytesPerRequest: 3 })).toEqual(["äb", "cccc", "d"]);
    expect(cut(["aaaa", "bb", "CCCC", "dd"], { maxTokensPerRequest: 3 })).toEqual(["aaaabb", "CCCC", "dd"]);
    expect(cut([], { maxTextsPerRequest: 2 })).toEqual([]);
  });

  test("by a tokeniser's own count, which is asked only where the bytes leave it open", () => {
    const counted: string[] = [];
    const count = (text: string) => {
      counted.push(text);
      return 2;
    };
    expect(cut(["aaaa", "bbbb", "cccc"], { maxTokensPerRequest: 12 }, count)).toEqual(["aaaabbbbcccc"]);
    expect(counted).toEqual([]);
    expect(cut(["aaaa", "bbbb", "cccc"], { maxTokensPerRequest: 4 }, count)).toEqual(["aaaabbbb", "cccc"]);
    expect(counted).toEqual(["aaaa", "bbbb", "cccc"]);
  });
});
