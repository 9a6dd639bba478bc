import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import type { Embedder } from "../../src/core/embedder.ts";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { TokenLedger } from "../../src/embedder/token-ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-ledger-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Reports one token for each two characters. */
const base: Embedder = {
  identity: { provider: "paid", model: "m" },
  embedderInfo: { name: "paid" },
  validateConfiguration: async () => ({ valid: true }),
  pricePerMillionTokens: (model) => (model === "unpriced" ? undefined : 10),
  createEmbeddings: async (texts) => {
    const tokens = texts.reduce((sum, text) => sum + text.length / 2, 0);
    return { embeddings: texts.map(() => [1, 2, 3]), usage: { promptTokens: tokens, totalTokens: tokens } };
  },
};

describe("tokens and money", () => {
  test("sent as the base reported them, saved as long as the texts that were not sent", async () => {
    await using embedder = cacheEmbedder(base, { diskBytes: 0 });
    await embedder.createEmbeddings(["abcd", "abcd", "efgh"]);
    // One of the same text in a call was saved.
    expect(embedder.statistics()).toMatchObject({ tokensSent: 4, tokensSaved: 2 });
    await embedder.createEmbeddings(["abcd", "efgh", "ijkl"]);
    const { tokensSent, tokensSaved, dollarsSent, dollarsSaved } = embedder.statistics();
    expect({ tokensSent, tokensSaved }).toEqual({ tokensSent: 6, tokensSaved: 6 });
    expect(dollarsSent).toBeCloseTo(60e-6, 12);
    expect(dollarsSaved).toBeCloseTo(60e-6, 12);
  });

  test("a text that two calls wait for is sent once and saved once", async () => {
    await using embedder = cacheEmbedder(base, { diskBytes: 0 });
    await Promise.all([embedder.createEmbeddings(["abcd"]), embedder.createEmbeddings(["abcd"])]);
    expect(embedder.statistics()).toMatchObject({ tokensSent: 2, tokensSaved: 2 });
  });

  test("an unknown price makes unknown money, and the user's own price wins", async () => {
    await using unknown = cacheEmbedder(base, { diskBytes: 0 });
    await unknown.createEmbeddings(["abcd"], "unpriced");
    expect(unknown.statistics()).toMatchObject({ tokensSent: 2, dollarsSent: null, dollarsSaved: 0 });
    await using own = cacheEmbedder(base, { diskBytes: 0, pricePerMillionTokens: 1_000_000 });
    await own.createEmbeddings(["abcd"], "unpriced");
    expect(own.statistics()).toMatchObject({ tokensSent: 2, dollarsSent: 2, dollarsSaved: 0 });
    expect(() => cacheEmbedder(base, { pricePerMillionTokens: -1 })).toThrow(RangeError);
  });

  test("an answer that does not say what it cost makes unknown money, not none", async () => {
    const silent: Embedder = {
      ...base,
      createEmbeddings: async (texts) => ({ embeddings: texts.map(() => [1, 2, 3]) }),
    };
    await using embedder = cacheEmbedder(silent, { diskBytes: 0 });
    await embedder.createEmbeddings(["abcd"]);
    await embedder.createEmbeddings(["abcd"]);
    // By the usual rule of a token for four characters.
    expect(embedder.statistics()).toMatchObject({ tokensSent: 0, tokensSaved: 1, dollarsSent: null });
    expect(embedder.statistics().dollarsSaved).toBeCloseTo(10e-6, 12);
  });

  test("a later process knows how long tokens are from the earlier ones", async () => {
    const directory = join(folder, "later");
    await using first = cacheEmbedder(base, { directory });
    await first.createEmbeddings(["abcd"]);
    await first.close();
    await using second = cacheEmbedder(base, { directory });
    await second.createEmbeddings(["abcd"]);
    expect(second.statistics()).toMatchObject({ tokensSent: 0, tokensSaved: 2 });
    await second.close();
    await using cache = await openCache({ directory });
    expect(cache.lifetime().total).toMatchObject({ tokensSent: 2, tokensSaved: 2 });
  });

  test("whatever is asked, what is sent and saved together is what there would be without a cache", async () => {
    const texts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 6 }), async (calls) => {
        await using embedder = cacheEmbedder(base, { diskBytes: 0 });
        let tokens = 0;
        for (const call of calls) {
          const asked = call.map((length) => "ab".repeat(length));
          tokens += call.reduce((sum, length) => sum + length, 0);
          await embedder.createEmbeddings(asked);
        }
        const { tokensSent, tokensSaved } = embedder.statistics();
        expect(tokensSent + tokensSaved).toBe(tokens);
      }),
      { seed: 11, numRuns: 100 },
    );
  });
});

test("models have accounts of their own", () => {
  const ledger = new TokenLedger((model) => (model === "dear" ? 2_000_000 : 1_000_000));
  ledger.sent("dear", 4, { promptTokens: 4, totalTokens: 4 });
  ledger.sent("cheap", 4, { promptTokens: 1, totalTokens: 1 });
  ledger.saved("dear", 8);
  ledger.saved("cheap", 8);
  expect(ledger.figures("dear")).toEqual({ tokensSent: 4, tokensSaved: 8, dollarsSent: 8, dollarsSaved: 16 });
  expect(ledger.figures("cheap")).toEqual({ tokensSent: 1, tokensSaved: 2, dollarsSent: 1, dollarsSaved: 2 });
});
