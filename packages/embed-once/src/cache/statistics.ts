import type { TierName, TierUsage } from "../tier/tier.ts";

/** What a cache did since it was opened. Every figure is a count; `keysAsked = hits.L1 + hits.L2 + hits.L3 + misses`. */
export interface CacheStatistics {
  keysAsked: number;
  hits: Record<TierName, number>;
  misses: number;
  vectorsStored: number;
  /** Of the stored vectors: 8 bytes a number, the least that a `number[]` takes. */
  numberBytesStored: number;
  /** Of the stored vectors: their codec records. */
  recordBytesStored: number;
  /** Entries copied upwards on use: L3 → L2 and L2 → L1. */
  promotions: number;
  /** Entries that left L1 for L2. */
  demotions: number;
  /** Records that were found damaged or unreadable; each was a miss of its tier. */
  damaged: number;
  /** Writes to L3 that failed; the vectors were not acknowledged as stored. */
  failedWrites: number;
  /** Reads of L3 that failed; each was a miss. */
  failedReads: number;
  /** What the cache has to go without at present, one line each; empty where all is well. */
  degraded: string[];
  /** What L3 holds, by model; the name is empty where nobody gave one. */
  models: { name: string; entries: number; bytes: number }[];
  /** Absent: the tier is switched off or could not be opened. */
  tiers: Partial<Record<TierName, TierUsage>>;
}
