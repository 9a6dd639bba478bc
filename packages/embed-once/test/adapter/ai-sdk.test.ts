import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAzure } from "@ai-sdk/azure";
import { createGoogle } from "@ai-sdk/google";
import { createMistral } from "@ai-sdk/mistral";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { EmbeddingModelV3, EmbeddingModelV4 } from "@ai-sdk/provider";
import { defaultEmbeddingSettingsMiddleware, embed, embedMany, wrapEmbeddingModel } from "ai";
import { afterAll, afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { cacheAiSdk, fromAiSdk, toAiSdk } from "../../src/adapter/ai-sdk.ts";
import { type CachedEmbedder, cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import type { CacheEmbedderOptions } from "../../src/embedder/options.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import { embedderSuite } from "../../src/testing/embedder-suite.ts";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";
import { FakeEmbedder, fakeVector } from "../embedder/fake-embedder.ts";
import { bits, temporaryFolders } from "./bits.ts";

const folders = temporaryFolders();
const modelId = "text-embedding-3-small";
let server: ProviderServer;
let opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  server = await startProviderServer({ models: { [modelId]: 32 }, maxTexts: 5000 });
});
afterEach(async () => {
  for (const embedder of opened) await embedder.close();
  opened = [];
  await server.close();
});
afterAll(() => folders.remove());

const MODELS = {
  openai: (url: string) => createOpenAI({ apiKey: "sk-test", baseURL: url }).embeddingModel(modelId),
  "openai-compatible": (url: string) =>
    createOpenAICompatible({ name: "mine", baseURL: url, apiKey: "k" }).embeddingModel(modelId),
};

function keep<E extends CachedEmbedder>(embedder: E): E {
  opened.push(embedder);
  return embedder;
}

function cached<Version extends "v3" | "v4">(
  model: Parameters<typeof cacheAiSdk<Version>>[0],
  options: Parameters<typeof cacheAiSdk>[1] = {},
) {
  const result = cacheAiSdk(model, { directory: folders.next(), ...options });
  keep(result.embedder);
  return result;
}

describe("types", () => {
  test("models of the AI SDK go in and come out", () => {
    const v4 = null as unknown as EmbeddingModelV4;
    const v3 = null as unknown as EmbeddingModelV3;
    expectTypeOf(fromAiSdk).toBeCallableWith(v4);
    expectTypeOf(fromAiSdk).toBeCallableWith(v3);
    expectTypeOf<ReturnType<typeof cacheAiSdk<"v4">>>().toExtend<EmbeddingModelV4>();
    expectTypeOf<ReturnType<typeof cacheAiSdk<"v3">>>().toExtend<EmbeddingModelV3>();
    expectTypeOf(toAiSdk(new FakeEmbedder())).toExtend<EmbeddingModelV4>();
  });
});

