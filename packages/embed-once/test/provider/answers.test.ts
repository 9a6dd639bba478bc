import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EmbeddingResponseError } from "../../src/core/errors.ts";
import { readEmbeddingAnswer } from "../../src/provider/embedding-answer.ts";
import { createOpenAICompatible } from "../../src/provider/openai-compatible.ts";
import { type ProviderFault, type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";

const MODEL = "text-embedding-3-small";
const TEXTS = ["first", "second", "third"];
let server: ProviderServer;
beforeEach(async () => {
  server = await startProviderServer();
});
afterEach(() => server.close());

for (const encoding of ["base64", "float"] as const) {
  const connect = () => createOpenAICompatible({ baseURL: server.url, model: MODEL, encoding, dimensions: 16 });

  describe(`an answer in ${encoding}`, () => {
    test.each<ProviderFault>(["shuffled", "no-index"])("that is %s gives each text its own vector", async (fault) => {
      const embedder = connect();
      const { embeddings: expected } = await embedder.createEmbeddings(TEXTS);
      server.failNext(fault);
      expect((await embedder.createEmbeddings(TEXTS)).embeddings).toEqual(expected);
    });

    test.each<[ProviderFault, RegExp]>([
      ["fewer-vectors", /Sent 3 texts \(from index 0\) and got 2 vectors/],
      ["more-vectors", /Sent 3 texts \(from index 0\) and got 4 vectors/],
      ["same-index", /two vectors for the text at index 0/],
      ["missing-index", /Vector 2 of the answer has the index none, expected 0 to 2/],
      ["wrong-dimensions", /text at index 0 has 15 values, expected 16: the server ignores `dimensions`/],
      ["uneven-dimensions", /text at index 2 has 15 values, expected 16/],
      ["malformed-json", /is no JSON \(24 characters, from "<html>Bad gateway<\/html>"\)\. Does baseURL point/],
      ["nan-value", encoding === "base64" ? /Value 15 of the vector of the text at index 2 is NaN/ : /is no JSON/],
      [
        "other-encoding",
        encoding === "base64"
          ? /Asked for base64 and got numbers for the text at index 0.*Set the option encoding: "float"/
          : /Asked for numbers and got a string for the text at index 0.*Set the option encoding: "base64"/,
      ],
      ...(encoding === "base64"
        ? ([["bad-base64", /text at index 0 is no base64 of float32 values/]] as [ProviderFault, RegExp][])
        : ([["null-value", /Value 15 of the vector of the text at index 2 is null/]] as [ProviderFault, RegExp][])),
    ])("with the fault %s is refused with what is wrong, and not asked for again", async (fault, message) => {
      const embedder = connect();
      server.failNext(fault);
      const refusal = embedder.createEmbeddings(TEXTS);
      await expect(refusal).rejects.toThrow(EmbeddingResponseError);
      await expect(refusal).rejects.toThrow(message);
      expect(server.requests).toHaveLength(1);
    });
  });
}

describe("readEmbeddingAnswer", () => {
  const read = (answer: unknown, count = 1) =>
    readEmbeddingAnswer(answer, { count, firstIndex: 10, encoding: "float" });

  test.each([null, undefined, 7, "text", [], {}, { data: {} }, { data: "x" }])("refuses %j: no data", (answer) => {
    expect(() => read(answer)).toThrow(EmbeddingResponseError);
    expect(() => read(answer)).toThrow(/no array `data`/);
  });

  test.each([
    [{ index: 0, embedding: [] }, /text at index 10 is empty/],
    [{ index: 0 }, /text at index 10 is undefined/],
    [{ index: 0, embedding: { 0: 1 } }, /text at index 10 is a value of type object/],
    [{ index: 0, embedding: ["0.5"] }, /Value 0 .* index 10 is of type string/],
    [{ index: 0, embedding: [Number.POSITIVE_INFINITY] }, /Value 0 .* index 10 is Infinity/],
    [{ index: 1, embedding: [1] }, /has the index 1, expected 0 to 0/],
    [{ index: -1, embedding: [1] }, /has the index -1/],
    [{ index: 0.5, embedding: [1] }, /has the index 0.5/],
    [{ index: "0", embedding: [1] }, /has the index a string/],
    [null, /text at index 10 is undefined/],
  ])("refuses the item %j and names the text", (item, message) => {
    expect(() => read({ data: [item] })).toThrow(EmbeddingResponseError);
    expect(() => read({ data: [item] })).toThrow(message);
  });

  test.each([
    ["five bytes", Buffer.alloc(5).toString("base64")],
    ["a character that is none", "AAAA!AAA"],
    ["blanks", "AAAA AAA"],
    ["an infinity", Buffer.from([0, 0, 0x80, 0x7f]).toString("base64")],
    ["nothing", ""],
  ])("refuses base64 of %s", (_, embedding) => {
    const asked = { count: 1, firstIndex: 10, encoding: "base64" } as const;
    expect(() => readEmbeddingAnswer({ data: [{ embedding }] }, asked)).toThrow(EmbeddingResponseError);
    expect(() => readEmbeddingAnswer({ data: [{ embedding }] }, asked)).toThrow(/text at index 10/);
  });

  test("reads base64 with padding and without", () => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(-1.5);
    const padded = bytes.toString("base64");
    expect(padded).toMatch(/==$/);
    for (const embedding of [padded, padded.replace("==", "")]) {
      const asked = { count: 1, firstIndex: 0, encoding: "base64" } as const;
      expect(readEmbeddingAnswer({ data: [{ embedding }] }, asked).embeddings).toEqual([[-1.5]]);
    }
  });

  test("puts vectors where their index says, for every order of four", () => {
    const orders = permutations([0, 1, 2, 3]);
    expect(orders).toHaveLength(24);
    for (const order of orders) {
      const data = order.map((index) => ({ index, embedding: [index, 0.5] }));
      expect(read({ data }, 4).embeddings).toEqual([0, 1, 2, 3].map((index) => [index, 0.5]));
    }
  });

  test.each([
    [undefined, undefined],
    [{}, undefined],
    [{ prompt_tokens: null }, undefined],
    [{ prompt_tokens: 3 }, { promptTokens: 3, totalTokens: 3 }],
    [
      { prompt_tokens: 3, total_tokens: 4 },
      { promptTokens: 3, totalTokens: 4 },
    ],
    [{ total_tokens: 4 }, { promptTokens: 4, totalTokens: 4 }],
  ])("reads the usage %j as %j", (usage, expected) => {
    expect(read({ data: [{ embedding: [1] }], usage }).usage).toEqual(expected);
  });
});

function permutations(items: number[]): number[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
