import type { CacheStatistics, LatencySummary, StoredVectors, TierStatistics } from "../statistics/statistics.ts";
import type { TierName } from "../tier/tier.ts";
import type { Labels, MetricDefinition, Sample } from "./figure-metric.ts";

type Definition = MetricDefinition<CacheStatistics>;

const LOOKUP_DURATION = "embed_once_cache_lookup_duration_seconds";

export const cacheMetrics: readonly Definition[] = [
  {
    name: "embed_once_cache_lookups_total",
    help: "Lookups, by the tier that answered; none: nothing was found.",
    type: "counter",
    samples: ({ tiers, misses }) => [
      ...byTier(tiers, ({ hits }) => hits).map(({ labels, value }) => ({ labels: { outcome: labels!.tier! }, value })),
      { labels: { outcome: "none" }, value: misses },
    ],
  },
  {
    name: LOOKUP_DURATION,
    help: "How long lookups took, by the tier that answered. A random sample of about one in 16 is timed.",
    type: "histogram",
    samples: ({ tiers, missLatency }) => [
      ...Object.entries(tiers).flatMap(([outcome, { latency }]) => histogram(latency, { outcome })),
      ...histogram(missLatency, { outcome: "none" }),
    ],
  },
  tier("counter", "misses_total", "Lookups that came to the tier and were not answered by it.", ({ misses }) => misses),
  tier("counter", "evictions_total", "Entries taken out for want of room.", ({ evictions }) => evictions),
  tier("counter", "damaged_total", "Entries found damaged or unreadable; each was a miss.", ({ damaged }) => damaged),
  tier("gauge", "entries", "Entries held; those of L3 are shared by all processes.", ({ entries }) => entries),
  tier("gauge", "used_bytes", "What the entries take, all included.", ({ usedBytes }) => usedBytes),
  tier("gauge", "max_bytes", "The budget.", ({ maxBytes }) => maxBytes),
  tier("gauge", "open", "1: the tier serves; 0: it is off or cannot be had.", ({ state }) =>
    state === "open" ? 1 : 0,
  ),
  plain("counter", "promotions_total", "Entries copied upwards on use.", ({ promotions }) => promotions),
  plain("counter", "demotions_total", "Entries that left L1 for L2.", ({ demotions }) => demotions),
  plain("counter", "failed_reads_total", "Reads of L3 that failed; each was a miss.", ({ failedReads }) => failedReads),
  plain(
    "counter",
    "failed_writes_total",
    "Batches that L3 could not take or that could not be encoded.",
    ({ failedWrites }) => failedWrites,
  ),
  plain("gauge", "faults", "What the cache has to go without at present.", ({ degraded }) => degraded.length),
  ...storedMetrics<CacheStatistics>(
    "embed_once_cache_stored",
    "stored by this process",
    ({ storedByModel }) => storedByModel,
  ),
  storedByForm("float32_bytes", "as float32s", ({ float32Bytes }) => float32Bytes),
  storedByForm("record_bytes", "as records", ({ recordBytes }) => recordBytes),
];

/** Vectors and their bytes, by model. */
export function storedMetrics<Figures>(
  prefix: string,
  what: string,
  byModel: (figures: Figures) => Readonly<Record<string, StoredVectors>>,
): MetricDefinition<Figures>[] {
  const counter = (name: string, help: string, figure: (stored: StoredVectors) => number) => ({
    name: `${prefix}_${name}_total`,
    help: `${help}.`,
    type: "counter" as const,
    samples: (figures: Figures) =>
      Object.entries(byModel(figures)).map(([model, stored]) => ({ labels: { model }, value: figure(stored) })),
  });
  return [
    counter("vectors", `Vectors ${what}`, ({ vectors }) => vectors),
    counter("number_array_bytes", `Vectors ${what}, as arrays of doubles`, ({ numberArrayBytes }) => numberArrayBytes),
    counter("float32_bytes", `Vectors ${what}, as float32s`, ({ float32Bytes }) => float32Bytes),
    counter("record_bytes", `Vectors ${what}, as records`, ({ recordBytes }) => recordBytes),
  ];
}

function storedByForm(name: string, how: string, figure: (stored: StoredVectors) => number): Definition {
  return {
    name: `embed_once_cache_stored_form_${name}_total`,
    help: `Vectors stored by this process, ${how}, by how their numbers were written.`,
    type: "counter",
    samples: ({ storedByNumberForm }) =>
      Object.entries(storedByNumberForm).map(([form, stored]) => ({
        labels: { number_form: form },
        value: figure(stored),
      })),
  };
}

function plain(
  type: "counter" | "gauge",
  name: string,
  help: string,
  figure: (statistics: CacheStatistics) => number,
): Definition {
  return { name: `embed_once_cache_${name}`, help, type, samples: (statistics) => [{ value: figure(statistics) }] };
}

function tier(
  type: "counter" | "gauge",
  name: string,
  help: string,
  figure: (statistics: TierStatistics) => number,
): Definition {
  return { name: `embed_once_cache_tier_${name}`, help, type, samples: ({ tiers }) => byTier(tiers, figure) };
}

function byTier(
  tiers: Readonly<Record<TierName, TierStatistics>>,
  figure: (statistics: TierStatistics) => number,
): Sample[] {
  return Object.entries(tiers).map(([name, statistics]) => ({ labels: { tier: name }, value: figure(statistics) }));
}

function histogram({ timed, sumUs, below }: LatencySummary, labels: Labels): Sample[] {
  return [
    ...below.map(({ us, timed: count }) => ({
      metricName: `${LOOKUP_DURATION}_bucket`,
      labels: { ...labels, le: String(us / 1e6) },
      value: count,
    })),
    { metricName: `${LOOKUP_DURATION}_bucket`, labels: { ...labels, le: "+Inf" }, value: timed },
    { metricName: `${LOOKUP_DURATION}_sum`, labels, value: sumUs / 1e6 },
    { metricName: `${LOOKUP_DURATION}_count`, labels, value: timed },
  ];
}
