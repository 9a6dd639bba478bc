import { ConfigurationError } from "./core/errors.ts";
import type { CacheEmbedderOptions } from "./embedder/options.ts";
import { nearestName } from "./provider/nearest-name.ts";
import type { Environment } from "./provider/provider.ts";
import { type ProviderConfig, providerConfigEntries } from "./provider/provider-config.ts";
import { providers } from "./provider/registry.ts";

/** Everything that can be configured: which embedder, and the cache around it. */
export type ServiceConfig = { [Option in keyof ProviderConfig]?: ProviderConfig[Option] | undefined } & CacheConfig;

const CACHE_OPTIONS = [
  "directory",
  "hotBytes",
  "compressedBytes",
  "diskBytes",
  "mode",
  "ttlMs",
  "durability",
  "modelAlias",
  "revision",
  "maxRetries",
  "maxTextsPerRequest",
  "maxConcurrentRequests",
  "verifyFraction",
  "onNotice",
  "onEvent",
] as const satisfies readonly (keyof CacheEmbedderOptions)[];

type CacheConfig = Pick<CacheEmbedderOptions, (typeof CACHE_OPTIONS)[number]>;

/** What each environment variable sets. Keys of providers have variables of their own. */
export const ENVIRONMENT_VARIABLES: Readonly<Record<string, keyof ServiceConfig>> = {
  EMBED_ONCE_PROVIDER: "provider",
  EMBED_ONCE_MODEL: "model",
  EMBED_ONCE_DIMENSIONS: "dimensions",
  EMBED_ONCE_BASE_URL: "baseURL",
  EMBED_ONCE_ENCODING: "encoding",
  EMBED_ONCE_CACHE_DIR: "directory",
  EMBED_ONCE_MODE: "mode",
  EMBED_ONCE_MODEL_ALIAS: "modelAlias",
  EMBED_ONCE_REVISION: "revision",
};

const DEFAULT_PROVIDER = "local";
/** Takes the first provider whose key is in the environment, else the default. Never unasked: a key is no consent. */
const AUTO_PROVIDER = "auto";

export interface ResolvedConfig {
  provider: ProviderConfig;
  cache: CacheConfig;
  /** Why it is this provider, for people who wonder: `"as asked"`, `"EMBED_ONCE_PROVIDER"`, `"by default"`, `"OPENAI_API_KEY is set"` … */
  providerReason: string;
}

/**
 * Merges argument over environment over defaults. What an option may be is checked by whoever it belongs to.
 * @throws ConfigurationError for an option that nobody knows, with the name that was probably meant
 */
export function resolveConfig(config: ServiceConfig, env: Environment): ResolvedConfig {
  const fromEnvironment: Record<string, unknown> = {};
  for (const [variable, option] of Object.entries(ENVIRONMENT_VARIABLES)) {
    const value = env[variable];
    if (value) fromEnvironment[option] = option === "dimensions" ? wholeNumber(variable, value) : value;
  }
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  const merged: Record<string, unknown> = { provider: DEFAULT_PROVIDER, ...fromEnvironment, ...given };

  const provider: Record<string, unknown> = {};
  const cache: Record<string, unknown> = {};
  const providerOptions = Object.keys(providerConfigEntries);
  for (const [name, value] of Object.entries(merged)) {
    // The wrapper cuts and retries for the provider.
    if ((CACHE_OPTIONS as readonly string[]).includes(name)) cache[name] = value;
    else if (providerOptions.includes(name)) provider[name] = value;
    else throw unknownOption(name, [...providerOptions, ...CACHE_OPTIONS]);
  }
  let providerReason =
    given.provider !== undefined
      ? "as asked"
      : fromEnvironment.provider !== undefined
        ? "EMBED_ONCE_PROVIDER"
        : "by default";
  if (merged.provider === AUTO_PROVIDER) {
    const found = providerWithKey(env);
    merged.provider = provider.provider = found?.name ?? DEFAULT_PROVIDER;
    providerReason = found ? `${found.variable} is set` : "no provider's key is set";
  }
  // The model in the environment belongs to the provider in the environment, not to another one that is asked for.
  const { provider: environmentProvider } = fromEnvironment;
  if (given.provider !== undefined && environmentProvider !== undefined && given.provider !== environmentProvider) {
    for (const option of ["model", "dimensions", "baseURL", "encoding"] as const) {
      if (given[option] === undefined) delete provider[option];
    }
  }
  return {
    provider: provider as unknown as ProviderConfig,
    cache,
    providerReason,
  };
}

function providerWithKey(env: Environment): { name: string; variable: string } | undefined {
  for (const [name, { needsKey, keyVariables }] of providers) {
    const variable = needsKey ? keyVariables.find((candidate) => env[candidate]?.trim()) : undefined;
    if (variable !== undefined) return { name, variable };
  }
  return undefined;
}

function unknownOption(name: string, known: string[]): ConfigurationError {
  const nearest = nearestName(name, known);
  const suggestion = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return new ConfigurationError(
    `unknown option ${JSON.stringify(name)}${suggestion} Known options: ${known.join(", ")}`,
  );
}

function wholeNumber(variable: string, value: string): number {
  if (!/^\d+$/.test(value.trim())) {
    throw new ConfigurationError(`${variable} must be a whole number, got ${JSON.stringify(value)}`);
  }
  return Number(value);
}
