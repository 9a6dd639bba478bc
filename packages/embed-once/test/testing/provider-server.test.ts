import { afterEach, describe, expect, test } from "vitest";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";
import { float32Literal, makeVector } from "../../src/testing/vector-forms.ts";

let server: ProviderServer;
afterEach(() => server.close());

async function post(body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/embeddings`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

describe("startProviderServer", () => {
  test("listens on loopback only and answers in OpenAI's shape", async () => {
    server = await startProviderServer();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    const { status, text } = await post({ model: "text-embedding-3-small", input: ["a", "b"], dimensions: 3 });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      object: "list",
      data: [0, 1].map((index) => ({
        object: "embedding",
        index,
        embedding: expect.arrayContaining([expect.any(Number)]),
      })),
      model: "text-embedding-3-small",
      usage: { prompt_tokens: 2, total_tokens: 2 },
    });
  });

  test("counts requests and texts, a refused one as a request only", async () => {
    server = await startProviderServer({ apiKey: "right" });
    await post({ model: "text-embedding-3-small", input: ["a"] }, { authorization: "Bearer wrong" });
    await post({ model: "text-embedding-3-small", input: ["a", "b", "a"] }, { authorization: "Bearer right" });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(["Bearer wrong", "Bearer right"]);
    expect([server.textsEmbedded(), server.textsEmbedded("a"), server.textsEmbedded("c")]).toEqual([3, 2, 0]);
  });

  test("takes a string, strings, tokens and arrays of tokens, as OpenAI does", async () => {
    server = await startProviderServer({ models: { m: 4 } });
    for (const [input, count] of [
      ["a", 1],
      [["a", "b"], 2],
      [[1, 2], 1],
      [[[1], [2, 3]], 2],
    ] as const) {
      expect(JSON.parse((await post({ model: "m", input })).text).data).toHaveLength(count);
    }
  });

  test.each([
    [{ model: "nope", input: "a" }, 404],
    [{ model: "m", input: [] }, 400],
    [{ model: "m", input: [null] }, 400],
    [{ model: "m" }, 400],
    [{ model: "m", input: ["a", "b", "c"] }, 400],
    [{ model: "m", input: "a", dimensions: 5 }, 400],
    ["{", 400],
  ])("refuses %j with %d", async (body, status) => {
    server = await startProviderServer({ models: { m: 4 }, maxTexts: 2 });
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).error.message).toEqual(expect.any(String));
  });

  test("sends the shortest decimals of float32 values, which are other doubles than those of base64", async () => {
    server = await startProviderServer({ models: { m: 64 } });
    const float = JSON.parse((await post({ model: "m", input: "a" })).text).data[0].embedding as number[];
    const base64 = JSON.parse((await post({ model: "m", input: "a", encoding_format: "base64" })).text).data[0]
      .embedding;
    const bytes = Buffer.from(base64 as string, "base64");
    expect(float.map(Math.fround)).toEqual(float.map((_, i) => bytes.readFloatLE(i * 4)));
    expect(float.some((value) => value !== Math.fround(value))).toBe(true);
  });
});

describe("makeVector", () => {
  test.each(["scaled-float16", "float16"] as const)("makes float32 values of about unit length: %s", async (form) => {
    server = await startProviderServer();
    const vector = makeVector("text", "m", 1536, form);
    expect(vector.every((value) => value === Math.fround(value))).toBe(true);
    expect(Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))).toBeCloseTo(1, 3);
    expect(makeVector("text", "m", 1536, form)).toEqual(vector);
    expect(makeVector("text.", "m", 1536, form)).not.toEqual(vector);
    // Half precision: 11 significand bits, so no more than 1,024 significands.
    const significands = new Set(vector.map((value) => Math.abs(value) / 2 ** Math.floor(Math.log2(Math.abs(value)))));
    if (form === "float16") for (const m of significands) expect(Number.isInteger(m * 1024)).toBe(true);
  });
});

describe("float32Literal", () => {
  test.each([
    [-0, "-0"],
    [0, "0"],
    [1, "1"],
    [Math.fround(0.1), "0.1"],
    [Math.fround(-0.023480384), "-0.023480384"],
    [2 ** -149, "1e-45"],
    [16_777_216, "16777216"],
  ])("writes %d as %s", async (value, literal) => {
    server = await startProviderServer();
    expect(float32Literal(value)).toBe(literal);
  });
});
