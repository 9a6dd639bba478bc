import OpenAI, { APIUserAbortError, OpenAI as NamedOpenAI, NotFoundError } from "openai";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CachedOpenAI, type CacheOpenAIOptions, cacheOpenAI } from "../../src/adapter/openai.ts";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";
import { bits, temporaryFolders } from "./bits.ts";

const folders = temporaryFolders();
const model = "text-embedding-3-small";
let server: ProviderServer;
let plain: OpenAI;
let opened: CachedOpenAI<OpenAI>[] = [];

beforeEach(async () => {
  server = await startProviderServer({ models: { [model]: 64, other: 64 } });
  plain = new OpenAI({ apiKey: "sk-test", baseURL: server.url, maxRetries: 0 });
});
afterEach(async () => {
  for (const client of opened) await client.embedder.close();
  opened = [];
  await server.close();
});
afterAll(() => folders.remove());

function cached(options: CacheOpenAIOptions = {}, client: OpenAI = plain): CachedOpenAI<OpenAI> {
  const result = cacheOpenAI(client, { directory: folders.next(), ...options });
  opened.push(result);
  return result;
}

const INPUTS = {
  "a string": "one text",
  strings: ["one text", "another", ""],
  tokens: [1, 2, 30000],
  "arrays of tokens": [[1, 2], [3], [12]],
};
const FORMATS = [{}, { encoding_format: "base64" }, { encoding_format: "float" }] as const;

