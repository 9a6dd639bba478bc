import type { TierName } from "../tier/tier.ts";

/**
 * Every figure of the library, with its definition and its unit.
 *
 * Counts only grow, from 0 when the cache was opened or the embedder made, and go on when L3 is opened anew. Bytes, entries
 * and latencies are as they are now. At every moment
 *
 * - `keysAsked` = hits of L1, L2 and L3 + `misses`
 * - a tier's hits + misses = the misses of the tier above it, or `keysAsked` where there is none
 * - `textsAsked` = hits of L1, L2 and L3 + `coalesced` + `misses`
 */
export interface CacheStatistics {
  /** Lookups: one a key of `getMany`. */
  keysAsked: number;
  /** Lookups that found nothing in any tier. */
  misses: number;
  /** How long lookups took that found nothing. */
  missLatency: LatencySummary;
  tiers: Record<TierName, TierStatistics>;
  /** Entries copied upwards on use: L3 → L2 and L2 → L1, or L3 → L1 where there is no L2. */
  promotions: number;
  /** Entries that left L1 for L2. */
  demotions: number;
  /** Vectors that were stored since the cache was opened. A vector that could not be written to L3 is none. */
  stored: StoredVectors;
  /** The same by the model that made them; the name is empty where nobody gave one. */
  storedByModel: Record<string, StoredVectors>;
  /** The same by how the numbers were written: `shortest`, `float32`, `fixedFloat32`, `fixedInteger`, `float64`, `shortestTiesUp`. */
  storedByNumberForm: Record<string, StoredVectors>;
  /** Batches that L3 could not take or that could not be encoded; their vectors were not acknowledged as stored. */
  failedWrites: number;
  /** Reads of L3 that failed; each was a miss. */
  failedReads: number;
  /** What the cache has to go without at present, one line each; empty where all is well. */
  degraded: string[];
  /** What L3 holds, by model; the name is empty where nobody gave one. `bytes` are those of the entries in its log. */
  models: { name: string; entries: number; bytes: number }[];
}

export interface TierStatistics {
  /** `off`: its budget is 0. `unavailable`: it could not be opened, or was lost; it is tried again. */
  state: "open" | "off" | "unavailable";
  /** Held now. L3's are those of all processes. */
  entries: number;
  /** All that the entries cost: values, keys and bookkeeping. */
  usedBytes: number;
  /** The budget. */
  maxBytes: number;
  /** Lookups that this tier answered. */
  hits: number;
  /** Lookups that came to this tier and were not answered by it. */
  misses: number;
  /** Entries that this process took out for want of room. */
  evictions: number;
  /** Entries that were found damaged or unreadable; each was a miss. L1 has none. */
  damaged: number;
  /** How long lookups took that this tier answered, with all that belongs to them: the tiers above, decoding, promotion. */
  latency: LatencySummary;
}

/**
 * How long lookups took, in microseconds, from a random sample of about one in 16 that is timed. A percentile is at most 1.6 %
 * off that of the timed lookups; what the timing itself adds: `npm run bench:statistics`. `null` while nothing was timed.
 */
export interface LatencySummary {
  /** Lookups that were timed. */
  timed: number;
  /** Of the timed lookups together. */
  sumUs: number;
  p50Us: number | null;
  p95Us: number | null;
  p99Us: number | null;
  /** How many of the timed took less than so many microseconds; cumulative, exact, by powers of two from 0.256. */
  below: { us: number; timed: number }[];
}

/** Vectors and what they take. */
export interface StoredVectors {
  vectors: number;
  /** As `number[]`: 8 bytes a number, the least that one takes. */
  numberArrayBytes: number;
  /** As `Float32Array`: 4 bytes a number, where that is exact or not. */
  float32Bytes: number;
  /** As codec records. */
  recordBytes: number;
  /** `numberArrayBytes / recordBytes`; `null` where nothing was stored. */
  timesSmallerThanNumberArray: number | null;
  /** `float32Bytes / recordBytes`; `null` where nothing was stored. */
  timesSmallerThanFloat32: number | null;
}

/** What a cached embedder counts by itself, for one model or all of them. */
export interface EmbedderCounts {
  /** Texts of calls that have ended, well or not. */
  textsAsked: number;
  /** Of these, those that the cache had, by tier. */
  hits: Record<TierName, number>;
  /** Of these, those that shared the request of another: duplicates in a batch, and texts that another call was waiting for. */
  coalesced: number;
  /** Of these, those that neither the cache had nor another call was waiting for. */
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

/** `same`: the same bits; `jitter`: cosine above 0.999; `changed`: another model answers under the same name. */
export type VerificationOutcome = "same" | "jitter" | "changed";

/** Tokens and money. */
export interface TokenFigures {
  /** Tokens as the base reported them for what was really sent. An answer without a report adds none. */
  tokensSent: number;
  /** What the texts that were answered without being sent would have had in tokens; an estimate, see `TokenLedger`. */
  tokensSaved: number;
  /** US dollars for `tokensSent`; `null` where a model's price is not known, or an answer did not say what it cost. */
  dollarsSent: number | null;
  /** US dollars for `tokensSaved`; `null` where a model's price is not known. */
  dollarsSaved: number | null;
}

export interface ModelStatistics extends EmbedderCounts, TokenFigures {
  /** US dollars for a million tokens; `null`: not known. */
  pricePerMillionTokens: number | null;
  /** Where and when the price was read; `null`: nobody said. */
  priceSource: string | null;
}

/** What a cached embedder did since it was made, all models together and one by one. */
export interface EmbedderStatistics extends EmbedderCounts, TokenFigures {
  models: Record<string, ModelStatistics>;
  /** All of the cache below, which others may use as well. Absent until it was opened by a first use. */
  cache?: CacheStatistics | undefined;
}

/**
 * What all processes together did with a directory, for one model or all. It is saved within `LIFETIME_SAVE_MS`; a
 * process that is killed loses no more than that.
 */
export interface LifetimeFigures extends Omit<EmbedderCounts, "verified"> {
  tokensSent: number;
  tokensSaved: number;
  /** Of what had a known price. */
  dollarsSent: number;
  /** Of what had a known price. */
  dollarsSaved: number;
  /** UTF-16 code units of the texts behind `tokensSent`. */
  unitsSent: number;
  stored: StoredVectors;
  storedByNumberForm: Record<string, StoredVectors>;
}

export interface LifetimeStatistics {
  total: LifetimeFigures;
  models: Record<string, LifetimeFigures>;
}
