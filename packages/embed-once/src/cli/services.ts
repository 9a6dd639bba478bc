import { existsSync } from "node:fs";
import { type EmbeddingCache, openCache } from "../cache/hierarchical-cache.ts";
import { defaultCacheDirectory } from "../cache/options.ts";
import { type ResolvedConfig, resolveConfig, type ServiceConfig } from "../config.ts";
import { loadConfiguration, loadConfigurationFile } from "../config-file.ts";
import { createServices, type Services } from "../service-factory.ts";
import { CommandFailure, UsageError } from "./errors.ts";
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

/**
 * The services that flags, environment, file and defaults describe; faults of the cache become notes.
 * @param asksNobody for commands that embed nothing: no key is needed then
 */
export function servicesFor(options: GlobalOptions, output: Output, asksNobody = false): CommandServices {
  const file = configurationFile(options);
  const config: ServiceConfig = {
    provider: options.provider,
    model: options.model,
    dimensions: options.dimensions === undefined ? undefined : wholeNumber("--dimensions", options.dimensions),
    baseURL: options.baseUrl,
    directory: options.cacheDir,
    mode: asksNobody ? "offline" : undefined,
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

export interface CommandCache {
  cache: EmbeddingCache;
  directory: string;
  /** The model that the environment or a file names, and where. */
  model: { name: string; source: string } | undefined;
}

/**
 * The cache that they describe, its budgets included, for commands that do not care whose vectors it holds.
 * @throws CommandFailure where nobody made it yet and the command does not make it either
 */
export async function cacheFor(options: GlobalOptions, output: Output, makesIt = false): Promise<CommandCache> {
  const file = configurationFile(options);
  const { cache, provider, sources } = resolveConfig({ directory: options.cacheDir }, process.env, file);
  const directory = cache.directory ?? defaultCacheDirectory();
  if (!makesIt && !existsSync(directory)) throw new CommandFailure(`there is no cache in ${directory}`);
  return {
    cache: await openCache({ ...cache, onNotice: (message) => output.note(`note: ${message}`) }),
    directory,
    model: provider.model === undefined ? undefined : { name: provider.model, source: sources.model! },
  };
}

function configurationFile({ config }: GlobalOptions): ReturnType<typeof loadConfiguration> {
  if (config === false) return undefined;
  return config === undefined ? loadConfiguration() : loadConfigurationFile(config);
}

export function wholeNumber(flag: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`${flag} takes a whole number, got ${JSON.stringify(value)}`);
  return Number(value);
}
