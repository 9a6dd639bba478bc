import { type EmbeddingCache, openCache } from "../cache/hierarchical-cache.ts";
import { defaultCacheDirectory } from "../cache/options.ts";
import { type ResolvedConfig, resolveConfig, type ServiceConfig } from "../config.ts";
import { loadConfiguration, loadConfigurationFile } from "../config-file.ts";
import { createServices, type Services } from "../service-factory.ts";
import { UsageError } from "./errors.ts";
import type { Output } from "./output.ts";

/** The options that every command knows, as commander hands them over. */
export interface GlobalOptions {
  provider?: string;
  model?: string;
  dimensions?: string;
  baseUrl?: string;
  cacheDir?: string;
  /** A file to read, or `false` for none. @default the one that is found */
  config?: string | false;
}

export interface CommandServices {
  services: Services;
  /** Of the cache. */
  directory: string;
  /** Why it is this provider. */
  providerReason: string;
  /** What was set, and where. */
  resolved: ResolvedConfig;
}

/** What each flag sets. */
export const FLAGS: Readonly<Partial<Record<keyof ServiceConfig, string>>> = {
  provider: "--provider",
  model: "--model",
  dimensions: "--dimensions",
  baseURL: "--base-url",
  directory: "--cache-dir",
};

/** The services that flags, environment, file and defaults describe; faults of the cache become notes. */
export function servicesFor(options: GlobalOptions, output: Output): CommandServices {
  const file = configurationFile(options);
  const config: ServiceConfig = {
    provider: options.provider,
    model: options.model,
    dimensions: options.dimensions === undefined ? undefined : wholeNumber("--dimensions", options.dimensions),
    baseURL: options.baseUrl,
    directory: options.cacheDir,
    onNotice: (message) => output.note(`note: ${message}`),
  };
  const resolved = resolveConfig(config, process.env, file);
  const used = file && Object.keys(resolved.sources).filter((option) => resolved.sources[option] === file.path);
  if (used && used.length > 0) output.note(`note: ${used.join(", ")} from ${file.path}`);
  return {
    services: createServices(config, process.env, file),
    directory: resolved.cache.directory ?? defaultCacheDirectory(),
    providerReason: resolved.providerReason,
    resolved,
  };
}

/** The cache that they describe, its budgets included, for commands that ask nobody for vectors. */
export function cacheFor(options: GlobalOptions, output: Output): Promise<EmbeddingCache> {
  const { cache } = resolveConfig({ directory: options.cacheDir }, process.env, configurationFile(options));
  return openCache({ ...cache, onNotice: (message) => output.note(`note: ${message}`) });
}

function configurationFile({ config }: GlobalOptions): ReturnType<typeof loadConfiguration> {
  if (config === false) return undefined;
  return config === undefined ? loadConfiguration() : loadConfigurationFile(config);
}

export function wholeNumber(flag: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`${flag} takes a whole number, got ${JSON.stringify(value)}`);
  return Number(value);
}