describe.each(Object.entries(MODELS))("the AI SDK's %s model", (name, create) => {
  describe("as an embedder keeps the contract", () => {
    embedderSuite(test, async () => {
      const own = await startProviderServer({ models: { [modelId]: 16 } });
      return {
        embedder: fromAiSdk(create(own.url)),
        requestCount: () => own.requests.length,
        close: () => own.close(),
      };
    });
  });

  test("is who it says, at the address where it asks", () => {
    const { identity } = fromAiSdk(create(server.url));
    expect(identity).toEqual({
      provider: name === "openai" ? "openai.embedding" : "mine.embedding",
      model: modelId,
      endpoint: server.url,
      purposes: "same",
    });
  });

  test("cached: embedMany gives the same bits, and the second time nobody is asked", async () => {
    const model = cached(create(server.url));
    const values = ["a", "b", "a", "c"];
    const expected = await embedMany({ model: create(server.url), values });
    const first = await embedMany({ model, values });
    const second = await embedMany({ model, values: values.toReversed() });
    expect(server.requests).toHaveLength(2);
    expect(bits(first.embeddings)).toEqual(bits(expected.embeddings));
    expect(bits(second.embeddings.toReversed())).toEqual(bits(expected.embeddings));
    expect(first.usage).toEqual({ tokens: 3 });
    expect(second.usage).toEqual({ tokens: 0 });
  });

  test("shuffled answers are put in order, where the provider hands them back as they came", async () => {
    const values = ["a", "b", "c"];
    const right = await embedMany({ model: create(server.url), values });
    server.failNext("shuffled");
    const wrong = await embedMany({ model: create(server.url), values });
    expect(wrong.embeddings).toEqual(right.embeddings.toReversed());

    const model = cached(create(server.url));
    server.failNext("shuffled");
    expect((await embedMany({ model, values })).embeddings).toEqual(right.embeddings);
    expect((await embedMany({ model, values })).embeddings).toEqual(right.embeddings);
  });

  test.each(["same-index", "missing-index", "fewer-vectors", "more-vectors"] as const)(
    "an answer with %s is refused and nothing of it stored",
    async (fault) => {
      const model = cached(create(server.url));
      server.failNext(fault);
      await expect(embedMany({ model, values: ["a", "b", "c"], maxRetries: 0 })).rejects.toThrow(/gave/);
      expect((await embedMany({ model, values: ["a", "b", "c"] })).embeddings).toHaveLength(3);
      expect(server.textsEmbedded("a")).toBe(2);
    },
  );

  test("dimensions, as parameter or in the provider's own words, reach the model and the key", async () => {
    const model = cached(create(server.url));
    const key = name === "openai" ? "openai" : "mine";
    const calls = [{}, { dimensions: 8 }, { providerOptions: { [key]: { dimensions: 4 } } }];
    const lengths: number[] = [];
    for (const call of [...calls, ...calls]) {
      lengths.push((await embed({ model, value: "a", ...call })).embedding.length);
    }
    expect(lengths).toEqual([32, 8, 4, 32, 8, 4]);
    const both = { dimensions: 8, providerOptions: { [key]: { dimensions: 4 } } };
    expect((await embed({ model, value: "a", ...both })).embedding).toHaveLength(4);
    expect(server.requests.map(({ body }) => body.dimensions)).toEqual([undefined, 8, 4, 4]);
  });

  test("splits by the model's bounds, and in parallel chunks each text is paid once", async () => {
    const model = cached(create(server.url));
    const values = Array.from({ length: 2100 }, (_, i) => `text ${i % 700}`);
    const { embeddings } = await embedMany({ model, values });
    expect(embeddings).toHaveLength(2100);
    expect(server.textsEmbedded()).toBe(700);
  });
});

describe.each([
  ["azure", (url: string) => createAzure({ apiKey: "k", baseURL: url }).embeddingModel(modelId)],
  ["mistral", (url: string) => createMistral({ apiKey: "k", baseURL: url }).embeddingModel(modelId)],
])("the AI SDK's %s model", (_, create) => {
  test("cached: shuffled answers are put in order, where the provider hands them back as they came", async () => {
    const values = ["a", "b", "c"];
    const right = await embedMany({ model: create(server.url), values });
    server.failNext("shuffled", 2);
    const wrong = await embedMany({ model: create(server.url), values });
    expect(wrong.embeddings).toEqual(right.embeddings.toReversed());

    const model = cached(create(server.url));
    const first = await embedMany({ model, values });
    expect(bits(first.embeddings)).toEqual(bits(right.embeddings));
    expect(first.usage).toEqual({ tokens: 3 });
    expect(bits((await embedMany({ model, values })).embeddings)).toEqual(bits(right.embeddings));
    expect(server.requests).toHaveLength(3);
    expect(model.embedder.identity.endpoint).toMatch(server.url);
  });
});

