import { defaultCacheDirectory } from "../cache/options.ts";
import { resolveConfig, type ServiceConfig } from "../config.ts";
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
}

export interface CommandServices {
  services: Services;
  /** Of the cache. */
  directory: string;
  /** Why it is this provider. */
  providerReason: string;
}

/** The services that the flags, the environment and the defaults describe; faults of the cache become notes. */
export function servicesFor(options: GlobalOptions, output: Output): CommandServices {
  const config: ServiceConfig = {
    provider: options.provider,
    model: options.model,
    dimensions: options.dimensions === undefined ? undefined : wholeNumber("--dimensions", options.dimensions),
    baseURL: options.baseUrl,
    directory: options.cacheDir,
    onNotice: (message) => output.note(`note: ${message}`),
  };
  const { cache, providerReason } = resolveConfig(config, process.env);
  return {
    services: createServices(config),
    directory: cache.directory ?? defaultCacheDirectory(),
    providerReason,
  };
}

export function wholeNumber(flag: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`${flag} takes a whole number, got ${JSON.stringify(value)}`);
  return Number(value);
}
