import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import type { EmbedderIdentity } from "../../src/core/embedder.ts";
import { cacheEmbedderWithClock } from "../../src/embedder/cached-embedder.ts";
import { CACHE_CHANNEL, type CountsMessage, EMBEDDER_CHANNEL } from "../../src/statistics/channels.ts";
import type { CacheStatistics, EmbedderStatistics } from "../../src/statistics/statistics.ts";
import { FakeEmbedder, fakeVector } from "../embedder/fake-embedder.ts";
import { TestClock } from "../embedder/test-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-invariants-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

type Fault = "none" | "busy" | "broken" | "wrong count" | "no usage";

/** A base that fails as it is told, and keeps its own account. */
class FaultyBase extends FakeEmbedder {
  faults: Fault[] = [];
  answered = 0;
  failed = 0;
  tokens = 0;

  override readonly identity: EmbedderIdentity;

  constructor(provider: string) {
    super();
    this.identity = { provider, model: "small" };
    this.answer = async ({ texts, model }) => {
      for (let turn = 0; turn < texts.length; turn++) await new Promise(setImmediate);
      const fault = this.faults.pop() ?? "none";
      if (fault === "busy" || fault === "broken") {
        this.failed++;
        throw Object.assign(new Error(fault), { status: fault === "busy" ? 429 : 401 });
      }
      const embeddings = texts.map((text) => fakeVector(text, model));
      if (fault === "wrong count") {
        this.failed++;
        return { embeddings: embeddings.slice(1) };
      }
      this.answered += texts.length;
      if (fault === "no usage") return { embeddings };
      const tokens = texts.reduce((sum, text) => sum + text.length, 0);
      this.tokens += tokens;
      return { embeddings, usage: { promptTokens: tokens, totalTokens: tokens } };
    };
  }
}

/** Every number of an object that must not fall, by dotted name. */
function counters(value: object, prefix = ""): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, part] of Object.entries(value)) {
    if (/^(entries|usedBytes|p\d\dUs|models|degraded|timesSmaller.*|priceSource|pricePer.*|dollars.*)$/.test(name))
      continue;
    if (typeof part === "number") found[prefix + name] = part;
    else if (typeof part === "object" && part !== null) Object.assign(found, counters(part, `${prefix}${name}.`));
  }
  return found;
}

function checkEmbedder(statistics: EmbedderStatistics): void {
  for (const figures of [statistics, ...Object.values(statistics.models)]) {
    const { textsAsked, hits, coalesced, misses } = figures;
    expect(textsAsked).toBe(hits.L1 + hits.L2 + hits.L3 + coalesced + misses);
    expect(figures.requestsFailed).toBeLessThanOrEqual(figures.requestsMade);
    expect(figures.retries).toBeLessThanOrEqual(figures.requestsFailed);
  }
  for (const name of ["textsAsked", "misses", "embeddingsMade", "requestsMade", "tokensSent", "tokensSaved"] as const) {
    expect(Object.values(statistics.models).reduce((sum, figures) => sum + figures[name], 0)).toBe(statistics[name]);
  }
}

function checkCache({ keysAsked, misses, missLatency, tiers, stored, ...by }: CacheStatistics): void {
  const { L1, L2, L3 } = tiers;
  expect(keysAsked).toBe(L1.hits + L2.hits + L3.hits + misses);
  let asked = keysAsked;
  for (const tier of [L1, L2, L3]) {
    if (tier.state === "off") {
      expect(tier).toMatchObject({ hits: 0, misses: 0, entries: 0 });
      continue;
    }
    expect(tier.hits + tier.misses).toBe(asked);
    asked = tier.misses;
    expect(tier.usedBytes).toBeLessThanOrEqual(tier.maxBytes);
    expect(tier.latency.timed).toBeLessThanOrEqual(tier.hits);
  }
  expect(asked).toBe(misses);
  expect(missLatency.timed).toBeLessThanOrEqual(misses);
  expect(stored.numberArrayBytes).toBe(2 * stored.float32Bytes);
  expect(stored.numberArrayBytes).toBe(8 * 16 * stored.vectors);
  for (const parts of [by.storedByModel, by.storedByNumberForm]) {
    for (const name of ["vectors", "numberArrayBytes", "recordBytes"] as const) {
      expect(Object.values(parts).reduce((sum, part) => sum + part[name], 0)).toBe(stored[name]);
    }
  }
}

const call = fc.record({
  texts: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 16 }),
  model: fc.constantFrom(undefined, "large"),
  abortAfterTurns: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 4 }),
});
const fault = fc.constantFrom<Fault>("none", "none", "none", "busy", "broken", "wrong count", "no usage");
const rounds = fc.array(
  fc.record({ calls: fc.array(call, { minLength: 1, maxLength: 5 }), faults: fc.array(fault, { maxLength: 6 }) }),
  { minLength: 1, maxLength: 10, size: "max" },
);

type Place = "memory" | "disk" | "no directory";

