import { Embeddings, type EmbeddingsInterface } from "@langchain/core/embeddings";
import { FakeVectorStore } from "@langchain/core/utils/testing";
import { OpenAIEmbeddings } from "@langchain/openai";
import { afterAll, afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { cacheLangChain, fromLangChain, toLangChain } from "../../src/adapter/langchain.ts";
import { type CachedEmbedder, cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import type { CacheEmbedderOptions } from "../../src/embedder/options.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import { embedderSuite } from "../../src/testing/embedder-suite.ts";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";
import { FakeEmbedder, fakeVector } from "../embedder/fake-embedder.ts";
import { bits, temporaryFolders } from "./bits.ts";

const folders = temporaryFolders();
const model = "text-embedding-3-small";
const identity = { provider: "openai", model };
let server: ProviderServer;
let opened: CachedEmbedder[] = [];

beforeEach(async () => {
  server = await startProviderServer({ models: { [model]: 32 } });
});
afterEach(async () => {
  for (const embedder of opened) await embedder.close();
  opened = [];
  await server.close();
});
afterAll(() => folders.remove());

function cached(embedder: Parameters<typeof cacheEmbedder>[0], options: CacheEmbedderOptions = {}): CachedEmbedder {
  const result = cacheEmbedder(embedder, { directory: folders.next(), ...options });
  opened.push(result);
  return result;
}

function openAIEmbeddings(url: string): OpenAIEmbeddings {
  const configuration = { baseURL: url };
  return new OpenAIEmbeddings({ apiKey: "sk-test", model, stripNewLines: false, maxRetries: 0, configuration });
}

/** Embeddings of one's own that treat queries differently. */
class OwnEmbeddings extends Embeddings {
  readonly calls: string[] = [];
  constructor() {
    super({ maxRetries: 0 });
  }
  async embedDocuments(documents: string[]): Promise<number[][]> {
    this.calls.push(`documents ${documents.join()}`);
    return documents.map((text) => fakeVector(text));
  }
  async embedQuery(document: string): Promise<number[]> {
    this.calls.push(`query ${document}`);
    return fakeVector(`query: ${document}`);
  }
}

describe("LangChain's OpenAIEmbeddings as an embedder keep the contract", () => {
  embedderSuite(test, async () => {
    const own = await startProviderServer({ models: { [model]: 16 } });
    return {
      embedder: fromLangChain(openAIEmbeddings(own.url), identity),
      requestCount: () => own.requests.length,
      close: () => own.close(),
    };
  });
});

describe("toLangChain and fromLangChain", () => {
  test("fit LangChain's types", () => {
    expectTypeOf(toLangChain(new FakeEmbedder())).toExtend<EmbeddingsInterface>();
    expectTypeOf(fromLangChain).toBeCallableWith(null as unknown as Embeddings, identity);
    expectTypeOf(fromLangChain).toBeCallableWith(null as unknown as EmbeddingsInterface, identity);
  });

  test("LangChain's own embeddings, cached: the same bits, and the second time nobody is asked", async () => {
    const plain = openAIEmbeddings(server.url);
    const documents = ["a", "b", "a"];
    const expected = await plain.embedDocuments(documents);
    const query = await plain.embedQuery("a");
    const before = server.requests.length;
    const embeddings = toLangChain(cached(fromLangChain(plain, { ...identity, purposes: "same" })));
    for (let round = 0; round < 2; round++) {
      expect(bits(await embeddings.embedDocuments(documents))).toEqual(bits(expected));
      expect(bits([await embeddings.embedQuery("a")])).toEqual(bits([query]));
    }
    expect(server.requests).toHaveLength(before + 1);
    expect(embeddings.embedder.statistics()).toMatchObject({ misses: 2, requestsMade: 1 });
  });

  test("queries go to embedQuery, documents to embedDocuments, and their vectors do not mix", async () => {
    const own = new OwnEmbeddings();
    const embeddings = toLangChain(cached(fromLangChain(own, { provider: "own", model: "m" })));
    for (let round = 0; round < 2; round++) {
      expect(await embeddings.embedDocuments(["a", "b"])).toEqual([fakeVector("a"), fakeVector("b")]);
      expect(await embeddings.embedQuery("a")).toEqual(fakeVector("query: a"));
    }
    expect(own.calls).toEqual(["documents a,b", "query a"]);
  });

  test("a vector store of LangChain works over any embedder, with purposes, model and dimensions", async () => {
    const base = new FakeEmbedder();
    const store = await FakeVectorStore.fromTexts(["first", "second"], [{}, {}], toLangChain(cached(base), {}));
    const [found] = await store.similaritySearch("second", 1);
    expect(found!.pageContent).toBe("second");
    expect(base.requests.map(({ options }) => options?.purpose)).toEqual(["document", "query"]);

    const provider = createProviderEmbedder({ provider: "openai-compatible", model, baseURL: server.url }, {});
    const short = toLangChain(cached(provider), { model, dimensions: 8 });
    expect(await short.embedQuery("a")).toHaveLength(8);
  });

  test("an answer that does not fit the texts is refused", async () => {
    const embedder = cached(fromLangChain(openAIEmbeddings(server.url), identity));
    server.failNext("fewer-vectors");
    await expect(embedder.createEmbeddings(["a", "b"])).rejects.toThrow();
    expect((await embedder.createEmbeddings(["a", "b"])).embeddings).toHaveLength(2);
    expect(server.textsEmbedded("a")).toBe(2);
  });

  test("what LangChain embeddings cannot do a call is refused", async () => {
    const embedder = fromLangChain(new OwnEmbeddings(), { provider: "own", model: "m", dimensions: 16 });
    await embedder.createEmbeddings(["a"], "m", { dimensions: 16 });
    await expect(embedder.createEmbeddings(["a"], "n")).rejects.toThrow(/no model a call: got "n", these have "m"/);
    await expect(embedder.createEmbeddings(["a"], "m", { dimensions: 8 })).rejects.toThrow(
      /no dimensions a call: got 8/,
    );
    expect(() => fromLangChain({} as Embeddings, identity)).toThrow(/embedDocuments and embedQuery, got object/);
    expect(() => fromLangChain(new OwnEmbeddings(), { provider: "", model: "m" })).toThrow(/whose vectors these are/);
  });
});

describe("cacheLangChain", () => {
  test("is the three parts in one", async () => {
    const embeddings = cacheLangChain(openAIEmbeddings(server.url), identity, { directory: folders.next() });
    opened.push(embeddings.embedder);
    expectTypeOf(embeddings).toExtend<EmbeddingsInterface>();
    const expected = await openAIEmbeddings(server.url).embedDocuments(["a", "b"]);
    const before = server.requests.length;
    expect(bits(await embeddings.embedDocuments(["a", "b"]))).toEqual(bits(expected));
    expect(bits(await embeddings.embedDocuments(["b", "a"]))).toEqual(bits(expected.toReversed()));
    expect(server.requests).toHaveLength(before + 1);
  });

  test("leaves retries to LangChain", async () => {
    server.failNext({ status: 500 }, 9);
    const embeddings = cacheLangChain(openAIEmbeddings(server.url), identity, { directory: folders.next() });
    opened.push(embeddings.embedder);
    await expect(embeddings.embedDocuments(["a"])).rejects.toMatchObject({ status: 500 });
    expect(server.requests).toHaveLength(1);
  });
});