describe("embeddings.create of a cached client", () => {
  describe.each(Object.entries(INPUTS))("with %s", (_, input) => {
    test.each(FORMATS)("and %j gives what the client gives, and the second time asks nobody", async (format) => {
      const body = { model, input, ...format };
      const expected = await plain.embeddings.create(body);
      const client = cached();
      const before = server.requests.length;
      const first = await client.embeddings.create(body);
      expect(server.requests).toHaveLength(before + 1);
      const second = await client.embeddings.create(body);
      expect(server.requests).toHaveLength(before + 1);

      expect(first).toEqual(expected);
      expect(second).toEqual({ ...expected, usage: { prompt_tokens: 0, total_tokens: 0 } });
      if ("encoding_format" in format && format.encoding_format === "base64") {
        for (const { embedding } of second.data) expect(embedding).toBeTypeOf("string");
      } else {
        const vectors = (answer: typeof expected) => answer.data.map(({ embedding }) => embedding);
        expect(bits(vectors(first))).toEqual(bits(vectors(expected)));
        expect(bits(vectors(second))).toEqual(bits(vectors(expected)));
      }
    });
  });

  test("base64 and the default share vectors, decimals are others", async () => {
    const client = cached();
    for (const format of [...FORMATS, ...FORMATS]) await client.embeddings.create({ model, input: "text", ...format });
    expect(server.requests.map(({ body }) => body.encoding_format)).toEqual(["base64", "float"]);
  });

  test("takes tokens never for a text, nor one array of them for several", async () => {
    const client = cached();
    const inputs = ["1,2", "[1,2]", "1 2", [1, 2], [[1], [2]], [12], ["1,2"]];
    for (const input of inputs) await client.embeddings.create({ model, input: input as string[] });
    expect(server.requests.map(({ body }) => body.input)).toEqual([
      ["1,2"],
      ["[1,2]"],
      ["1 2"],
      [[1, 2]],
      [[1], [2]],
      [[12]],
    ]);
  });

  test("sends misses only, and puts them between the hits", async () => {
    const client = cached();
    await client.embeddings.create({ model, input: ["b", "d"] });
    const input = ["a", "b", "c", "d", "a"];
    const { data, usage } = await client.embeddings.create({ model, input });
    expect(server.requests[1]!.body.input).toEqual(["a", "c"]);
    expect(usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
    const expected = await plain.embeddings.create({ model, input });
    expect(data).toEqual(expected.data);
  });

  test.each(FORMATS)("puts a shuffled answer with %j in the order of the input", async (format) => {
    const body = { model, input: ["a", "b", "c"], ...format };
    const expected = await plain.embeddings.create(body);
    server.failNext("shuffled");
    const client = cached();
    expect((await client.embeddings.create(body)).data).toEqual(expected.data);
    expect((await client.embeddings.create(body)).data).toEqual(expected.data);
  });

  test.each(["fewer-vectors", "more-vectors", "same-index", "missing-index", "null-value"] as const)(
    "refuses an answer with %s and stores nothing of it",
    async (fault) => {
      const client = cached();
      server.failNext(fault);
      const body = { model, input: ["a", "b", "c"], encoding_format: "float" as const };
      await expect(client.embeddings.create(body)).rejects.toThrow(/gave/);
      await client.embeddings.create(body);
      expect(server.textsEmbedded("a")).toBe(2);
    },
  );

  test("refuses base64 that is none", async () => {
    server.failNext("bad-base64");
    const body = { model, input: "a", encoding_format: "base64" } as const;
    await expect(cached().embeddings.create(body)).rejects.toThrow(/text 0 that is no base64/);
  });

  test("a server that ignores encoding_format: the client's decimals, not rounded, also from the cache", async () => {
    const client = cached();
    for (const format of [{}, { encoding_format: "base64" }] as const) {
      const body = { model, input: `text ${Object.keys(format)}`, ...format };
      server.failNext("other-encoding", 2);
      const expected = await plain.embeddings.create(body);
      expect((await client.embeddings.create(body)).data).toEqual(expected.data);
      expect((await client.embeddings.create(body)).data).toEqual(expected.data);
    }
  });

  test("keys model, dimensions and parameters that it does not know; user and headers not", async () => {
    const client = cached();
    const bodies = [
      { model, input: "a" },
      { model: "other", input: "a" },
      { model, input: "a", dimensions: 8 },
      { model, input: "a", truncate: { side: "left", length: 3 } },
      { model, input: "a", user: "someone" },
    ];
    for (const body of bodies) await client.embeddings.create(body);
    await client.embeddings.create({ model, input: "a", truncate: { length: 3, side: "left" } } as never);
    await client.embeddings.create({ model, input: "a" }, { headers: { "x-trace": "1" } });
    expect(server.requests.map(({ body: { encoding_format: _, ...body } }) => body)).toEqual([
      { model, input: ["a"] },
      { model: "other", input: ["a"] },
      { model, input: ["a"], dimensions: 8 },
      { model, input: ["a"], truncate: { side: "left", length: 3 } },
    ]);
  });

  test("sends user and the options of the request along with the misses", async () => {
    const seen: (string | null)[] = [];
    const watching = new OpenAI({
      apiKey: "sk-test",
      baseURL: server.url,
      fetch: (url, init) => {
        seen.push(new Headers(init?.headers).get("x-trace"));
        return fetch(url, init);
      },
    });
    await cached({}, watching).embeddings.create({ model, input: "a", user: "me" }, { headers: { "x-trace": "7" } });
    expect(seen).toEqual(["7"]);
    expect(server.requests[0]!.body).toMatchObject({ user: "me" });
  });

  test("goes past the cache with what it cannot key, and gives the API's own answer to what is wrong", async () => {
    const client = cached();
    await client.embeddings.create({ model, input: "a" }, { idempotencyKey: "k" });
    await client.embeddings.create({ model, input: "a" }, { idempotencyKey: "k" });
    expect(server.requests).toHaveLength(2);
    for (const input of [[], [null]] as never[]) {
      await expect(client.embeddings.create({ model, input })).rejects.toThrow(/input/);
    }
    await expect(client.embeddings.create({ model: "nope", input: "a" })).rejects.toThrow(NotFoundError);
  });

  test("withResponse and asResponse give the real response", async () => {
    const client = cached();
    await client.embeddings.create({ model, input: "a" });
    const { data, response, request_id } = await client.embeddings.create({ model, input: "a" }).withResponse();
    expect(response.status).toBe(200);
    expect(request_id).toBeNull();
    expect(data.usage.total_tokens).toBe(1);
    expect((await client.embeddings.create({ model, input: "a" }).asResponse()).ok).toBe(true);
    expect(server.requests).toHaveLength(3);
  });

  test("starts without being awaited, once, and is a promise", async () => {
    const client = cached();
    const promise = client.embeddings.create({ model, input: "a" });
    expect(promise).toBeInstanceOf(Promise);
    await expect.poll(() => server.requests.length).toBe(1);
    let finished = 0;
    const [first, second] = await Promise.all([promise, promise.finally(() => finished++), promise.catch(() => {})]);
    expect(second).toBe(first);
    expect(finished).toBe(1);
    expect(server.requests).toHaveLength(1);
  });

  test("calls at the same time share their texts", async () => {
    const client = cached();
    await Promise.all([1, 2, 3].map(() => client.embeddings.create({ model, input: ["a", "b"] })));
    expect(server.textsEmbedded()).toBe(2);
  });

  test("keeps to OpenAI's bound of tokens at OpenAI's address, and counts tokens as what they are", async () => {
    const openai = new OpenAI({
      apiKey: "sk-test",
      baseURL: "https://api.openai.com/v1",
      fetch: (url, init) => fetch(String(url).replace("https://api.openai.com/v1", server.url), init),
    });
    const texts = Array.from({ length: 700 }, (_, i) => String(i).padEnd(1_000, "7"));
    const tokens = Array.from({ length: 700 }, (_, i) => Array<number>(400).fill(10_000 + i));
    for (const [input, client, requests] of [
      [texts, openai, 3],
      [tokens, openai, 1],
      [texts, plain, 1],
    ] as const) {
      const before = server.requests.length;
      await cached({}, client).embeddings.create({ model, input: [...input] as string[] });
      expect(server.requests).toHaveLength(before + requests);
    }
  });

  test("an abort is the client's own error", async () => {
    const client = cached();
    server.failNext("hang");
    const controller = new AbortController();
    const promise = client.embeddings.create({ model, input: "a" }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(promise).rejects.toThrow(APIUserAbortError);
  });

  test.each([{}, { maxRetries: undefined }])("the cache itself retries nothing with %j", async (options) => {
    server.failNext({ status: 500 });
    await expect(cached(options).embeddings.create({ model, input: "a" })).rejects.toMatchObject({ status: 500 });
    expect(server.requests).toHaveLength(1);
  });

  test("retries as the client is told to", async () => {
    const patient = new OpenAI({ apiKey: "sk-test", baseURL: server.url, maxRetries: 1 });
    server.failNext({ status: 500 });
    await cached({}, patient).embeddings.create({ model, input: "a" });
    expect(server.requests).toHaveLength(2);
  });

  test("an identity told to it keeps apart what the client does not show, for tokens too", async () => {
    const directory = folders.next();
    for (const options of [{ route: "east" }, { route: "west" }, { route: "east" }]) {
      const client = cached({ directory, identity: { options } });
      for (const input of ["a", [1, 2]]) await client.embeddings.create({ model, input: input as string });
    }
    expect(server.requests).toHaveLength(4);
  });

  test("a model alias holds over addresses, for the model that it was told of", async () => {
    const directory = folders.next();
    const other = await startProviderServer({ models: { other: 64 } });
    for (const baseURL of [server.url, other.url]) {
      const client = new OpenAI({ apiKey: "sk-test", baseURL });
      const aliased = cached({ directory, modelAlias: "ours", identity: { model: "other" } }, client);
      await aliased.embeddings.create({ model: "other", input: "a" });
    }
    expect([server.requests.length, other.requests.length]).toEqual([1, 0]);
    await other.close();
  });

  test("another client, and the provider openai, are served from the same directory", async () => {
    const directory = folders.next();
    const first = cached({ directory });
    await first.embeddings.create({ model, input: ["a", "b"] });
    await first.embedder.close();
    await cached({ directory }).embeddings.create({ model, input: ["b", "a"] });
    const base = createProviderEmbedder({ provider: "openai", baseURL: server.url }, { OPENAI_API_KEY: "sk-test" });
    const embedder = cacheEmbedder(base, { directory });
    await embedder.createEmbeddings(["a"]);
    await embedder.close();
    expect(server.requests).toHaveLength(1);
  });
});

describe("the rest of a cached client", () => {
  test("is the client's: fields, methods with private state, other resources", async () => {
    const client = cached();
    expect(client).toBeInstanceOf(NamedOpenAI);
    expect(client.baseURL).toBe(server.url);
    expect(client.chat).toBe(plain.chat);
    expect(client.post).toBe(client.post);
    await expect(client.models.list()).rejects.toThrow(NotFoundError);
    await expect(client.get("/nothing")).rejects.toThrow(NotFoundError);
    client.maxRetries = 7;
    expect(plain.maxRetries).toBe(7);
  });

  test("withOptions gives a cached client for the other address", async () => {
    const directory = folders.next();
    const client = cached({ directory });
    await client.embeddings.create({ model, input: "a" });
    const other = await startProviderServer({ models: { [model]: 64 } });
    const moved = client.withOptions({ baseURL: other.url }) as CachedOpenAI<OpenAI>;
    opened.push(moved);
    await moved.embeddings.create({ model, input: "a" });
    await moved.embeddings.create({ model, input: "a" });
    expect([server.requests.length, other.requests.length]).toEqual([1, 1]);
    await other.close();
  });

  test("has the embedder with figures, check and close", async () => {
    const client = cached();
    await client.embeddings.create({ model, input: ["a", "b"] });
    await client.embeddings.create({ model, input: ["b", "c"] });
    expect(client.embedder.statistics()).toMatchObject({ textsAsked: 4, misses: 3, requestsMade: 2 });
    expect(await client.embedder.validateConfiguration()).toEqual({ valid: true });
  });

  test("refuses what is no client", () => {
    expect(() => cacheOpenAI({} as OpenAI)).toThrow(/client of the package openai, got object/);
  });
});
