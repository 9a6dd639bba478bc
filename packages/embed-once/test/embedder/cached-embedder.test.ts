import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import type { Embedder } from "../../src/core/embedder.ts";
import { type CachedEmbedder, cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import type { EmbedderEvent } from "../../src/embedder/events.ts";
import type { CacheEmbedderOptions } from "../../src/embedder/options.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import { embedderSuite } from "../../src/testing/embedder-suite.ts";
import { startProviderServer } from "../../src/testing/provider-server.ts";
import { deferred, FakeEmbedder, fakeVector } from "./fake-embedder.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-wrapper-"));
const opened: CachedEmbedder[] = [];
afterAll(async () => {
  for (const embedder of opened) await embedder.close();
  rmSync(folder, { recursive: true });
});
let count = 0;
const newDirectory = () => join(folder, String(count++));

function cached(base: Embedder, options: CacheEmbedderOptions = {}): CachedEmbedder {
  const embedder = cacheEmbedder(base, { directory: newDirectory(), ...options });
  opened.push(embedder);
  return embedder;
}

function bits(vectors: readonly (readonly number[])[]): BigUint64Array[] {
  return vectors.map((vector) => new BigUint64Array(Float64Array.from(vector).buffer));
}

describe("a cached embedder keeps the contract of an embedder", () => {
  embedderSuite(test, async () => {
    const embedder = cacheEmbedder(new FakeEmbedder(), { directory: newDirectory() });
    return { embedder, close: () => embedder.close() };
  });
});

