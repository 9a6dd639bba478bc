import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import type { Embedder, EmbeddingResponse } from "../../src/core/embedder.ts";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { checkResponse } from "../../src/embedder/response-check.ts";
import { FakeEmbedder, fakeVector } from "./fake-embedder.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-answers-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());
let count = 0;
const newDirectory = () => join(folder, String(count++));

function answering(answer: (texts: readonly string[]) => unknown): FakeEmbedder {
  const base = new FakeEmbedder();
  base.answer = ({ texts }) => answer(texts) as EmbeddingResponse;
  return base;
}

describe("the usage of an answer", () => {
  const NO_USAGE = [
    null,
    undefined,
    "3",
    3,
    {},
    { prompt_tokens: 5 },
    { promptTokens: 5 },
    { promptTokens: 5, totalTokens: "5" },
    { promptTokens: Number.NaN, totalTokens: 5 },
    { promptTokens: 5, totalTokens: Number.POSITIVE_INFINITY },
    { promptTokens: -5, totalTokens: 5 },
  ];

  test.each(NO_USAGE)("that is %j is one that was not told: the vectors are given and kept", async (usage) => {
    const base = answering((texts) => ({ embeddings: texts.map((text) => fakeVector(text)), usage }));
    const events: unknown[] = [];
    await using embedder = cacheEmbedder(base, { diskBytes: 0, onEvent: (event) => events.push(event) });
    for (let i = 0; i < 2; i++) {
      const { embeddings } = await embedder.createEmbeddings(["a", "b"]);
      expect(embeddings).toEqual([fakeVector("a"), fakeVector("b")]);
    }
    expect(base.requests).toHaveLength(1);
    expect(embedder.statistics()).toMatchObject({ tokensSent: 0, requestsFailed: 0, retries: 0 });
    expect(events).toContainEqual({ type: "response", textCount: 2, usage: undefined });
  });

  test("that cannot be read is one that was not told", () => {
    const response = {
      embeddings: [[1]],
      get usage(): never {
        throw new Error("no usage today");
      },
    };
    expect(checkResponse(response, 1, "odd")).toEqual({ vectors: [[1]], usage: undefined });
  });

  test("that is none leaves what the directory has counted as it was", async () => {
    const directory = newDirectory();
    const embed = async (usage: unknown, text: string) => {
      const base = answering(() => ({ embeddings: [[1, 2]], usage }));
      await using embedder = cacheEmbedder(base, { directory });
      await embedder.createEmbeddings([text]);
    };
    await embed({ promptTokens: 1000, totalTokens: 1000 }, "counted");
    for (const [i, usage] of NO_USAGE.entries()) await embed(usage, `not counted ${i}`);
    await using cache = await openCache({ directory });
    expect(cache.lifetime().total).toMatchObject({ tokensSent: 1000, embeddingsMade: 1 + NO_USAGE.length });
  });

  test("counters that are no numbers never reach the sums of the directory", async () => {
    await using cache = await openCache({ directory: newDirectory() });
    await cache.addLifetime({ "tokensSent m": 7 });
    await cache.addLifetime({ "tokensSent m": Number.NaN, "tokensSaved m": 2 });
    expect(cache.lifetime().total).toMatchObject({ tokensSent: 7, tokensSaved: 2 });
  });
});

describe("an answer that is paid for", () => {
  test("outlives a listener that throws, and a price that cannot be told", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const base = Object.assign(new FakeEmbedder(), {
      pricePerMillionTokens: () => {
        throw new Error("no such model");
      },
    });
    const onEvent = () => {
      throw new Error("not my day");
    };
    await using embedder = cacheEmbedder(base, { diskBytes: 0, onEvent });
    for (let i = 0; i < 2; i++) expect((await embedder.createEmbeddings(["a"])).embeddings).toEqual([fakeVector("a")]);
    expect(base.requests).toHaveLength(1);
    expect(embedder.statistics()).toMatchObject({ tokensSent: 1, dollarsSent: null });
    expect(warn).toHaveBeenCalledWith("onEvent threw: not my day", "EmbedOnceWarning");
  });

  test("outlives a listener of notices that throws", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const onNotice = () => {
      throw new Error("not my day");
    };
    const base = answering(() => ({ embeddings: [[1, 2]] }));
    await using embedder = cacheEmbedder(base, { diskBytes: 0, verifyFraction: 1, onNotice });
    await embedder.createEmbeddings(["a"]);
    base.answer = () => ({ embeddings: [[2, -1]] });
    expect((await embedder.createEmbeddings(["a"])).embeddings).toEqual([[1, 2]]);
    expect(embedder.statistics().verified.changed).toBe(1);
    expect(warn).toHaveBeenCalledWith("onNotice threw: not my day", "EmbedOnceWarning");
  });

  test("is not asked for from an embedder without a name", () => {
    const base = { createEmbeddings: async () => ({ embeddings: [[1]] }), identity: { provider: "p", model: "m" } };
    expect(() => cacheEmbedder(base as unknown as Embedder)).toThrow(TypeError);
    expect(() => cacheEmbedder(base as unknown as Embedder)).toThrow(/embedderInfo\.name, got undefined/);
  });
});

