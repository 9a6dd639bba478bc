import type { EmbeddingCache } from "../cache/hierarchical-cache.ts";
import type { EmbedderCounts, VerificationOutcome } from "../statistics/statistics.ts";

const TIERS = ["L1", "L2", "L3"] as const;
const OUTCOMES: readonly VerificationOutcome[] = ["same", "jitter", "changed"];

/** What became of one call's texts so far; it changes its mind while the call is under way, and is counted when that ends. */
export type CallTally = Pick<EmbedderCounts, "hits" | "coalesced" | "misses">;

/** What an embedder counts, by model. */
export class ModelLedger {
  readonly #counts = new Map<string, EmbedderCounts>();

  of(model: string): EmbedderCounts {
    const counts = this.#counts.get(model) ?? noCounts();
    this.#counts.set(model, counts);
    return counts;
  }

  models(): IterableIterator<[string, EmbedderCounts]> {
    return this.#counts.entries();
  }

  /** A call that ended. Its flights may go on for others; what comes of that is no longer this call's. */
  ended(model: string, { hits, coalesced, misses }: CallTally): void {
    const counts = this.of(model);
    for (const tier of TIERS) counts.hits[tier] += hits[tier];
    counts.coalesced += coalesced;
    counts.misses += misses;
    counts.textsAsked += hits.L1 + hits.L2 + hits.L3 + coalesced + misses;
  }

  total(): EmbedderCounts {
    const sum = noCounts();
    for (const counts of this.#counts.values()) {
      for (const name of PLAIN) sum[name] += counts[name];
      for (const tier of TIERS) sum.hits[tier] += counts.hits[tier];
      for (const outcome of OUTCOMES) sum.verified[outcome] += counts.verified[outcome];
    }
    return sum;
  }
}

/** Asks the cache, and counts its hits for the call. */
export function countHits<Result>(cache: EmbeddingCache, { hits }: CallTally, ask: () => Result): Result {
  const before = { ...cache.hits };
  const result = ask();
  for (const tier of TIERS) hits[tier] += cache.hits[tier] - before[tier];
  return result;
}

const PLAIN = [
  "textsAsked",
  "coalesced",
  "misses",
  "embeddingsMade",
  "requestsMade",
  "requestsFailed",
  "retries",
  "requestsSaved",
] as const;

function noCounts(): EmbedderCounts {
  const plain = Object.fromEntries(PLAIN.map((name) => [name, 0])) as Record<(typeof PLAIN)[number], number>;
  return { ...plain, hits: { L1: 0, L2: 0, L3: 0 }, verified: { same: 0, jitter: 0, changed: 0 } };
}
