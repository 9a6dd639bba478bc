import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import { type CachedEmbedder, cacheEmbedderWithClock } from "../../src/embedder/cached-embedder.ts";
import { EmbeddingsFailedError } from "../../src/embedder/errors.ts";
import type { EmbedderEvent } from "../../src/embedder/events.ts";
import type { CacheEmbedderOptions } from "../../src/embedder/options.ts";
import { ProviderError } from "../../src/provider/provider-error.ts";
import { deferred, FakeEmbedder, type FakeRequest, fakeVector } from "./fake-embedder.ts";
import { TestClock } from "./test-clock.ts";

const opened: CachedEmbedder[] = [];
afterEach(async () => {
  for (const embedder of opened.splice(0)) await embedder.close();
});

function cached(base: FakeEmbedder, options: CacheEmbedderOptions = {}, clock = new TestClock()): CachedEmbedder {
  const embedder = cacheEmbedderWithClock(base, { diskBytes: 0, ...options }, clock);
  opened.push(embedder);
  return embedder;
}

function failing(status: number, message = "failed", fields: object = {}): Error {
  return Object.assign(new Error(message), { status, ...fields });
}

/** Answers as usual, but for the first requests, which fail with these errors. */
function failFirst(base: FakeEmbedder, ...errors: Error[]): void {
  base.answer = ({ texts }) => {
    const error = errors.shift();
    if (error) throw error;
    return { embeddings: texts.map((text) => fakeVector(text)) };
  };
}

const letters = (count: number) => Array.from({ length: count }, (_, i) => String.fromCodePoint(97 + i));

describe("a failure that may pass", () => {
  test("is tried again after delays that double, less their random part", async () => {
    const base = new FakeEmbedder();
    const clock = new TestClock();
    failFirst(base, failing(429), failing(503), failing(500));
    const events: EmbedderEvent[] = [];
    const embedder = cached(base, { onEvent: (event) => events.push(event) }, clock);
    expect((await embedder.createEmbeddings(["a"])).embeddings).toEqual([fakeVector("a")]);
    expect(clock.delaysMs).toEqual([500, 1_000, 2_000]);
    expect(embedder.statistics()).toMatchObject({ requestsMade: 4, requestsFailed: 3, retries: 3, embeddingsMade: 1 });
    expect(events.map(({ type }) => type)).toEqual([
      ...Array(3).fill(["request", "failure", "retry"]).flat(),
      "request",
      "response",
    ]);
  });

  test("the random part is at most half", async () => {
    const base = new FakeEmbedder();
    const clock = new TestClock();
    clock.chance = 0;
    failFirst(base, failing(500));
    await cached(base, {}, clock).createEmbeddings(["a"]);
    expect(clock.delaysMs).toEqual([250]);
  });

  test("waits as long as the provider asks", async () => {
    const base = new FakeEmbedder();
    const clock = new TestClock();
    failFirst(base, failing(429, "slow down", { headers: { "retry-after": "11" } }));
    await cached(base, {}, clock).createEmbeddings(["a"]);
    expect(clock.delaysMs).toEqual([11_000]);
  });

  test("a wait that is too long is told at once", async () => {
    const base = new FakeEmbedder();
    failFirst(base, failing(429, "come back tomorrow", { headers: { "retry-after": "86400" } }));
    await expect(cached(base).createEmbeddings(["a"])).rejects.toThrow("come back tomorrow");
    expect(base.requests).toHaveLength(1);
  });

  test("is given up after maxRetries, and nothing is tried where they are 0", async () => {
    for (const maxRetries of [0, 2]) {
      const base = new FakeEmbedder();
      failFirst(base, ...Array.from({ length: 9 }, () => failing(500, "still down")));
      await expect(cached(base, { maxRetries }).createEmbeddings(["a"])).rejects.toThrow("still down");
      expect(base.requests).toHaveLength(maxRetries + 1);
    }
  });

  test("options that are undefined are those by default", async () => {
    const base = new FakeEmbedder();
    const clock = new TestClock();
    failFirst(base, ...Array.from({ length: 9 }, () => failing(503, "still down")));
    const unset = { maxRetries: undefined, firstDelayMs: undefined, maxDelayMs: undefined, maxRetryAfterMs: undefined };
    await expect(cached(base, unset, clock).createEmbeddings(["a"])).rejects.toThrow("still down");
    expect(clock.delaysMs).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
    failFirst(base, failing(429, "come back tomorrow", { headers: { "retry-after": "86400" } }));
    await expect(cached(base, unset).createEmbeddings(["b"])).rejects.toThrow("come back tomorrow");
  });

  test("a provider that asks for no wait is not hammered", async () => {
    const base = new FakeEmbedder();
    const clock = new TestClock();
    failFirst(base, failing(429, "slow down", { headers: { "retry-after": "0" } }));
    await cached(base, {}, clock).createEmbeddings(["a"]);
    expect(clock.delaysMs).toEqual([500]);
  });

  test("a model that does not exist is told at once, not blamed on a text", async () => {
    const base = new FakeEmbedder();
    base.answer = () => {
      throw failing(400, "Model voyage-5 is not supported");
    };
    const failure = cached(base).createEmbeddings(letters(20));
    await expect(failure).rejects.toThrow("Model voyage-5 is not supported");
    await expect(failure).rejects.not.toThrow(/text 0/);
    expect(base.requests).toHaveLength(1);
  });

  test("a server that is not there is told after two further attempts", async () => {
    const base = new FakeEmbedder();
    base.answer = () => {
      throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
    };
    await expect(cached(base).createEmbeddings(["a"])).rejects.toThrow("fetch failed");
    expect(base.requests).toHaveLength(3);
  });

  test("an abort ends the waiting at once", async () => {
    const base = new FakeEmbedder();
    failFirst(base, failing(500), failing(500));
    const controller = new AbortController();
    const clock = new TestClock();
    clock.sleep = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const call = cached(base, {}, clock).createEmbeddings(["a"], undefined, { signal: controller.signal });
    await vi.waitFor(() => expect(base.requests).toHaveLength(1));
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    expect(base.requests).toHaveLength(1);
  });
});