describe("hits and misses", () => {
  test("the second time nothing is asked of the base and the bits are the same", async () => {
    const base = new FakeEmbedder();
    const embedder = cached(base);
    const first = await embedder.createEmbeddings(["a", "b"]);
    const second = await embedder.createEmbeddings(["b", "a"]);
    expect(base.requests).toHaveLength(1);
    expect(bits(second.embeddings)).toEqual(bits([fakeVector("b"), fakeVector("a")]));
    expect(bits(first.embeddings)).toEqual(bits([fakeVector("a"), fakeVector("b")]));
  });

  test("another process' worth of cache serves a new embedder", async () => {
    const directory = newDirectory();
    const first = cached(new FakeEmbedder(), { directory });
    await first.createEmbeddings(["a", "b"]);
    await first.close();
    const base = new FakeEmbedder();
    const { embeddings } = await cached(base, { directory }).createEmbeddings(["a", "b", "c"]);
    expect(base.textsEmbedded).toEqual(["c"]);
    expect(bits(embeddings)).toEqual(bits(["a", "b", "c"].map((text) => fakeVector(text))));
  });

  test("a partial hit sends the misses only and keeps the order", async () => {
    const base = new FakeEmbedder();
    const embedder = cached(base);
    await embedder.createEmbeddings(["b", "d"]);
    const texts = ["a", "b", "c", "d", "e"];
    const { embeddings } = await embedder.createEmbeddings(texts);
    expect(base.requests[1]!.texts).toEqual(["a", "c", "e"]);
    expect(bits(embeddings)).toEqual(bits(texts.map((text) => fakeVector(text))));
  });

  test("duplicates in a batch are sent once and are arrays of their own", async () => {
    const base = new FakeEmbedder();
    const { embeddings } = await cached(base).createEmbeddings(["a", "b", "a", "a"]);
    expect(base.textsEmbedded).toEqual(["a", "b"]);
    embeddings[0]!.fill(5);
    expect(embeddings[2]).toEqual(fakeVector("a"));
    expect(embeddings[3]).toEqual(fakeVector("a"));
  });

  test("the model of a call, its purpose and its dimensions are vectors of their own", async () => {
    const base = new FakeEmbedder();
    base.answer = ({ texts, options, model }) => ({
      embeddings: texts.map((text) => fakeVector(text, model).slice(0, options?.dimensions)),
    });
    const embedder = cached(base);
    const calls = [
      () => embedder.createEmbeddings(["a"]),
      () => embedder.createEmbeddings(["a"], "large"),
      () => embedder.createEmbeddings(["a"], undefined, { purpose: "query" }),
      () => embedder.createEmbeddings(["a"], undefined, { purpose: "document" }),
      () => embedder.createEmbeddings(["a"], undefined, { dimensions: 8 }),
    ];
    for (const call of [...calls, ...calls]) await call();
    expect(base.requests.map(({ model, options }) => [model, options?.purpose, options?.dimensions])).toEqual([
      [undefined, undefined, undefined],
      ["large", undefined, undefined],
      [undefined, "query", undefined],
      [undefined, "document", undefined],
      [undefined, undefined, 8],
    ]);
  });

  test("the default model by name is the default model", async () => {
    const base = new FakeEmbedder();
    const embedder = cached(base);
    await embedder.createEmbeddings(["a"]);
    await embedder.createEmbeddings(["a"], "small");
    expect(base.requests).toHaveLength(1);
  });

  test("asking a known model for its own dimensions is the same as not asking", async () => {
    const server = await startProviderServer();
    const env = { OPENAI_API_KEY: "sk-test" };
    const base = createProviderEmbedder({ provider: "openai", baseURL: server.url }, env);
    const embedder = cached(base);
    await embedder.createEmbeddings(["a"]);
    await embedder.createEmbeddings(["a"], "text-embedding-3-small", { dimensions: 1536, purpose: "query" });
    expect(server.requests).toHaveLength(1);
    await embedder.createEmbeddings(["a"], undefined, { dimensions: 256 });
    expect(server.requests).toHaveLength(2);
    await server.close();
  });

  test("the same text through base64 and through decimals: different bits, each gets its own", async () => {
    const server = await startProviderServer();
    const directory = newDirectory();
    const env = { OPENAI_API_KEY: "sk-test" };
    const answers: number[][][] = [];
    for (let round = 0; round < 2; round++) {
      for (const encoding of ["base64", "float"] as const) {
        const base = createProviderEmbedder({ provider: "openai", baseURL: server.url, encoding }, env);
        const embedder = cached(base, { directory });
        answers.push((await embedder.createEmbeddings(["text"])).embeddings);
        await embedder.close();
      }
    }
    expect(server.requests).toHaveLength(2);
    expect(bits(answers[2]!)).toEqual(bits(answers[0]!));
    expect(bits(answers[3]!)).toEqual(bits(answers[1]!));
    expect(bits(answers[0]!)).not.toEqual(bits(answers[1]!));
    await server.close();
  });

  test("a batch is cut by the base's limits, texts and bytes", async () => {
    const base = new FakeEmbedder();
    const limited = cached(Object.assign(base, { limits: { maxTextsPerRequest: 3, maxBytesPerRequest: 10 } }), {
      maxTextsPerRequest: 50,
    });
    await limited.createEmbeddings(["a", "b", "c", "d", "eeeeeeee", "ffffffff", "g".repeat(20)]);
    expect(base.requests.map(({ texts }) => texts.map((text) => text[0]).join(""))).toEqual(["abc", "de", "f", "g"]);
  });

  test("a batch is cut by tokens, as the base counts them, else as they are estimated", async () => {
    const limits = { maxTextsPerRequest: 9, maxBytesPerRequest: 1_000, maxTokensPerRequest: 6 };
    const texts = ["aaaa", "bbbb", "cccc", "dddd"];
    const estimating = Object.assign(new FakeEmbedder(), { limits });
    await cached(estimating).createEmbeddings(texts);
    expect(estimating.requests.map((request) => request.texts.length)).toEqual([3, 1]);
    const counting = Object.assign(new FakeEmbedder(), { limits, countTokens: () => 3 });
    await cached(counting).createEmbeddings(texts);
    expect(counting.requests.map((request) => request.texts.length)).toEqual([2, 2]);
  });

  test("a call with a model of its own is cut by that model's limits", async () => {
    const most = (maxTextsPerRequest: number) => ({ maxTextsPerRequest, maxBytesPerRequest: 1_000 });
    const limitsOf = (model = "small") => most(model === "small" ? 4 : 1);
    const base = Object.assign(new FakeEmbedder(), { limits: most(4), limitsOf });
    const embedder = cached(base, { maxTextsPerRequest: 3 });
    await embedder.createEmbeddings(["a", "b", "c", "d"]);
    await embedder.createEmbeddings(["a", "b"], "one at a time");
    expect(base.requests.map(({ texts }) => texts.join(""))).toEqual(["abc", "d", "a", "b"]);
  });

  test("usage is what was really sent: zero on full hits, absent where the base reports none", async () => {
    const base = new FakeEmbedder();
    const embedder = cached(base);
    expect((await embedder.createEmbeddings(["aa", "bb"])).usage).toEqual({ promptTokens: 4, totalTokens: 4 });
    expect((await embedder.createEmbeddings(["aa", "c"])).usage).toEqual({ promptTokens: 1, totalTokens: 1 });
    expect((await embedder.createEmbeddings(["aa"])).usage).toEqual({ promptTokens: 0, totalTokens: 0 });
    base.answer = ({ texts }) => ({ embeddings: texts.map((text) => fakeVector(text)) });
    expect(await embedder.createEmbeddings(["dd"])).not.toHaveProperty("usage");
    expect(embedder.statistics().tokensSent).toBe(5);
  });
});

