import type { CacheStatistics } from "../cache/statistics.ts";
import type { TierName } from "../tier/tier.ts";

/** What a cached embedder counts by itself; the cache below counts the rest. */
export interface EmbedderCounts {
  textsAsked: number;
  /** Texts that shared the request of another: duplicates in a batch, and texts that another call was waiting for. */
  coalesced: number;
  /** Texts that neither the cache had nor another call was waiting for. */
  misses: number;
  /** Texts that the base embedder was asked for and gave. */
  embeddingsMade: number;
  /** Texts that the base embedder was asked for and did not give. */
  embeddingsFailed: number;
  /** Calls of the base embedder. */
  requestsMade: number;
  /** Calls of the base embedder that there would have been without a cache, less those that there were. */
  requestsSaved: number;
  /** Tokens as the base reported them for what was really sent. */
  tokensSent: number;
}

/** While no call is under way, `textsAsked = hits.L1 + hits.L2 + hits.L3 + coalesced + misses`. */
export interface EmbedderStatistics extends EmbedderCounts {
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
    embeddingsFailed: 0,
    requestsMade: 0,
    requestsSaved: 0,
    tokensSent: 0,
  };
}
