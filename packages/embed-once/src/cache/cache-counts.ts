import { LatencyHistogram } from "../statistics/latency-histogram.ts";
import type { CacheStatistics, StoredVectors, TierStatistics } from "../statistics/statistics.ts";
import { StoredLedger } from "../statistics/stored-vectors.ts";
import type { TierName, TierUsage } from "../tier/tier.ts";

/** What tiers count by themselves; absent where a tier is switched off. */
export interface TierCounts extends Partial<Record<TierName, Pick<TierUsage, "evictions" | "damaged"> | undefined>> {
  disk: { failedReads: number; failedWrites: number } | undefined;
}

/** How things are now. */
export interface CacheState {
  budgets: Readonly<Record<TierName, number>>;
  /** Absent where a tier is not open. */
  holdings: Partial<Record<TierName, Pick<TierUsage, "entries" | "usedBytes"> | undefined>>;
  models: CacheStatistics["models"];
  degraded: string[];
}

const TIERS = ["L1", "L2", "L3"] as const;

/** What a cache counts, and how that becomes its statistics; `CacheStatistics` has the definitions. */
export class CacheCounts {
  keysAsked = 0;
  readonly hits: Record<TierName, number> = { L1: 0, L2: 0, L3: 0 };
  misses = 0;
  promotions = 0;
  demotions = 0;
  /** Records that could not be decoded, beside what a tier finds damaged by itself. */
  readonly damaged = { L1: 0, L2: 0, L3: 0 };
  readonly stored = new StoredLedger();
  /** Batches that could not be encoded, beside what the disk tier could not take. */
  failedEncodings = 0;
  /** Who answered the latest lookup. */
  answeredBy: TierName | "none" = "none";
  readonly latency: Readonly<Record<TierName | "none", LatencyHistogram>> = {
    L1: new LatencyHistogram(),
    L2: new LatencyHistogram(),
    L3: new LatencyHistogram(),
    none: new LatencyHistogram(),
  };

  /** Everything that only grows, as plain numbers. */
  all(tiers: TierCounts): object {
    const { keysAsked, hits, misses, promotions, demotions } = this;
    const each = (count: (tier: TierName) => number) => Object.fromEntries(TIERS.map((tier) => [tier, count(tier)]));
    return {
      keysAsked,
      hits,
      misses,
      promotions,
      demotions,
      evictions: each((tier) => tiers[tier]?.evictions ?? 0),
      damaged: each((tier) => this.#damagedOf(tier, tiers)),
      failedReads: tiers.disk?.failedReads ?? 0,
      failedWrites: this.failedEncodings + (tiers.disk?.failedWrites ?? 0),
      stored: bytesOf(this.stored.total()),
      storedByModel: mapValues(this.stored.by("model"), bytesOf),
      storedByNumberForm: mapValues(this.stored.by("numberForm"), bytesOf),
    };
  }

  statistics(tiers: TierCounts, { budgets, holdings, models, degraded }: CacheState): CacheStatistics {
    const { keysAsked, misses, promotions, demotions, hits, stored } = this;
    let asked = keysAsked;
    const of = (tier: TierName): TierStatistics => {
      const isOff = budgets[tier] === 0;
      if (!isOff) asked -= hits[tier];
      const { entries = 0, usedBytes = 0 } = holdings[tier] ?? {};
      return {
        state: isOff ? "off" : holdings[tier] ? "open" : "unavailable",
        entries,
        usedBytes,
        maxBytes: budgets[tier],
        hits: hits[tier],
        misses: isOff ? 0 : asked,
        evictions: tiers[tier]?.evictions ?? 0,
        damaged: this.#damagedOf(tier, tiers),
        latency: this.latency[tier].summary(),
      };
    };
    return {
      keysAsked,
      misses,
      missLatency: this.latency.none.summary(),
      tiers: { L1: of("L1"), L2: of("L2"), L3: of("L3") },
      promotions,
      demotions,
      stored: stored.total(),
      storedByModel: stored.by("model"),
      storedByNumberForm: stored.by("numberForm"),
      failedWrites: this.failedEncodings + (tiers.disk?.failedWrites ?? 0),
      failedReads: tiers.disk?.failedReads ?? 0,
      degraded,
      models,
    };
  }

  #damagedOf(tier: TierName, tiers: TierCounts): number {
    return this.damaged[tier] + (tiers[tier]?.damaged ?? 0);
  }
}

/** Without the ratios. */
function bytesOf({ vectors, numberArrayBytes, float32Bytes, recordBytes }: StoredVectors): object {
  return { vectors, numberArrayBytes, float32Bytes, recordBytes };
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