describe("identity", () => {
  class Anonymous extends FakeEmbedder {
    override readonly identity = undefined;
  }

  test.each([
    [{}, /identity\.provider must be a name, got undefined/],
    [{ identity: { provider: "p" } }, /identity\.model must be a name, got undefined/],
    [{ identity: { provider: "", model: "m" } }, /identity\.provider must be a name, got ""/],
  ])("an embedder that does not say who it is is refused: %j", (options, message) => {
    expect(() => cacheEmbedder(new Anonymous(), options)).toThrow(TypeError);
    expect(() => cacheEmbedder(new Anonymous(), options)).toThrow(message);
  });

  test("it is given in the options, and what the base says itself wins", () => {
    expect(cached(new Anonymous(), { identity: { provider: "p", model: "m" } }).identity).toEqual({
      provider: "p",
      model: "m",
    });
    expect(cached(new FakeEmbedder(), { identity: { provider: "p", model: "m", endpoint: "e" } }).identity).toEqual({
      provider: "fake",
      model: "small",
      endpoint: "e",
    });
  });

  test("an embedder written for the code-index interface fits as it is", async () => {
    const codeIndexEmbedder = {
      calls: 0,
      async createEmbeddings(texts: string[], _model?: string) {
        this.calls++;
        return { embeddings: texts.map((text) => fakeVector(text)), usage: { promptTokens: 1, totalTokens: 1 } };
      },
      async validateConfiguration(): Promise<{ valid: boolean; error?: string }> {
        return { valid: true };
      },
      get embedderInfo(): { name: string } {
        return { name: "custom" };
      },
    };
    const embedder = cached(codeIndexEmbedder, { identity: { provider: "custom", model: "m" } });
    await embedder.createEmbeddings(["a"]);
    await embedder.createEmbeddings(["a"]);
    expect(codeIndexEmbedder.calls).toBe(1);
    expect(embedder.unwrap()).toBe(codeIndexEmbedder);
    expect(embedder.embedderInfo.name).toBe("custom");
    expect(await embedder.validateConfiguration()).toEqual({ valid: true });
  });

  test("two providers, endpoints or revisions never share vectors in one directory; an alias does", async () => {
    const directory = newDirectory();
    const requests: number[] = [];
    for (const options of [
      { identity: { provider: "a", model: "m", endpoint: "x" } },
      { identity: { provider: "b", model: "m", endpoint: "x" } },
      { identity: { provider: "a", model: "m", endpoint: "y" } },
      { identity: { provider: "a", model: "m", endpoint: "x" }, revision: "2" },
      { identity: { provider: "a", model: "m", endpoint: "x" }, modelAlias: "ours" },
      { identity: { provider: "b", model: "m2", endpoint: "y" }, modelAlias: "ours" },
      { identity: { provider: "a", model: "m", endpoint: "x" } },
    ]) {
      const base = new Anonymous();
      await cached(base, { directory, ...options }).createEmbeddings(["text"]);
      requests.push(base.requests.length);
    }
    expect(requests).toEqual([1, 1, 1, 1, 1, 0, 0]);
  });
});

