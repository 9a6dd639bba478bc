import { afterEach, describe, expect, test } from "vitest";
import { createOpenAICompatible, type OpenAICompatibleOptions } from "../../src/provider/openai-compatible.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import {
  type ProviderServer,
  type ProviderServerOptions,
  startProviderServer,
} from "../../src/testing/provider-server.ts";
import { makeVector } from "../../src/testing/vector-forms.ts";

const MODEL = "text-embedding-3-small";
let server: ProviderServer;
afterEach(() => server.close());

async function start(options: Partial<OpenAICompatibleOptions> = {}, serverOptions: ProviderServerOptions = {}) {
  server = await startProviderServer(serverOptions);
  return createOpenAICompatible({ baseURL: server.url, model: MODEL, ...options });
}

const texts = (count: number) => Array.from({ length: count }, (_, i) => `text ${i}`);

describe("the request", () => {
  test("has model, texts and encoding_format, and dimensions only where asked for", async () => {
    const embedder = await start({ apiKey: "sk-1" });
    await embedder.createEmbeddings(["a", "b"]);
    await embedder.createEmbeddings(["c"], "text-embedding-3-large", { dimensions: 8, purpose: "query" });
    expect(server.requests.map(({ body }) => body)).toEqual([
      { model: MODEL, input: ["a", "b"], encoding_format: "float" },
      { model: "text-embedding-3-large", input: ["c"], encoding_format: "float", dimensions: 8 },
    ]);
    expect(server.requests[0]!.authorization).toBe("Bearer sk-1");
  });

  test("has no authorization without a key, and the credentials of the address as Basic", async () => {
    const embedder = await start();
    await embedder.createEmbeddings(["a"]);
    const withCredentials = server.url.replace("http://", "http://me:p%40ss@");
    await createOpenAICompatible({ baseURL: withCredentials, model: MODEL }).createEmbeddings(["a"]);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      undefined,
      `Basic ${Buffer.from("me:p@ss").toString("base64")}`,
    ]);
  });

  test("carries the headers of the options", async () => {
    const embedder = await start({ headers: { Authorization: "Custom token-1" } });
    await embedder.createEmbeddings(["a"]);
    expect(server.requests[0]!.authorization).toBe("Custom token-1");
  });

  test("does not ask a known model for its own dimensions, which older models refuse", async () => {
    server = await startProviderServer();
    const embedder = createProviderEmbedder(
      { provider: "openai", apiKey: "sk-1", baseURL: server.url, model: "text-embedding-ada-002", dimensions: 1536 },
      {},
    );
    await embedder.createEmbeddings(["a"]);
    expect(server.requests[0]!.body).toEqual({
      model: "text-embedding-ada-002",
      input: ["a"],
      encoding_format: "base64",
    });
  });

  test("goes through the fetch that is handed in", async () => {
    const urls: string[] = [];
    const fetch: typeof globalThis.fetch = (input, init) => {
      urls.push((input as Request).url);
      return globalThis.fetch(input, init);
    };
    const embedder = await start({ fetch });
    await embedder.createEmbeddings(["a"]);
    expect(urls).toEqual([`${server.url}/embeddings`]);
  });
});

describe("cutting into requests", () => {
  test("sends at most maxTextsPerRequest texts at once and answers all in order, with usage together", async () => {
    const embedder = await start({ maxTextsPerRequest: 10 });
    const { embeddings, usage } = await embedder.createEmbeddings(texts(25), undefined, { dimensions: 4 });
    expect(server.requests.map(({ body }) => body.input.length)).toEqual([10, 10, 5]);
    expect(embeddings).toHaveLength(25);
    for (const [i, text] of texts(25).entries()) {
      expect(embeddings[i]!.map(Math.fround)).toEqual(makeVector(text, MODEL, 4, "scaled-float16"));
    }
    expect(usage).toEqual({ promptTokens: 50, totalTokens: 50 });
  });

  test("sends at most maxBytesPerRequest bytes at once, and a longer text alone", async () => {
    const embedder = await start({ maxBytesPerRequest: 10 });
    const input = ["12345", "67890", "é", "1".repeat(11), "a", "日本語", "b"];
    await embedder.createEmbeddings(input);
    expect(server.requests.map(({ body }) => body.input)).toEqual([
      ["12345", "67890"],
      ["é"],
      ["1".repeat(11)],
      ["a", "日本語"],
      ["b"],
    ]);
  });

  test("keeps to OpenAI's limit of 2,048 texts", async () => {
    server = await startProviderServer({ models: { [MODEL]: 1536 } });
    const embedder = createProviderEmbedder(
      { provider: "openai", apiKey: "k", baseURL: server.url, dimensions: 2 },
      {},
    );
    const { embeddings } = await embedder.createEmbeddings(texts(2_050));
    expect(embeddings).toHaveLength(2_050);
    expect(server.requests.map(({ body }) => body.input.length)).toEqual([2_048, 2]);
  });

  test("stops at the request that fails and names texts by their index in the call", async () => {
    const embedder = await start({ maxTextsPerRequest: 2 });
    server.failNext({ slowMs: 0 });
    server.failNext("null-value");
    await expect(embedder.createEmbeddings(texts(6))).rejects.toThrow(/text at index 3\b/);
    expect(server.requests).toHaveLength(2);
  });

  test("refuses an answer whose vectors are of another length than those of the request before", async () => {
    const embedder = await start({ maxTextsPerRequest: 1 });
    server.failNext({ slowMs: 0 });
    server.failNext("wrong-dimensions");
    await expect(embedder.createEmbeddings(texts(2))).rejects.toThrow(/index 1 has 1535 values, expected 1536/);
  });
});