async function load(place: Place, plan: ReturnType<typeof rounds.generate>["value"]): Promise<void> {
  const provider = `fake-${count++}`;
  const directory = join(folder, provider);
  if (place === "no directory") writeFileSync(directory, "in the way");
  const small = { hotBytes: 6_000, compressedBytes: 12_000, onNotice: () => {} };
  const cache = await openCache({ ...small, directory, ...(place === "memory" ? { diskBytes: 0 } : {}) });
  const base = new FaultyBase(provider);
  const embedder = cacheEmbedderWithClock(base, { cache, maxTextsPerRequest: 4, maxRetries: 1 }, new TestClock());
  await embedder.cache();
  const told: CountsMessage = {};
  const listen = (message: unknown) => {
    const { counts, ...from } = message as { counts: CountsMessage; directory?: string; provider?: string };
    // What an earlier failed run left under way is not this one's.
    if (from.directory !== directory && from.provider !== provider) return;
    const prefix = from.directory === undefined ? "embedder." : "cache.";
    for (const [name, growth] of Object.entries(counts)) told[prefix + name] = (told[prefix + name] ?? 0) + growth;
  };
  for (const channel of [CACHE_CHANNEL, EMBEDDER_CHANNEL]) subscribe(channel, listen);
  let textsAsked = 0;
  let tokensAsked = 0;
  let before: Record<string, number> = {};
  try {
    for (const { calls, faults } of plan) {
      base.faults = [...faults];
      await Promise.allSettled(
        calls.map(async ({ texts, model, abortAfterTurns }) => {
          const asked = texts.map((n) => `text ${n}`);
          textsAsked += asked.length;
          tokensAsked += asked.reduce((sum, text) => sum + text.length, 0);
          const controller = new AbortController();
          const answer = embedder.createEmbeddings(asked, model, { signal: controller.signal });
          answer.catch(() => {});
          if (abortAfterTurns !== undefined) {
            for (let turn = 0; turn < abortAfterTurns; turn++) await new Promise(setImmediate);
            controller.abort(new Error("given up"));
          }
          return answer;
        }),
      );
      const statistics = embedder.statistics();
      checkEmbedder(statistics);
      checkCache(statistics.cache!);
      expect(statistics.textsAsked).toBe(textsAsked);
      const now = counters(statistics);
      for (const [name, value] of Object.entries(before)) expect(now[name], name).toBeGreaterThanOrEqual(value);
      before = now;
    }
    // What aborted calls left under way ends by itself.
    for (let turn = 0; turn < 40; turn++) await new Promise(setImmediate);
    const { requestsMade, requestsFailed, embeddingsMade, tokensSent, tokensSaved } = embedder.statistics();
    expect(requestsMade).toBe(base.requests.length);
    const calm = plan.every(({ calls }) => calls.every(({ abortAfterTurns }) => abortAfterTurns === undefined));
    if (calm) {
      expect({ requestsFailed, embeddingsMade, tokensSent }).toEqual({
        requestsFailed: base.failed,
        embeddingsMade: base.answered,
        tokensSent: base.tokens,
      });
      if (plan.every(({ faults }) => faults.every((fault) => fault === "none"))) {
        expect(tokensSent + tokensSaved).toBe(tokensAsked);
      }
    }
    await embedder.close();
    await cache.close();
    const final = embedder.statistics();
    for (const [model, figures] of Object.entries(final.models)) {
      for (const [name, value] of Object.entries(counters(figures))) {
        expect(told[`embedder.${model}.${name}`] ?? 0, name).toBe(value);
      }
    }
    const { keysAsked, misses, promotions, demotions, tiers, stored } = final.cache!;
    for (const [name, value] of Object.entries({ keysAsked, misses, promotions, demotions, stored: stored.vectors })) {
      expect(told[name === "stored" ? "cache.stored.vectors" : `cache.${name}`] ?? 0, name).toBe(value);
    }
    for (const [tier, { hits, evictions, damaged }] of Object.entries(tiers)) {
      expect(told[`cache.hits.${tier}`] ?? 0).toBe(hits);
      expect(told[`cache.evictions.${tier}`] ?? 0, `evictions ${tier}`).toBe(evictions);
      expect(told[`cache.damaged.${tier}`] ?? 0).toBe(damaged);
    }
    if (place === "disk") {
      await using reopened = await openCache({ directory });
      const { total } = reopened.lifetime();
      const { hits, coalesced, misses: missed, retries } = final;
      expect(total).toMatchObject({ textsAsked, hits, coalesced, misses: missed, retries, requestsMade, tokensSent });
      expect(total.stored).toEqual(stored);
    }
  } finally {
    for (const channel of [CACHE_CHANNEL, EMBEDDER_CHANNEL]) unsubscribe(channel, listen);
    await cache.close();
  }
}

describe("figures under random load with faults", () => {
  test.each([
    ["memory" as const, 60],
    ["disk" as const, 25],
    ["no directory" as const, 25],
  ])(
    "add up, only grow, are what the base saw, what the channels told and what is kept (%s)",
    async (place, numRuns) => {
      await fc.assert(
        fc.asyncProperty(rounds, (plan) => load(place, plan)),
        { seed: 17, numRuns },
      );
    },
  );
});
