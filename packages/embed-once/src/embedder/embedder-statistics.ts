import type { CacheStatistics } from "../cache/statistics.ts";
import type { TierName } from "../tier/tier.ts";
import type { VerificationOutcome } from "./events.ts";
import type { TokenFigures } from "./token-ledger.ts";

/** What a cached embedder counts by itself; the cache below counts the rest. */
export interface EmbedderCounts {
  textsAsked: number;
  /** Texts that shared the request of another: duplicates in a batch, and texts that another call was waiting for. */
  coalesced: number;
  /** Texts that neither the cache had nor another call was waiting for. */
  misses: number;
  /** Vectors that the base made. */
  embeddingsMade: number;
  /** Calls of the base, further attempts included. */
  requestsMade: number;
  /** Of these, those that failed. */
  requestsFailed: number;
  /** Of the calls of the base, those that were further attempts after a failure that may pass. */
  retries: number;
  /** Calls of the base that there would have been without a cache, less those that there were. */
  requestsSaved: number;
  /** Hits that were embedded again for comparison, by what came of it. */
  verified: Record<VerificationOutcome, number>;
}

/** While no call is under way, `textsAsked = hits.L1 + hits.L2 + hits.L3 + coalesced + misses`. */
export interface EmbedderStatistics extends EmbedderCounts, TokenFigures {
  hits: Record<TierName, number>;
  /** Absent until the cache was opened by a first use, or where it could not be. */
  cache?: CacheStatistics | undefined;
}

export function noCounts(): EmbedderCounts {
  return {
    textsAsked: 0,
    coalesced: 0,
    misses: 0,
    embeddingsMade: 0,
    requestsMade: 0,
    requestsFailed: 0,
    retries: 0,
    requestsSaved: 0,
    verified: { same: 0, jitter: 0, changed: 0 },
  };
}