/** Its own methods make further ones by a constructor that takes no length. */
class Vec extends Array<number> {
  constructor(values: Iterable<number>) {
    super();
    for (const value of values) this.push(value);
  }
}

/** Gives another number each time that index 0 is read. */
function restless(): number[] {
  let reads = 0;
  return Object.defineProperty([0, 0.5, 0.25], 0, { get: () => ++reads });
}

/** In memory only, as numbers or as records, and on disk only. */
const PLACES = [
  ["L1", { compressedBytes: 0, diskBytes: 0 }],
  ["L2", { hotBytes: 0, diskBytes: 0 }],
  ["L3", { hotBytes: 0, compressedBytes: 0 }],
] as const;

describe.each(PLACES)("arrays that the base hands out, stored in %s", (tier, budgets) => {
  const options = () => ({ directory: newDirectory(), ...budgets });

  test("may be of a class of its own: what is given and stored are plain arrays", async () => {
    const base = answering((texts) => ({ embeddings: texts.map((text) => new Vec(fakeVector(text))) }));
    await using embedder = cacheEmbedder(base, options());
    for (let i = 0; i < 2; i++) {
      const { embeddings } = await embedder.createEmbeddings(["a", "b", "a"]);
      expect(embeddings).toEqual(["a", "b", "a"].map((text) => fakeVector(text)));
      for (const vector of embeddings) expect(vector.constructor).toBe(Array);
    }
    expect(base.requests).toHaveLength(1);
    expect(embedder.statistics().hits[tier]).toBe(2);
  });

  test("are read once: the caller gets the bits that are stored", async () => {
    const base = answering(() => ({ embeddings: [restless()] }));
    await using embedder = cacheEmbedder(base, options());
    const [first, second] = [await embedder.createEmbeddings(["a"]), await embedder.createEmbeddings(["a"])];
    expect(first.embeddings).toEqual([[1, 0.5, 0.25]]);
    expect(second.embeddings).toEqual(first.embeddings);
  });

  test("may be used again by the base as soon as it has answered", async () => {
    const shared = [0, 0, 0];
    const base = answering(async ([text]) => {
      // The answers come one after the other, each while those before are being stored.
      for (let turn = 0; turn < text!.length; turn++) await new Promise(setImmediate);
      shared.fill(text!.length);
      return { embeddings: [shared] };
    });
    await using embedder = cacheEmbedder(base, options());
    const texts = ["a", "bb", "ccc"];
    const expected = texts.map(({ length }) => [length, length, length]);
    for (let i = 0; i < 2; i++) {
      const calls = await Promise.all(texts.map((text) => embedder.createEmbeddings([text])));
      expect(calls.map(({ embeddings }) => embeddings[0])).toEqual(expected);
      shared.fill(99);
    }
    expect(base.requests).toHaveLength(3);
  });

  test("that a cache is given directly are read once, too", async () => {
    await using cache = await openCache(options());
    const key = (id: number) => new Uint8Array(32).fill(id);
    await cache.setMany([
      { key: key(1), vector: new Vec([1, 2, 3]) },
      { key: key(2), vector: restless() },
    ]);
    const found = () => cache.getMany([key(1), key(2)]);
    expect(found()).toEqual([
      [1, 2, 3],
      [1, 0.5, 0.25],
    ]);
    expect(found()).toEqual(found());
  });
});

test("typed arrays are vectors, copied into plain arrays of the same numbers", () => {
  const floats = [Float32Array.of(0.1, -0), Float64Array.of(0.1, -0)];
  const { vectors } = checkResponse({ embeddings: floats as never }, 2, "typed");
  expect(vectors).toEqual([
    [Math.fround(0.1), -0],
    [0.1, -0],
  ]);
});
