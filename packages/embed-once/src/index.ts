export { type CacheEntry, type EmbeddingCache, openCache } from "./cache/hierarchical-cache.ts";
export { type CacheOptions, defaultCacheDirectory } from "./cache/options.ts";
export type { ConfigurationFile, ServiceConfig } from "./config.ts";
export { loadConfiguration, loadConfigurationFile } from "./config-file.ts";
export { type ContentKey, contentKey, contentKeys, type KeyScope } from "./core/content-key.ts";
export type {
  ConfigurationCheck,
  Embedder,
  EmbedderIdentity,
  EmbeddingResponse,
  EmbedOptions,
  Purpose,
  Usage,
} from "./core/embedder.ts";
export {
  ConfigurationError,
  CorruptRecordError,
  EmbeddingResponseError,
  UnsupportedRecordError,
} from "./core/errors.ts";
export type { RequestLimits } from "./core/request-limits.ts";
export { type CachedEmbedder, cacheEmbedder, type Float32Response } from "./embedder/cached-embedder.ts";
export { EmbeddingsFailedError, OfflineMissError } from "./embedder/errors.ts";
export type { EmbedderEvent } from "./embedder/events.ts";
export type { CacheEmbedderOptions, CacheMode } from "./embedder/options.ts";
export { LocalEmbedder, type LocalOptions } from "./provider/local.ts";
export { createOpenAICompatible, type OpenAICompatibleOptions } from "./provider/openai-compatible.ts";
export { ProviderError } from "./provider/provider-error.ts";
export { createEmbedder, createServices, type Services } from "./service-factory.ts";
export type { CountsMessage } from "./statistics/channels.ts";
export type {
  CacheStatistics,
  EmbedderStatistics,
  LatencySummary,
  LifetimeFigures,
  LifetimeStatistics,
  ModelStatistics,
  StoredVectors,
  TierStatistics,
  VerificationOutcome,
} from "./statistics/statistics.ts";
export type { TierName } from "./tier/tier.ts";