describe("a cached model", () => {
  test("forwards limits, parallelism and both capabilities, promised ones too", async () => {
    const openai = MODELS.openai(server.url);
    const bytes = Symbol.for("vercel.ai.embeddingModel.maxInputBytesPerCall");
    const transformer = Symbol.for("vercel.ai.embeddingModel.providerOptionsTransformer");
    const model = cached(openai) as unknown as Record<symbol, unknown>;
    expect(model).toMatchObject({
      maxEmbeddingsPerCall: 2048,
      supportsParallelCalls: true,
      provider: "openai.embedding",
    });
    expect(model[bytes]).toBe(300_000);
    const google = createGoogle({ apiKey: "k" }).embeddingModel("gemini-embedding-001");
    const cachedGoogle = cached(google) as unknown as Record<symbol, unknown>;
    expect(cachedGoogle[transformer]).toBe((google as unknown as Record<symbol, unknown>)[transformer]);

    const requests: number[] = [];
    const promised: EmbeddingModelV4 = {
      specificationVersion: "v4",
      provider: "promised",
      modelId: "m",
      maxEmbeddingsPerCall: Promise.resolve(2),
      supportsParallelCalls: Promise.resolve(false),
      doEmbed: async ({ values }) => {
        requests.push(values.length);
        return { embeddings: values.map((value) => fakeVector(value)), warnings: [] };
      },
    };
    const embedder = keep(cacheEmbedder(fromAiSdk(promised), { directory: folders.next() }));
    const { embeddings, usage } = await embedder.createEmbeddings(["a", "b", "c", "d", "e"]);
    expect(bits(embeddings)).toEqual(bits(["a", "b", "c", "d", "e"].map((text) => fakeVector(text))));
    expect(requests).toEqual([2, 2, 1]);
    expect(usage).toBeUndefined();
    expect(await cached(promised).maxEmbeddingsPerCall).toBe(2);
  });

  test("usage that the model does not report is absent, on full hits it is zero", async () => {
    const silent: EmbeddingModelV4 = {
      specificationVersion: "v4",
      provider: "silent",
      modelId: "m",
      maxEmbeddingsPerCall: undefined,
      supportsParallelCalls: true,
      doEmbed: async ({ values }) => ({ embeddings: values.map((value) => fakeVector(value)), warnings: [] }),
    };
    const model = cached(silent);
    expect((await model.doEmbed({ values: ["a"] })).usage).toBeUndefined();
    expect((await model.doEmbed({ values: ["a"] })).usage).toEqual({ tokens: 0 });
    const odd = {
      ...silent,
      doEmbed: async () => ({ embeddings: [[1]], warnings: [], usage: { tokens: Number.NaN } }),
    };
    expect((await fromAiSdk(odd).createEmbeddings(["a"])).usage).toBeUndefined();
  });

  test("warnings, metadata and the response of what was really sent come through", async () => {
    const talking: EmbeddingModelV4 = {
      specificationVersion: "v4",
      provider: "talking",
      modelId: "m",
      maxEmbeddingsPerCall: 10,
      supportsParallelCalls: true,
      doEmbed: async ({ values }) => ({
        embeddings: values.map((value) => fakeVector(value)),
        warnings: [{ type: "other", message: "mind the gap" }],
        providerMetadata: { talking: { cost: 7 } },
        response: { headers: { "x-id": "1" } },
      }),
    };
    const model = cached(talking);
    expect(await model.doEmbed({ values: ["a"] })).toMatchObject({
      warnings: [{ type: "other", message: "mind the gap" }],
      providerMetadata: { talking: { cost: 7 } },
      response: { headers: { "x-id": "1" } },
    });
    expect(await model.doEmbed({ values: ["a"] })).toEqual({
      embeddings: [fakeVector("a")],
      usage: { tokens: 0 },
      warnings: [],
    });
  });

  test("a model that orders its answer itself is not ordered twice; one that cannot be matched is refused", async () => {
    const data = ["b", "a"].map((value, i) => ({ index: 1 - i, embedding: fakeVector(value) }));
    const answering = (embeddings: number[][]): EmbeddingModelV4 => ({
      specificationVersion: "v4",
      provider: "ordering",
      modelId: "m",
      maxEmbeddingsPerCall: 10,
      supportsParallelCalls: true,
      doEmbed: async () => ({ embeddings, warnings: [], response: { body: { data } } }),
    });
    const [a, b] = [fakeVector("a"), fakeVector("b")];
    expect((await fromAiSdk(answering([a, b])).createEmbeddings(["a", "b"])).embeddings).toEqual([a, b]);
    expect((await fromAiSdk(answering([b, a])).createEmbeddings(["a", "b"])).embeddings).toEqual([a, b]);
    await expect(fromAiSdk(answering([a, a])).createEmbeddings(["a", "b"])).rejects.toThrow(/cannot be told/);
  });

  test("headers and abort reach the model, headers are no part of the key", async () => {
    const seen: unknown[] = [];
    const base = createOpenAI({
      apiKey: "sk-test",
      baseURL: server.url,
      fetch: (url, init) => {
        seen.push(new Headers(init?.headers).get("x-trace"));
        return fetch(url, init);
      },
    }).embeddingModel(modelId);
    const model = cached(base);
    await embed({ model, value: "a", headers: { "x-trace": "1" } });
    await embed({ model, value: "a", headers: { "x-trace": "2" } });
    expect(seen).toEqual(["1"]);
    server.failNext("hang");
    const abortSignal = AbortSignal.timeout(50);
    await expect(embed({ model, value: "b", abortSignal })).rejects.toThrow();
    expect(abortSignal.aborted).toBe(true);
  });

  test("of version 3 stays one, and says dimensions in the provider's own words", async () => {
    const inner = MODELS.openai(server.url);
    const v3: EmbeddingModelV3 = {
      specificationVersion: "v3",
      provider: inner.provider,
      modelId: inner.modelId,
      maxEmbeddingsPerCall: 2048,
      supportsParallelCalls: true,
      doEmbed: async ({ values, providerOptions = {} }) => {
        const { warnings: _, ...result } = await inner.doEmbed({ values, providerOptions });
        return { ...result, warnings: [] };
      },
    };
    const model = cached(v3);
    expect(model.specificationVersion).toBe("v3");
    expect((await embed({ model, value: "a", dimensions: 8 })).embedding).toHaveLength(8);
    expect((await embed({ model, value: "a", dimensions: 8 })).embedding).toHaveLength(8);
    expect(server.requests.map(({ body }) => body.dimensions)).toEqual([8]);
    const other = cached({ ...v3, provider: "mine.embedding" });
    await expect(embed({ model: other, value: "a", dimensions: 8, maxRetries: 0 })).rejects.toThrow(
      /version 3, which has no parameter dimensions/,
    );
  });

  test("can be wrapped in middleware, and be a model in it", async () => {
    const middleware = defaultEmbeddingSettingsMiddleware({
      settings: { providerOptions: { openai: { dimensions: 4 } } },
    });
    const directory = folders.next();
    const model = cached(MODELS.openai(server.url), { directory });
    const short = wrapEmbeddingModel({ model, middleware });
    expect((await embed({ model, value: "a" })).embedding).toHaveLength(32);
    expect((await embed({ model: short, value: "a" })).embedding).toHaveLength(4);
    expect((await embed({ model: short, value: "a" })).embedding).toHaveLength(4);
    expect(server.requests).toHaveLength(2);
  });

  test("over middleware is never taken for the bare model, and wrappers are told apart by their identity", async () => {
    const directory = folders.next();
    const wrapped = (dimensions: number) =>
      wrapEmbeddingModel({
        model: MODELS.openai(server.url),
        middleware: defaultEmbeddingSettingsMiddleware({ settings: { providerOptions: { openai: { dimensions } } } }),
      });
    const lengths: number[] = [];
    for (const model of [
      cached(MODELS.openai(server.url), { directory }),
      cached(wrapped(4), { directory }),
      cached(wrapped(8), { directory, identity: { revision: "8" } }),
    ]) {
      lengths.push((await embed({ model, value: "a" })).embedding.length);
    }
    expect(lengths).toEqual([32, 4, 8]);
  });

  test("a name, and another model than its own, are refused", async () => {
    expect(() => fromAiSdk("openai/text-embedding-3-small" as never)).toThrow(/got the name "openai/);
    expect(() => fromAiSdk({ specificationVersion: "v2" } as never)).toThrow(/got specification v2/);
    const embedder = fromAiSdk(MODELS.openai(server.url));
    await expect(embedder.createEmbeddings(["a"], "text-embedding-3-large")).rejects.toThrow(TypeError);
  });

  test("options by purpose are sent and keyed, where the provider treats queries and documents differently", async () => {
    const sent: unknown[] = [];
    const model: EmbeddingModelV4 = {
      specificationVersion: "v4",
      provider: "cohere.textEmbedding",
      modelId: "embed-v4.0",
      maxEmbeddingsPerCall: 96,
      supportsParallelCalls: true,
      doEmbed: async ({ values, providerOptions }) => {
        sent.push(providerOptions);
        return { embeddings: values.map((value) => fakeVector(value)), warnings: [] };
      },
    };
    const providerOptions = (purpose: "query" | "document" | undefined) => ({
      cohere: { inputType: purpose === "query" ? "search_query" : "search_document" },
    });
    const wrapped = cached(model, { providerOptions });
    for (let round = 0; round < 2; round++) {
      await wrapped.embedder.createEmbeddings(["a"], undefined, { purpose: "query" });
      await embed({ model: wrapped, value: "a", providerOptions: { embedOnce: { purpose: "document" } } });
    }
    expect(sent).toEqual([{ cohere: { inputType: "search_query" } }, { cohere: { inputType: "search_document" } }]);
  });
});

describe("over an embedder of another kind", () => {
  function over(options: CacheEmbedderOptions = {}) {
    const base = createProviderEmbedder({ provider: "openai-compatible", model: modelId, baseURL: server.url }, {});
    return toAiSdk(keep(cacheEmbedder(base, { directory: folders.next(), ...options })));
  }

  test("embed and embedMany work, with dimensions among the provider options too", async () => {
    const model = over();
    const { embeddings, usage } = await embedMany({ model, values: ["a", "b"] });
    expect(embeddings).toHaveLength(2);
    expect(usage).toEqual({ tokens: 2 });
    expect((await embed({ model, value: "a" })).usage).toEqual({ tokens: 0 });
    expect((await embed({ model, value: "a", dimensions: 8 })).embedding).toHaveLength(8);
    const providerOptions = { openai: { dimensions: 8 } };
    expect((await embed({ model, value: "a", providerOptions })).embedding).toHaveLength(8);
    expect(server.requests).toHaveLength(2);
  });

  test("what it cannot do is warned of or refused, never silently left out", async () => {
    const model = over();
    const { warnings } = await model.doEmbed({ values: ["a"], providerOptions: { google: { taskType: "X" } } });
    expect(warnings).toEqual([{ type: "unsupported", feature: "providerOptions.google.taskType" }]);
    const content = { google: { content: [[{ text: "x" }]] } };
    await expect(model.doEmbed({ values: ["a"], providerOptions: content })).rejects.toThrow(/texts only/);
    const own = { embedOnce: { purpose: "both" } };
    await expect(model.doEmbed({ values: ["a"], providerOptions: own })).rejects.toThrow(/"query" or "document"/);
  });

  test("purposes reach the embedder", async () => {
    const base = new FakeEmbedder();
    const model = toAiSdk(base, { specificationVersion: "v3" });
    expect(model).toMatchObject({ specificationVersion: "v3", provider: "fake", modelId: "small" });
    await model.doEmbed({ values: ["a"], providerOptions: { embedOnce: { purpose: "query" } } });
    expect(base.requests[0]!.options).toMatchObject({ purpose: "query" });
  });
});

describe("Google's content of single values", () => {
  /** Gemini's batch call: the vector of a value follows from all of its parts. */
  let google: Server;
  let baseURL: string;
  let requests: { parts: { text?: string }[] }[][];
  beforeEach(async () => {
    requests = [];
    google = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString());
      const contents: { parts: { text?: string }[] }[] = (body.requests ?? [body]).map(
        ({ content }: { content: unknown }) => content,
      );
      requests.push(contents);
      const values = contents.map(({ parts }) => ({ values: fakeVector(JSON.stringify(parts)) }));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(body.requests ? { embeddings: values } : { embedding: values[0] }));
    });
    await new Promise<void>((resolve) => google.listen(0, "127.0.0.1", resolve));
    baseURL = `http://127.0.0.1:${(google.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => google.close(resolve)));

  const gemini = () => createGoogle({ apiKey: "k", baseURL }).embeddingModel("gemini-embedding-2");
  const part = (text: string) => [{ text }];

  test("goes with its value through partial hits, and is in the key", async () => {
    const model = cached(gemini());
    const call = (values: string[], content: (ReturnType<typeof part> | null)[]) => ({
      values,
      providerOptions: { google: { taskType: "RETRIEVAL_DOCUMENT", content } },
    });
    const full = call(["a", "b", "c"], [part("x"), null, part("z")]);
    const expected = await embedMany({ model: gemini(), ...full });
    requests = [];
    await embedMany({ model, ...call(["b"], [null]) });
    const partial = await embedMany({ model, ...full });
    expect(requests.map((contents) => contents.map(({ parts }) => parts.map(({ text }) => text).join("+")))).toEqual([
      ["b"],
      ["a+x", "c+z"],
    ]);
    expect(partial.embeddings).toEqual(expected.embeddings);
    expect((await embedMany({ model, ...full })).embeddings).toEqual(expected.embeddings);
    expect(requests).toHaveLength(2);
    const other = await embedMany({ model, ...call(["a", "b", "c"], [part("y"), null, part("z")]) });
    expect(requests[2]!.map(({ parts }) => parts)).toEqual([[{ text: "a" }, { text: "y" }]]);
    expect(other.embeddings[0]).not.toEqual(expected.embeddings[0]);
  });

  test("and a text that looks like a value with its content are two", async () => {
    const model = cached(gemini());
    const options = { taskType: "RETRIEVAL_DOCUMENT" };
    const google = { ...options, content: [part("x")] };
    const { embeddings } = await model.doEmbed({ values: ["a"], providerOptions: { google } });
    const text = '["a",[{"text":"x"}]]';
    const other = await model.doEmbed({ values: [text], providerOptions: { google: options } });
    expect(requests).toHaveLength(2);
    expect(other.embeddings).not.toEqual(embeddings);
  });

  test("of another length than the values is refused", async () => {
    const model = cached(gemini());
    const providerOptions = { google: { content: [part("x")] } };
    await expect(model.doEmbed({ values: ["a", "b"], providerOptions })).rejects.toThrow(
      /one entry a value, got 1 for 2/,
    );
    expect(requests).toHaveLength(0);
  });

  test("the usage that Gemini does not report stays unknown, not zero", async () => {
    const model = cached(gemini());
    expect((await model.doEmbed({ values: ["a", "b"] })).usage).toBeUndefined();
    expect((await model.doEmbed({ values: ["a", "b"] })).usage).toEqual({ tokens: 0 });
  });

  test("options of single values of another kind go past the cache", async () => {
    const inner = gemini();
    const transformer = Symbol.for("vercel.ai.embeddingModel.providerOptionsTransformer");
    const model = cached(
      Object.assign(inner, { [transformer]: () => ({ google: { taskType: "OF_THE_PART" } }) }) as typeof inner,
    );
    const providerOptions = { google: { taskType: "RETRIEVAL_QUERY" } };
    for (let round = 0; round < 2; round++) await model.doEmbed({ values: ["a", "b"], providerOptions });
    expect(requests).toHaveLength(2);
  });
});