describe("answers that break the contract", () => {
  test.each([
    ["fewer vectors", () => ({ embeddings: [fakeVector("a")] }), /gave 1 embeddings for 3 texts/],
    ["more vectors", () => ({ embeddings: new Array(4).fill(fakeVector("a")) }), /gave 4 embeddings for 3 texts/],
    ["no vectors", () => ({}) as never, /gave undefined embeddings for 3 texts/],
    ["nothing", () => undefined as never, /gave undefined embeddings for 3 texts/],
    ["lengths that differ", () => ({ embeddings: [[1, 2], [1], [1, 2]] }), /1 dimensions for text 1, expected 2/],
    ["an empty vector", () => ({ embeddings: [[], [], []] }), /0 dimensions for text 0/],
    ["NaN", () => ({ embeddings: [[1], [2], [Number.NaN]] }), /NaN at dimension 0 of text 2/],
    ["null", () => ({ embeddings: [[1], [null as never], [2]] }), /null at dimension 0 of text 1/],
    ["an infinite number", () => ({ embeddings: [[1], [2], [Infinity]] }), /Infinity at dimension 0 of text 2/],
    [
      "a string",
      () => ({ embeddings: [[1], "AAAA" as never, [2]] }),
      /string instead of an array of numbers for text 1/,
    ],
  ])("%s: an error that names the text, and nothing is stored", async (_, answer, message) => {
    const base = new FakeEmbedder();
    base.answer = answer as FakeEmbedder["answer"];
    const embedder = cached(base);
    await expect(embedder.createEmbeddings(["a", "b", "c"])).rejects.toThrow(message);
    base.answer = undefined;
    expect((await embedder.createEmbeddings(["a", "b", "c"])).embeddings).toEqual(
      ["a", "b", "c"].map((t) => fakeVector(t)),
    );
    expect(base.requests.map(({ texts }) => texts)).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ]);
  });

  test("more dimensions than can be stored, all of one length: the message says what is possible", async () => {
    const base = new FakeEmbedder();
    base.answer = () => ({ embeddings: [new Array(65_537).fill(0.5)] });
    await expect(cached(base).createEmbeddings(["a"])).rejects.toThrow(
      "gave a vector of 65537 dimensions for text 0, expected 1 to 65536",
    );
  });

  test("dimensions that were asked for and not given", async () => {
    const base = new FakeEmbedder();
    await expect(cached(base).createEmbeddings(["a"], undefined, { dimensions: 4 })).rejects.toThrow(
      /16 dimensions for text 0, expected 4/,
    );
  });

  test("what one request brought is kept when a later one fails", async () => {
    const base = new FakeEmbedder();
    const embedder = cached(base, { maxTextsPerRequest: 2, maxConcurrentRequests: 1 });
    base.answer = ({ texts }) => {
      if (texts.includes("e")) throw new Error("rate limit");
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    await expect(embedder.createEmbeddings(["a", "b", "c", "d", "e", "f", "g"])).rejects.toThrow("rate limit");
    base.answer = undefined;
    await embedder.createEmbeddings(["a", "b", "c", "d", "e", "f", "g"]);
    expect(base.requests.map(({ texts }) => texts.join(""))).toEqual(["ab", "cd", "ef", "ef", "g"]);
  });
});