describe("the numbers", () => {
  const special = [-0, 2 ** -149, -(2 ** -126), 1.5, Math.fround(0.1), 0.0166015625];
  const vectorOf = () => special;

  test("that travel as base64 are the server's float32 values, −0 and subnormals too", async () => {
    const embedder = await start({ encoding: "base64" }, { vectorOf });
    const { embeddings } = await embedder.createEmbeddings(["a"]);
    expect(Object.is(embeddings[0]![0], -0)).toBe(true);
    expect(embeddings).toEqual([special]);
  });

  test("that travel as decimals are the doubles of those decimals, −0 too", async () => {
    const embedder = await start({ encoding: "float" }, { vectorOf });
    const { embeddings } = await embedder.createEmbeddings(["a"]);
    expect(Object.is(embeddings[0]![0], -0)).toBe(true);
    expect(embeddings[0]![4]).toBe(0.1);
    expect(embeddings[0]!.map(Math.fround)).toEqual(special);
  });

  test("differ between base64 and decimals of one vector, and so does the identity", async () => {
    const float = await start({ encoding: "float" });
    const base64 = createOpenAICompatible({ baseURL: server.url, model: MODEL, encoding: "base64" });
    const [asFloat] = (await float.createEmbeddings(["a"])).embeddings;
    const [asBase64] = (await base64.createEmbeddings(["a"])).embeddings;
    expect(asFloat).not.toEqual(asBase64);
    expect(asFloat!.map(Math.fround)).toEqual(asBase64);
    expect(float.identity.wireEncoding).toBe("float");
    expect(base64.identity.wireEncoding).toBe("base64");
  });
});

describe("validateConfiguration", () => {
  test("makes one small request and finds a working configuration valid", async () => {
    const embedder = await start();
    expect(await embedder.validateConfiguration()).toEqual({ valid: true });
    expect(server.requests).toHaveLength(1);
    expect(server.textsEmbedded()).toBe(1);
  });

  test("says what is wrong with the key, the model, the dimensions and the address, without trying again", async () => {
    const embedder = await start({ apiKey: "sk-wrong-key" }, { apiKey: "sk-right-key" });
    expect((await embedder.validateConfiguration()).error).toMatch(
      /refuses the key \(401\): Incorrect API key.*apiKey/,
    );
    const check = (options: Partial<OpenAICompatibleOptions>) =>
      createOpenAICompatible({
        baseURL: server.url,
        model: MODEL,
        apiKey: "sk-right-key",
        ...options,
      }).validateConfiguration();
    expect((await check({ model: "nope" })).error).toMatch(/no such model or address.*`nope` does not exist/);
    expect((await check({ dimensions: 4_000 })).error).toMatch(/refuses the request.*Invalid value for 'dimensions'/);
    expect((await check({ baseURL: server.url.replace("/v1", "") })).error).toMatch(
      /404.*Invalid URL.*often it ends in \/v1/,
    );
    server.failNext("wrong-dimensions");
    expect((await check({ dimensions: 64 })).error).toMatch(
      /has 63 values, expected 64.*Check the options model and dimensions/,
    );
    const before = server.requests.length;
    server.failNext({ status: 503, headers: { "retry-after": "30" } });
    expect(await check({})).toEqual({ valid: false, error: expect.stringMatching(/failed \(503.*wait 30 s/) });
    expect(server.requests).toHaveLength(before + 1);
  });

  test("says that nobody answers at the address", async () => {
    const embedder = await start();
    await server.close();
    const { valid, error } = await embedder.validateConfiguration();
    expect(valid).toBe(false);
    expect(error).toMatch(/Cannot reach openai-compatible at http:.*ECONNREFUSED.*Is the server running/);
  });
});