describe("a batch that the base does not take", () => {
  function limitedTo(maxTexts: number, message: string): (request: FakeRequest) => { embeddings: number[][] } {
    return ({ texts }) => {
      if (texts.length > maxTexts) throw failing(400, message);
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
  }

  test("is cut to the limit that the error names, from then on", async () => {
    const base = new FakeEmbedder();
    base.answer = limitedTo(10, "batch size is invalid, it should not be larger than 10");
    const events: EmbedderEvent[] = [];
    const embedder = cached(base, { onEvent: (event) => events.push(event), maxConcurrentRequests: 1 });
    const texts = Array.from({ length: 26 }, (_, i) => `text ${i}`);
    expect((await embedder.createEmbeddings(texts)).embeddings).toEqual(texts.map((text) => fakeVector(text)));
    expect(events).toContainEqual({ type: "limit-learned", maxTextsPerRequest: 10 });
    const before = base.requests.length;
    await embedder.createEmbeddings(texts.map((text) => `${text} again`));
    expect(base.requests.slice(before).map((request) => request.texts.length)).toEqual([10, 10, 6]);
  });

  test("is halved where no limit is named", async () => {
    const base = new FakeEmbedder();
    base.answer = limitedTo(3, "Too many inputs in request, split into more batches.");
    const embedder = cached(base);
    const texts = letters(12);
    expect((await embedder.createEmbeddings(texts)).embeddings).toEqual(texts.map((text) => fakeVector(text)));
    expect(base.requests.map((request) => request.texts.length)).toEqual([12, 6, 3, 3, 3, 3]);
  });

  test("because of its tokens is halved, and from then on requests have fewer tokens, not fewer texts", async () => {
    const base = new FakeEmbedder();
    base.answer = ({ texts }) => {
      const tokens = texts.join("").length;
      if (tokens > 100) throw failing(400, `Requested ${tokens} tokens, max 100 tokens per request`);
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    const events: EmbedderEvent[] = [];
    const embedder = cached(base, { onEvent: (event) => events.push(event), maxConcurrentRequests: 1 });
    await embedder.createEmbeddings(Array.from({ length: 8 }, (_, i) => `${i}`.repeat(20)));
    expect(events).toContainEqual({ type: "limit-learned", maxTextsPerRequest: 128, maxTokensPerRequest: 80 });
    const before = base.requests.length;
    await embedder.createEmbeddings([...letters(9), ...Array.from({ length: 5 }, (_, i) => `${i}`.repeat(21))]);
    expect(base.requests.slice(before).map((request) => request.texts.length)).toEqual([12, 2]);
  });

  test("is learned for the model of the call alone", async () => {
    const base = new FakeEmbedder();
    base.answer = ({ texts, model }) => {
      if (model === "narrow" && texts.length > 2) throw failing(400, "batch size must be no more than 2");
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    const embedder = cached(base, { maxConcurrentRequests: 1 });
    await embedder.createEmbeddings(letters(4), "narrow");
    await embedder.createEmbeddings(letters(4));
    await embedder.createEmbeddings(["x", "y", "z"], "narrow");
    expect(base.requests.map(({ texts }) => texts.length)).toEqual([4, 2, 2, 4, 2, 1]);
  });
});

describe("a limit", () => {
  test("is not learned from one text that is too long", async () => {
    const base = new FakeEmbedder();
    base.answer = ({ texts }) => {
      if (texts.includes("long")) throw failing(400, "Too many tokens: 9000, maximum 8192.");
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    const events: EmbedderEvent[] = [];
    const embedder = cached(base, { onEvent: (event) => events.push(event) });
    await expect(embedder.createEmbeddings(["a", "b", "c", "long"])).rejects.toThrow("text 3 was refused");
    expect(events.filter(({ type }) => type === "limit-learned")).toEqual([]);
    const texts = letters(12).map((text) => `${text} again`);
    await embedder.createEmbeddings(texts);
    expect(base.requests.at(-1)!.texts).toEqual(texts);
  });
});

describe("a text that the base refuses", () => {
  function refuse(...poison: string[]): (request: FakeRequest) => { embeddings: number[][] } {
    return ({ texts }) => {
      if (texts.some((text) => poison.includes(text))) throw failing(400, "maximum context length is 8192 tokens");
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
  }

  test("is named by its index; all others are embedded and kept, and few requests find it", async () => {
    const base = new FakeEmbedder();
    base.answer = refuse("k");
    const embedder = cached(base);
    const error = await embedder.createEmbeddings(letters(16)).catch((reason) => reason);
    expect(error).toBeInstanceOf(EmbeddingsFailedError);
    expect(error).toMatchObject({ textIndex: 10, textsDone: 15, textsAsked: 16 });
    expect(error.message).toBe(
      "text 10 was refused: maximum context length is 8192 tokens (15 of 16 texts are done and kept)",
    );
    expect(base.requests.length).toBeLessThanOrEqual(9);
    base.answer = undefined;
    await embedder.createEmbeddings(letters(16));
    expect(base.requests.at(-1)!.texts).toEqual(["k"]);
  });

  test("holds no other text back, be it in the same request, in one that was not sent yet or in another refused one", async () => {
    const base = new FakeEmbedder();
    base.answer = refuse("f", "b");
    const embedder = cached(base, { maxTextsPerRequest: 4, maxConcurrentRequests: 1 });
    await expect(embedder.createEmbeddings(letters(12))).rejects.toMatchObject({ textIndex: 1, textsDone: 10 });
    base.answer = undefined;
    await embedder.createEmbeddings(letters(12));
    expect(base.requests.at(-1)!.texts).toEqual(["b", "f"]);
  });

  test("is the fifth of its kind: then the rest is not sent, in one batch or in several", async () => {
    for (const maxTextsPerRequest of [64, 8, 1]) {
      const base = new FakeEmbedder();
      const texts = Array.from({ length: 64 }, (_, i) => `text ${i}`);
      base.answer = refuse(...texts);
      const embedder = cached(base, { maxTextsPerRequest, maxConcurrentRequests: 1 });
      await expect(embedder.createEmbeddings(texts)).rejects.toMatchObject({ textIndex: 0, textsDone: 0 });
      expect(base.requests.filter((request) => request.texts.length === 1)).toHaveLength(5);
      expect(base.requests.length).toBeLessThanOrEqual(16);
    }
  });

  test("does not have a key asked again that is withdrawn meanwhile", async () => {
    const base = new FakeEmbedder();
    const refuseFirst = refuse("a");
    base.answer = (request) => {
      if (base.requests.length > 1 && !request.texts.includes("a")) throw failing(401, "key withdrawn");
      return refuseFirst(request);
    };
    await expect(cached(base).createEmbeddings(letters(8))).rejects.toThrow("key withdrawn");
    expect(base.requests.map(({ texts }) => texts.join(""))).toEqual(["abcdefgh", "abcd", "ab", "a", "b"]);
  });

  test("does not harm another caller who waits for a text of the same request", async () => {
    const base = new FakeEmbedder();
    const gate = deferred();
    base.gate = gate.promise;
    base.answer = refuse("a");
    const embedder = cached(base);
    await embedder.cache();
    const first = embedder.createEmbeddings(["a", "b"]);
    await vi.waitFor(() => expect(base.requests).toHaveLength(1));
    const second = embedder.createEmbeddings(["b"]);
    gate.resolve();
    await expect(first).rejects.toThrow("text 0 was refused");
    expect((await second).embeddings).toEqual([fakeVector("b")]);
  });
});

describe("requests at the same time", () => {
  test("are at most maxConcurrentRequests, over all calls", async () => {
    const base = new FakeEmbedder();
    let [under, most] = [0, 0];
    base.answer = async ({ texts }) => {
      most = Math.max(most, ++under);
      await delay(2);
      under--;
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    const embedder = cached(base, { maxTextsPerRequest: 1, maxConcurrentRequests: 3 });
    await Promise.all([embedder.createEmbeddings(letters(10)), embedder.createEmbeddings(["x", "y", "z"])]);
    expect(most).toBe(3);
  });

  test("an abort while the others are awaited ends the call at once, and they are kept", async () => {
    const base = new FakeEmbedder();
    const gate = deferred();
    base.answer = async ({ texts }) => {
      if (texts[0] === "a") throw failing(401, "key withdrawn");
      await gate.promise;
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    const embedder = cached(base, { maxTextsPerRequest: 1 });
    const controller = new AbortController();
    const call = embedder.createEmbeddings(["a", "b"], undefined, { signal: controller.signal });
    await vi.waitFor(() => expect(embedder.statistics().requestsFailed).toBe(1));
    await delay(20);
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    gate.resolve();
    await embedder.createEmbeddings(["b"]);
    expect(base.textsEmbedded).toEqual(["a", "b"]);
  });

  test("what was sent when another request failed is awaited and kept, and the error says how much is done", async () => {
    const base = new FakeEmbedder();
    base.answer = async ({ texts }) => {
      if (texts[0] === "b") throw failing(401, "key withdrawn");
      await delay(20);
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    const embedder = cached(base, { maxTextsPerRequest: 1, maxConcurrentRequests: 2 });
    await expect(embedder.createEmbeddings(["a", "b", "c", "d"])).rejects.toMatchObject({
      message: "key withdrawn (1 of 4 texts are done and kept)",
      textsDone: 1,
    });
    base.answer = undefined;
    await embedder.createEmbeddings(["a", "b", "c", "d"]);
    expect(base.requests.slice(-3).map(({ texts }) => texts)).toEqual([["b"], ["c"], ["d"]]);
  });
});

describe("an error that is about one text", () => {
  test("names the place that it has in the call, whatever was sent of the call", async () => {
    const base = new FakeEmbedder();
    const embedder = cached(base, { maxTextsPerRequest: 2, maxConcurrentRequests: 1 });
    await embedder.createEmbeddings(["a", "c"]);
    base.answer = ({ texts }) => ({
      embeddings: texts.map((text) => fakeVector(text).map((value) => (text === "e" ? Number.NaN : value))),
    });
    // Sent are b and d, then e and f.
    await expect(embedder.createEmbeddings(["a", "b", "c", "d", "e", "f"])).rejects.toMatchObject({
      message: "fake gave NaN at dimension 0 of text 4 (4 of 6 texts are done and kept)",
      textIndex: 4,
      cause: { name: "EmbeddingResponseError", textIndex: 4 },
    });
    await expect(cached(base).createEmbeddings(["a", "e"])).rejects.toMatchObject({
      name: "EmbeddingResponseError",
      message: "fake gave NaN at dimension 0 of text 1",
      textIndex: 1,
    });
  });

  test("is told without a search where the base knows which one it refuses; all others are kept", async () => {
    const base = new FakeEmbedder();
    base.answer = ({ texts }) => {
      const at = texts.indexOf("long");
      if (at !== -1) throw new ProviderError((i) => `text ${i} is too long`, { reason: "request", textIndex: at });
      return { embeddings: texts.map((text) => fakeVector(text)) };
    };
    const embedder = cached(base);
    await embedder.createEmbeddings(["a"]);
    await expect(embedder.createEmbeddings(["a", "b", "c", "long", "d", "e"])).rejects.toMatchObject({
      message: "text 3 is too long (5 of 6 texts are done and kept)",
      textIndex: 3,
    });
    expect(base.requests.slice(1).map(({ texts }) => texts)).toEqual([
      ["b", "c", "long", "d", "e"],
      ["b", "c"],
      ["d", "e"],
    ]);
  });
});

describe("modes", () => {
  const all = (mode: CacheEmbedderOptions["mode"]) => ({ mode });

  test("read-only serves hits and stores nothing", async () => {
    const cache = await openCache({ diskBytes: 0 });
    await cached(new FakeEmbedder(), { cache }).createEmbeddings(["a"]);
    const base = new FakeEmbedder();
    const embedder = cached(base, { cache, ...all("read-only") });
    await embedder.createEmbeddings(["a", "b"]);
    await embedder.createEmbeddings(["a", "b"]);
    expect(base.textsEmbedded).toEqual(["b", "b"]);
  });

  test("offline makes no request: a miss is an error that names the text", async () => {
    const cache = await openCache({ diskBytes: 0 });
    await cached(new FakeEmbedder(), { cache }).createEmbeddings(["a"]);
    const base = new FakeEmbedder();
    const embedder = cached(base, { cache, ...all("offline") });
    expect((await embedder.createEmbeddings(["a", "a"])).embeddings).toEqual([fakeVector("a"), fakeVector("a")]);
    await expect(embedder.createEmbeddings(["a", "b", "c", "b"])).rejects.toMatchObject({
      name: "OfflineMissError",
      textIndex: 1,
      misses: 2,
      message: expect.stringContaining("text 1 and 1 more"),
    });
    expect(base.requests).toHaveLength(0);
  });

  test("refresh embeds everything anew and stores it", async () => {
    const cache = await openCache({ diskBytes: 0 });
    await cached(new FakeEmbedder(), { cache }).createEmbeddings(["a"]);
    const base = new FakeEmbedder();
    base.answer = () => ({ embeddings: [[1, 2, 3]] });
    expect((await cached(base, { cache, ...all("refresh") }).createEmbeddings(["a"])).embeddings).toEqual([[1, 2, 3]]);
    expect((await cached(new FakeEmbedder(), { cache }).createEmbeddings(["a"])).embeddings).toEqual([[1, 2, 3]]);
  });

  test("bypass hands everything to the base as it is and opens nothing", async () => {
    const base = new FakeEmbedder();
    const embedder = cached(base, all("bypass"));
    await embedder.createEmbeddings(["a", "a"]);
    await embedder.createEmbeddings(["a"]);
    expect(base.textsEmbedded).toEqual(["a", "a", "a"]);
    expect(embedder.statistics().cache).toBeUndefined();
  });

  test("an unknown mode and other options out of range are refused at once", () => {
    const wrong = { mode: "readonly" as "read-only" };
    expect(() => cached(new FakeEmbedder(), wrong)).toThrow(
      'mode must be one of read-write, read-only, offline, refresh, bypass, got "readonly"',
    );
    expect(() => cached(new FakeEmbedder(), { verifyFraction: 2 })).toThrow(/verifyFraction .* got 2/);
    expect(() => cached(new FakeEmbedder(), { maxRetries: -1 })).toThrow(/maxRetries .* got -1/);
    expect(() => cached(new FakeEmbedder(), { maxConcurrentRequests: 0 })).toThrow(/maxConcurrentRequests .* got 0/);
  });
});

describe("output float32", () => {
  test("gives Float32Arrays where every number is a float32, from the base and from the cache", async () => {
    const base = new FakeEmbedder();
    base.answer = ({ texts }) => ({ embeddings: texts.map((_, i) => [Math.fround(0.1), -0, i]) });
    const embedder = cached(base);
    for (let round = 0; round < 2; round++) {
      const { embeddings } = await embedder.createEmbeddings(["a", "b"], undefined, { output: "float32" });
      expect(embeddings).toEqual([Float32Array.of(0.1, -0, 0), Float32Array.of(0.1, -0, 1)]);
    }
    expect(base.requests[0]!.options).not.toHaveProperty("output");
  });

  test("is refused where it would round, with the number and what to do", async () => {
    const embedder = cached(new FakeEmbedder());
    await expect(embedder.createEmbeddings(["a"], undefined, { output: "float32" })).rejects.toThrow(
      /^output "float32" would change .* at dimension 0 .*base64/,
    );
  });
});

describe("verification", () => {
  async function verify(
    fresh: (vector: number[]) => number[],
  ): Promise<{ embedder: CachedEmbedder; notices: string[] }> {
    const cache = await openCache({ diskBytes: 0 });
    await cached(new FakeEmbedder(), { cache }).createEmbeddings(["a", "b"]);
    const base = new FakeEmbedder();
    base.answer = ({ texts }) => ({ embeddings: texts.map((text) => fresh(fakeVector(text))) });
    const notices: string[] = [];
    const clock = new TestClock();
    clock.chance = 0;
    const embedder = cached(base, { cache, verifyFraction: 0.5, onNotice: (message) => notices.push(message) }, clock);
    const { embeddings } = await embedder.createEmbeddings(["a", "b"]);
    expect(embeddings).toEqual([fakeVector("a"), fakeVector("b")]);
    return { embedder, notices };
  }

  test("the same bits, a provider's jitter and a changed model are told apart", async () => {
    const same = await verify((vector) => vector);
    expect(same.embedder.statistics().verified).toEqual({ same: 2, jitter: 0, changed: 0 });
    const jitter = await verify((vector) => vector.map((value) => value * 1.0001));
    expect(jitter.embedder.statistics().verified).toEqual({ same: 0, jitter: 2, changed: 0 });
    expect(jitter.notices).toEqual([]);
    const changed = await verify((vector) => vector.toReversed());
    expect(changed.embedder.statistics().verified).toEqual({ same: 0, jitter: 0, changed: 2 });
    expect(changed.notices).toEqual([expect.stringContaining("the model behind the name has changed")]);
  });

  test.each([
    [
      "failure",
      () => {
        throw new Error("down");
      },
    ],
    ["wrong answer", () => undefined as never],
  ])("a %s is no failure of the call", async (_, fresh) => {
    const { embedder } = await verify(fresh);
    expect(embedder.statistics().verified).toEqual({ same: 0, jitter: 0, changed: 0 });
    expect(embedder.statistics()).toMatchObject({ requestsMade: 1, requestsFailed: 1 });
  });

  test("a model that changed its dimensions is an error, not a mixed answer", async () => {
    const cache = await openCache({ diskBytes: 0 });
    await cached(new FakeEmbedder(), { cache }).createEmbeddings(["a"]);
    const base = new FakeEmbedder();
    base.answer = () => ({ embeddings: [[1, 2, 3]] });
    await expect(cached(base, { cache }).createEmbeddings(["a", "b"])).rejects.toThrow(
      "gave a vector of 3 dimensions for text 1, expected 16 (1 of 2 texts are done and kept)",
    );
  });
});