describe("calls at the same time", () => {
  test("share the request for a text, across batches that overlap", async () => {
    const base = new FakeEmbedder();
    const gate = deferred();
    base.gate = gate.promise;
    const embedder = cached(base);
    await embedder.cache();
    const calls = [
      ["a", "b"],
      ["b", "c"],
      ["c", "a"],
    ].map((texts) => embedder.createEmbeddings(texts));
    await vi.waitFor(() => expect(base.requests).toHaveLength(2));
    gate.resolve();
    const [first, second, third] = await Promise.all(calls);
    expect(base.textsEmbedded).toEqual(["a", "b", "c"]);
    expect(first!.embeddings).toEqual([fakeVector("a"), fakeVector("b")]);
    expect(second!.embeddings).toEqual([fakeVector("b"), fakeVector("c")]);
    expect(third!.embeddings).toEqual([fakeVector("c"), fakeVector("a")]);
    first!.embeddings[1]!.fill(0);
    expect(second!.embeddings[0]).toEqual(fakeVector("b"));
  });

  test("one caller's abort ends its call at once and harms nobody else", async () => {
    const base = new FakeEmbedder();
    const gate = deferred();
    base.gate = gate.promise;
    const embedder = cached(base);
    await embedder.cache();
    const controller = new AbortController();
    const first = embedder.createEmbeddings(["a", "b"], undefined, { signal: controller.signal });
    await vi.waitFor(() => expect(base.requests).toHaveLength(1));
    const second = embedder.createEmbeddings(["b"]);
    // Long enough to look it up and to join the first one's request.
    await new Promise(setImmediate);
    controller.abort(new Error("no longer wanted"));
    await expect(first).rejects.toThrow("no longer wanted");
    gate.resolve();
    expect((await second).embeddings).toEqual([fakeVector("b")]);
    expect(base.requests).toHaveLength(1);
  });

  test("a request that nobody waits for any more is aborted, and the text can be asked for again", async () => {
    const base = new FakeEmbedder();
    base.gate = new Promise(() => {});
    const embedder = cached(base);
    await embedder.cache();
    const controller = new AbortController();
    const call = embedder.createEmbeddings(["a"], undefined, { signal: controller.signal });
    await vi.waitFor(() => expect(base.requests).toHaveLength(1));
    controller.abort();
    base.gate = undefined;
    const again = embedder.createEmbeddings(["a"]);
    await expect(call).rejects.toThrow(/abort/i);
    expect(base.requests[0]!.options!.signal!.aborted).toBe(true);
    expect((await again).embeddings).toEqual([fakeVector("a")]);
  });

  test("a text that is asked for again right after an abort stays leased: another wrapper waits for it", async () => {
    const directory = newDirectory();
    const [ours, theirs] = [new FakeEmbedder(), new FakeEmbedder()];
    const embedder = cached(ours, { directory });
    const waiting = deferred();
    const onEvent = ({ type }: EmbedderEvent) => type === "lease-wait" && waiting.resolve();
    const other = cached(theirs, { directory, onEvent });
    await Promise.all([embedder.cache(), other.cache()]);
    const gate = deferred();
    ours.gate = gate.promise;
    const controller = new AbortController();
    const first = embedder.createEmbeddings(["a"], undefined, { signal: controller.signal });
    await vi.waitFor(() => expect(ours.requests).toHaveLength(1));
    controller.abort(new Error("given up"));
    const again = embedder.createEmbeddings(["a"]);
    await expect(first).rejects.toThrow("given up");
    await vi.waitFor(() => expect(ours.requests).toHaveLength(2));
    // The first one's end, its lease with it, is over by now.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const same = other.createEmbeddings(["a"]);
    await Promise.race([waiting.promise, same]);
    gate.resolve();
    expect((await again).embeddings).toEqual((await same).embeddings);
    expect(theirs.requests).toHaveLength(0);
  });

  test.each([0, 1e9])("two wrappers of one cache share a request, with diskBytes %i", async (diskBytes) => {
    const cache = await openCache({ directory: newDirectory(), diskBytes });
    const [ours, theirs] = [new FakeEmbedder(), new FakeEmbedder()];
    const gate = deferred();
    ours.gate = gate.promise;
    const [first, second] = [cached(ours, { cache }), cached(theirs, { cache })];
    const calls = [first.createEmbeddings(["a", "b"])];
    await vi.waitFor(() => expect(ours.requests).toHaveLength(1));
    calls.push(second.createEmbeddings(["b", "c"]));
    await vi.waitFor(() => expect(theirs.textsEmbedded).toEqual(["c"]));
    gate.resolve();
    const answers = await Promise.all(calls);
    expect(answers.map(({ embeddings }) => embeddings)).toEqual([
      [fakeVector("a"), fakeVector("b")],
      [fakeVector("b"), fakeVector("c")],
    ]);
    expect(ours.textsEmbedded).toEqual(["a", "b"]);
    expect(second.statistics()).toMatchObject({ coalesced: 1, misses: 1 });
    await Promise.all([first.close(), second.close()]);
    await cache.close();
  });

  test("what stores nothing is not waited for by whoever stores", async () => {
    const cache = await openCache({ diskBytes: 0 });
    const base = new FakeEmbedder();
    const gate = deferred();
    base.gate = gate.promise;
    const reading = cached(base, { cache, mode: "read-only" }).createEmbeddings(["a"]);
    await vi.waitFor(() => expect(base.requests).toHaveLength(1));
    await cached(new FakeEmbedder(), { cache }).createEmbeddings(["a"]);
    expect(cache.statistics().tiers.L2.entries).toBe(1);
    gate.resolve();
    await reading;
  });

  test("what another wrapper stored between the look and the lease is not asked for again", async () => {
    const cache = await openCache({ directory: newDirectory() });
    const late = new Proxy(cache, {
      get(target, name) {
        if (name === "lease") {
          return async (keys: Uint8Array[]) => {
            await target.setMany(keys.map((key) => ({ key, vector: fakeVector("a") })));
            return target.lease(keys);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const base = new FakeEmbedder();
    const embedder = cacheEmbedder(base, { cache: late });
    expect((await embedder.createEmbeddings(["a"])).embeddings).toEqual([fakeVector("a")]);
    expect(base.requests).toHaveLength(0);
    expect(embedder.statistics()).toMatchObject({ textsAsked: 1, misses: 0, hits: { L2: 1 } });
    await cache.close();
  });

  test("a caller who joined a request that fails asks for its own texts by itself", async () => {
    const base = new FakeEmbedder();
    const gate = deferred();
    base.gate = gate.promise;
    base.answer = ({ texts }) => {
      if (texts.includes("poison")) throw new Error("text 1 is too long");
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    const embedder = cached(base);
    await embedder.cache();
    const first = embedder.createEmbeddings(["a", "poison"]);
    const second = embedder.createEmbeddings(["a"]);
    gate.resolve();
    await expect(first).rejects.toThrow("too long");
    expect((await second).embeddings).toEqual([fakeVector("a")]);
    expect(base.requests.map(({ texts }) => texts)).toEqual([["a", "poison"], ["a"]]);
  });

  test("an aborted signal makes no request at all", async () => {
    const base = new FakeEmbedder();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(cached(base).createEmbeddings(["a"], undefined, { signal })).rejects.toThrow("too late");
    expect(base.requests).toHaveLength(0);
  });

  test("random overlapping calls, failures and aborts: every answer is right, and every text counted", async () => {
    const text = fc.constantFrom("a", "b", "c", "d", "e", "f");
    const call = fc.record({
      texts: fc.array(text, { maxLength: 6 }),
      abortAfterTurns: fc.option(fc.nat(6), { nil: undefined, freq: 3 }),
    });
    const failures = fc.array(fc.boolean(), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), failures, async (calls, failing) => {
        const base = new FakeEmbedder();
        const mayFail = failing.includes(true);
        base.answer = async ({ texts }) => {
          for (let turn = 0; turn < texts.length; turn++) await new Promise(setImmediate);
          if (failing.pop()) throw new Error("unlucky");
          return { embeddings: texts.map((text) => fakeVector(text)) };
        };
        const cache = await openCache({ diskBytes: 0 });
        const embedder = cacheEmbedder(base, { cache, maxTextsPerRequest: 2 });
        const settled = await Promise.allSettled(
          calls.map(async ({ texts, abortAfterTurns }) => {
            const controller = new AbortController();
            const answer = embedder.createEmbeddings(texts, undefined, { signal: controller.signal });
            answer.catch(() => {});
            if (abortAfterTurns !== undefined) {
              for (let turn = 0; turn < abortAfterTurns; turn++) await new Promise(setImmediate);
              controller.abort(new Error("given up"));
            }
            return answer;
          }),
        );
        for (const [i, outcome] of settled.entries()) {
          if (outcome.status === "fulfilled") {
            expect(bits(outcome.value.embeddings)).toEqual(bits(calls[i]!.texts.map((text) => fakeVector(text))));
          } else {
            expect(outcome.reason.message).toMatch(/^(unlucky|given up)( \(\d of \d texts are done and kept\))?$/);
          }
        }
        const { textsAsked, hits, coalesced, misses } = embedder.statistics();
        expect(textsAsked).toBe(hits.L1 + hits.L2 + hits.L3 + coalesced + misses);
        if (!mayFail && calls.every(({ abortAfterTurns }) => abortAfterTurns === undefined)) {
          expect(base.textsEmbedded.length).toBe(new Set(base.textsEmbedded).size);
        }
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});

describe("never worse than no cache", () => {
  test("a directory that cannot be had: the base answers, and it is told once", async () => {
    const directory = newDirectory();
    writeFileSync(directory, "in the way");
    const notices: string[] = [];
    const base = new FakeEmbedder();
    const embedder = cached(base, { directory, onNotice: (message) => notices.push(message) });
    for (let i = 0; i < 2; i++) expect((await embedder.createEmbeddings(["a"])).embeddings).toEqual([fakeVector("a")]);
    expect(base.requests).toHaveLength(1);
    expect(notices).toHaveLength(1);
  });

  test("a cache that refuses to store: the vectors that were paid for are given, the fault is counted", async () => {
    const cache = await openCache({ directory: newDirectory(), onNotice: () => {} });
    await cache.close();
    const base = new FakeEmbedder();
    const embedder = cacheEmbedder(base, { cache });
    expect((await embedder.createEmbeddings(["a"])).embeddings).toEqual([fakeVector("a")]);
    expect(embedder.statistics().cache!.degraded.length).toBeGreaterThan(0);
  });

  test("garbage in the cache file's place is set aside, and the base answers", async () => {
    const directory = newDirectory();
    await cached(new FakeEmbedder(), { directory }).createEmbeddings(["a"]);
    await opened.at(-1)!.close();
    writeFileSync(join(directory, "vectors-v2.lmdb"), "garbage".repeat(5_000));
    const notices: string[] = [];
    const base = new FakeEmbedder();
    await cached(base, { directory, onNotice: (message) => notices.push(message) }).createEmbeddings(["a"]);
    expect(base.textsEmbedded).toEqual(["a"]);
    expect(notices).toEqual([expect.stringContaining("set aside")]);
  });
});

describe("the wrapper itself", () => {
  test("opens nothing before its first use, and nothing for an empty call", async () => {
    const directory = newDirectory();
    const embedder = cached(new FakeEmbedder(), { directory });
    expect(await embedder.createEmbeddings([])).toEqual({ embeddings: [], usage: { promptTokens: 0, totalTokens: 0 } });
    expect(existsSync(directory)).toBe(false);
    await embedder.close();
    expect(existsSync(directory)).toBe(false);
  });

  test("no text is on disk", async () => {
    const directory = newDirectory();
    const embedder = cached(new FakeEmbedder(), { directory });
    await embedder.createEmbeddings(["a very secret sentence"]);
    await embedder.close();
    for (const file of readdirSync(directory)) {
      expect(readFileSync(join(directory, file)).includes("secret")).toBe(false);
    }
  });

  test("close waits for the calls under way, and what they bring is kept and counted", async () => {
    const directory = newDirectory();
    const base = new FakeEmbedder();
    const gate = deferred();
    base.gate = gate.promise;
    const embedder = cached(base, { directory });
    const call = embedder.createEmbeddings(["a"]);
    const closed = embedder.close();
    await vi.waitFor(() => expect(base.requests).toHaveLength(1));
    gate.resolve();
    expect((await call).embeddings).toEqual([fakeVector("a")]);
    await closed;
    const next = cached(new FakeEmbedder(), { directory, mode: "offline" });
    expect((await next.createEmbeddings(["a"])).embeddings).toEqual([fakeVector("a")]);
    expect((await next.cache()).lifetime().total).toMatchObject({ embeddingsMade: 1 });
  });

  test("after close the cache is refused as well: nobody would close it", async () => {
    for (const opens of [true, false]) {
      const directory = newDirectory();
      const embedder = cached(new FakeEmbedder(), { directory });
      if (opens) await embedder.cache();
      await embedder.close();
      await expect(embedder.cache()).rejects.toThrow("the embedder fake is closed");
      expect(existsSync(directory)).toBe(opens);
    }
  });

  test("after close a call is refused, and closing twice is no fault", async () => {
    const embedder = cached(new FakeEmbedder());
    await embedder.createEmbeddings(["a"]);
    await Promise.all([embedder.close(), embedder.close()]);
    await expect(embedder.createEmbeddings(["a"])).rejects.toThrow("closed");
  });

  test("counts what it did, and its lifetime figures outlive it", async () => {
    const directory = newDirectory();
    const embedder = cached(new FakeEmbedder(), { directory, maxTextsPerRequest: 2 });
    await embedder.createEmbeddings(["a", "b", "c", "a"]);
    await embedder.createEmbeddings(["a", "b", "c"]);
    expect(embedder.statistics()).toMatchObject({
      textsAsked: 7,
      coalesced: 1,
      misses: 3,
      embeddingsMade: 3,
      requestsFailed: 0,
      requestsMade: 2,
      requestsSaved: 2,
      hits: { L1: 0, L2: 3, L3: 0 },
      cache: { stored: { vectors: 3, numberArrayBytes: 3 * 16 * 8, float32Bytes: 3 * 16 * 4 } },
    });
    await embedder.close();
    const cache = await openCache({ directory });
    const { total, models } = cache.lifetime();
    expect(total).toMatchObject({ textsAsked: 7, hits: { L2: 3 }, embeddingsMade: 3, requestsMade: 2 });
    expect(total.stored).toMatchObject({ vectors: 3, numberArrayBytes: 3 * 16 * 8 });
    expect(models).toEqual({ small: total });
    await cache.close();
  });

  test.each([
    [{ maxTextsPerRequest: 0 }, /maxTextsPerRequest must be a whole number of at least 1, got 0/],
    [{ hotBytes: -5 }, /hotBytes .* got -5/],
  ])("refuses %j at once", (options, message) => {
    expect(() => cacheEmbedder(new FakeEmbedder(), options)).toThrow(message);
  });

  test("refuses a model whose name cannot be stored before anything is paid", async () => {
    const name = "m".repeat(65_536);
    const base = new FakeEmbedder();
    await expect(cached(base).createEmbeddings(["a"], name)).rejects.toThrow(RangeError);
    expect(base.requests).toEqual([]);
    class Nameless extends FakeEmbedder {
      override readonly identity = undefined;
    }
    expect(() => cacheEmbedder(new Nameless(), { identity: { provider: "p", model: name } })).toThrow(RangeError);
  });

  test("refuses what is no embedder", () => {
    expect(() => cacheEmbedder({} as Embedder)).toThrow(/embedder with createEmbeddings\(texts\), got object/);
  });
});
