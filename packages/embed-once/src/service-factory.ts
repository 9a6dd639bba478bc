import type { EmbeddingCache } from "./cache/hierarchical-cache.ts";
import { type ConfigurationFile, resolveConfig, type ServiceConfig } from "./config.ts";
import { type CachedEmbedder, cacheEmbedder } from "./embedder/cached-embedder.ts";
import { type CacheEmbedderOptions, SET_BY_USER } from "./embedder/options.ts";
import { createKeylessEmbedder } from "./provider/keyless.ts";
import type { Environment, Provider } from "./provider/provider.ts";
import type { ProviderConfig } from "./provider/provider-config.ts";
import { createProviderEmbedder, findProvider } from "./provider/registry.ts";
import type { EmbedderStatistics } from "./statistics/statistics.ts";

/** Everything that a program needs, wired: an embedder that is always cached, and the cache below. */
export interface Services extends AsyncDisposable {
  readonly embedder: CachedEmbedder;
  /** Opens the cache if nothing did yet. */
  cache(): Promise<EmbeddingCache>;
  statistics(): EmbedderStatistics;
  close(): Promise<void>;
}

/**
 * Makes the embedder that the configuration describes, wrapped in the cache. Nothing is opened or requested before
 * the first use. In the mode `"offline"` nothing is sent, so no key is needed.
 * @param env where options and keys are looked up that the configuration lacks
 * @param file where options are looked up that neither has, such as `loadConfiguration()`. @default none: no file is read
 * @throws ConfigurationError, TypeError, RangeError in one line for whatever cannot work as it is
 */
export function createEmbedder(
  config: ServiceConfig = {},
  env: Environment = process.env,
  file?: ConfigurationFile,
): CachedEmbedder {
  const { provider, cache } = resolveConfig(config, env, file);
  const described = findProvider(provider.provider);
  const create = cache.mode === "offline" ? createKeylessEmbedder : createProviderEmbedder;
  const base = create({ ...provider, ...sharedOptions(cache, described) }, env);
  const isListed = provider.pricePerMillionTokens === undefined;
  return cacheEmbedder(base, { ...cache, priceSource: isListed ? described.priceSource : SET_BY_USER });
}

/** What the cache decides for its base as well, as far as the provider has it. */
function sharedOptions(cache: CacheEmbedderOptions, { options }: Provider): Partial<ProviderConfig> {
  // Whoever stores what each request brought also decides when to ask again, so the client must not.
  const shared: Partial<ProviderConfig> = { maxRetries: 0, maxTextsPerRequest: cache.maxTextsPerRequest };
  const taken = Object.entries(shared).filter(
    ([option, value]) => value !== undefined && (options as readonly string[]).includes(option),
  );
  return Object.fromEntries(taken);
}

/** The same as `createEmbedder`, with the cache and the figures beside it. */
export function createServices(
  config: ServiceConfig = {},
  env: Environment = process.env,
  file?: ConfigurationFile,
): Services {
  const embedder = createEmbedder(config, env, file);
  return {
    embedder,
    cache: () => embedder.cache(),
    statistics: () => embedder.statistics(),
    close: () => embedder.close(),
    [Symbol.asyncDispose]: () => embedder.close(),
  };
}
