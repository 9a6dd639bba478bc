import type { CacheStatistics, LifetimeStatistics } from "../statistics/statistics.ts";
import { storedMetrics } from "./cache-metrics.ts";
import { lifetimeTextMetrics } from "./embedder-metrics.ts";
import type { MetricDefinition } from "./figure-metric.ts";

export const lifetimeMetrics: readonly MetricDefinition<LifetimeStatistics>[] = [
  ...lifetimeTextMetrics,
  ...storedMetrics<LifetimeStatistics>("embed_once_lifetime_stored", "stored by all processes", ({ models }) =>
    Object.fromEntries(Object.entries(models).map(([model, { stored }]) => [model, stored])),
  ),
];

/** What lies on disk, whoever stored it. */
export const diskMetrics: readonly MetricDefinition<CacheStatistics>[] = [
  {
    name: "embed_once_disk_vectors",
    help: "Vectors on disk.",
    type: "gauge",
    samples: ({ models }) => models.map(({ name, entries }) => ({ labels: { model: name }, value: entries })),
  },
  {
    name: "embed_once_disk_entry_bytes",
    help: "Bytes of the vectors' entries on disk.",
    type: "gauge",
    samples: ({ models }) => models.map(({ name, bytes }) => ({ labels: { model: name }, value: bytes })),
  },
  {
    name: "embed_once_disk_used_bytes",
    help: "What the vectors on disk take, all included.",
    type: "gauge",
    samples: ({ tiers: { L3 } }) => (L3.state === "open" ? [{ value: L3.usedBytes }] : []),
  },
  {
    name: "embed_once_disk_max_bytes",
    help: "The budget on disk.",
    type: "gauge",
    samples: ({ tiers: { L3 } }) => [{ value: L3.maxBytes }],
  },
];
