import type { EmbeddingCache } from "../cache/hierarchical-cache.ts";
import type { CachedEmbedder } from "../embedder/cached-embedder.ts";
import { cacheMetrics } from "./cache-metrics.ts";
import { embedderMetrics } from "./embedder-metrics.ts";
import { type Labels, type MetricRegistry, registerFigures } from "./figure-metric.ts";
import { diskMetrics, lifetimeMetrics } from "./lifetime-metrics.ts";

export type { Labels, MetricRegistry } from "./figure-metric.ts";

/**
 * Registers what an embedder counts, by model: texts, requests, tokens, money. The figures are read when the registry is
 * scraped.
 * @param registry of prom-client
 * @param labels go with every sample; several embedders in one registry need different ones
 * @throws TypeError where the registry is none, Error where these labels are taken
 */
export function registerEmbedderMetrics(
  registry: MetricRegistry,
  embedder: Pick<CachedEmbedder, "statistics">,
  labels: Labels = {},
): void {
  registerFigures(registry, embedderMetrics, { read: () => embedder.statistics(), labels });
}

/**
 * Registers what a cache counts in this process: lookups and their latency, tiers, what was stored. Embedders that share a
 * cache are registered one by one, their cache once.
 * @throws as `registerEmbedderMetrics`
 */
export function registerCacheMetrics(
  registry: MetricRegistry,
  cache: Pick<EmbeddingCache, "statistics">,
  labels: Labels = {},
): void {
  registerFigures(registry, cacheMetrics, { read: () => cache.statistics(), labels });
}

/**
 * Registers what all processes together did with a cache's directory, and what lies there. Once for a directory: the
 * figures of several processes are the same ones.
 * @throws as `registerEmbedderMetrics`
 */
export function registerLifetimeMetrics(
  registry: MetricRegistry,
  cache: Pick<EmbeddingCache, "lifetime" | "statistics">,
  labels: Labels = {},
): void {
  registerFigures(registry, lifetimeMetrics, { read: () => cache.lifetime(), labels });
  registerFigures(registry, diskMetrics, { read: () => cache.statistics(), labels });
}
