import type { EmbeddingCache } from "../cache/hierarchical-cache.ts";
import { type CacheOptions, resolveCacheOptions } from "../cache/options.ts";
import { harmless } from "../core/listener.ts";
import type { EmbedderEvent } from "./events.ts";
import type { IdentityOptions } from "./identity.ts";
import { DEFAULT_MAX_TEXTS_PER_REQUEST } from "./model-limits.ts";
import { DEFAULT_RETRY_OPTIONS, type RetryOptions } from "./retry.ts";

/**
 * - `read-write`: hits from the cache, misses embedded and stored
 * - `read-only`: hits from the cache, misses embedded and not stored
 * - `offline`: hits from the cache, a miss is an error that names the text's index
 * - `refresh`: everything embedded anew and stored
 * - `bypass`: as if there were no cache; nothing is opened
 */
export type CacheMode = "read-write" | "read-only" | "offline" | "refresh" | "bypass";

export const CACHE_MODES: readonly CacheMode[] = ["read-write", "read-only", "offline", "refresh", "bypass"];

export interface CacheEmbedderOptions extends IdentityOptions, CacheOptions, RetryOptions {
  /** A cache to share with others; it is not closed with the embedder. @default one of its own, opened on first use */
  cache?: EmbeddingCache | undefined;
  /** @default "read-write" */
  mode?: CacheMode | undefined;
  /**
   * Most texts that one call of the base gets, 1 or more; a base that says it is less is believed. What one call
   * brought is stored at once.
   * @default the base's own limit, else 128
   */
  maxTextsPerRequest?: number | undefined;
  /** Calls of the base at the same time, 1 or more. @default 4 */
  maxConcurrentRequests?: number | undefined;
  /** Part of the hits that is embedded again to see whether the model is still the same, 0 to 1. @default 0 */
  verifyFraction?: number | undefined;
  /** US dollars for a million tokens of every model, 0 or more; for statistics. @default what the base says, else not known */
  pricePerMillionTokens?: number | undefined;
  /** Where and when the prices were read; for statistics. @default "set by the user" where that is so, else not known */
  priceSource?: string | undefined;
  /** Is told of requests, retries and whatever else happens, as it happens. What it throws is a warning of the process. */
  onEvent?: ((event: EmbedderEvent) => void) | undefined;
}

/** The source of a price that the user gave. */
export const SET_BY_USER = "set by the user";

export const DEFAULT_EMBEDDER_OPTIONS: {
  readonly mode: CacheMode;
  readonly maxTextsPerRequest: number;
  readonly maxConcurrentRequests: number;
  readonly verifyFraction: number;
} = {
  mode: "read-write",
  maxTextsPerRequest: DEFAULT_MAX_TEXTS_PER_REQUEST,
  maxConcurrentRequests: 4,
  verifyFraction: 0,
};

export interface ResolvedEmbedderOptions {
  mode: CacheMode;
  /** Absent where the user names none. */
  maxTextsPerRequest: number | undefined;
  maxConcurrentRequests: number;
  verifyFraction: number;
  onEvent: (event: EmbedderEvent) => void;
  onNotice: (message: string) => void;
}

/** For a base that retries by itself: further attempts are made only where the user asks for them. */
export function withoutOwnRetries<Options extends RetryOptions>(options: Options): Options {
  return { ...options, maxRetries: options.maxRetries ?? 0 };
}

/** Merges with the defaults and checks; wrong options are told here, not on first use. */
export function resolveEmbedderOptions(options: CacheEmbedderOptions): ResolvedEmbedderOptions {
  const { onNotice } = resolveCacheOptions(options);
  const { mode = DEFAULT_EMBEDDER_OPTIONS.mode, onEvent = () => {} } = options;
  if (!CACHE_MODES.includes(mode)) {
    throw new TypeError(`mode must be one of ${CACHE_MODES.join(", ")}, got ${JSON.stringify(mode)}`);
  }
  const verifyFraction = options.verifyFraction ?? DEFAULT_EMBEDDER_OPTIONS.verifyFraction;
  if (!(verifyFraction >= 0 && verifyFraction <= 1)) {
    throw new RangeError(`verifyFraction must be a number from 0 to 1, got ${verifyFraction}`);
  }
  for (const name of Object.keys(DEFAULT_RETRY_OPTIONS) as (keyof RetryOptions)[]) {
    const value = options[name] ?? 0;
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${name} must be a whole number, 0 or more, got ${value}`);
  }
  const { pricePerMillionTokens: price } = options;
  if (price !== undefined && !(Number.isFinite(price) && price >= 0)) {
    throw new RangeError(`pricePerMillionTokens must be a number of dollars, 0 or more, got ${price}`);
  }
  return {
    mode,
    maxTextsPerRequest: atLeastOne("maxTextsPerRequest", options.maxTextsPerRequest),
    maxConcurrentRequests:
      atLeastOne("maxConcurrentRequests", options.maxConcurrentRequests) ??
      DEFAULT_EMBEDDER_OPTIONS.maxConcurrentRequests,
    verifyFraction,
    onEvent: harmless("onEvent", onEvent),
    onNotice,
  };
}

function atLeastOne(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
    throw new RangeError(`${name} must be a whole number of at least 1, got ${value}`);
  }
  return value;
}
