import { setTimeout as sleep } from "node:timers/promises";
import { classifyFailure } from "./failure.ts";

export interface RetryOptions {
  /** Further attempts after a failure that may pass, 0 or more. @default 5 */
  maxRetries?: number | undefined;
  /** Delay before the first further attempt; each next one doubles it. @default 500 */
  firstDelayMs?: number | undefined;
  /** @default 20_000 */
  maxDelayMs?: number | undefined;
  /** A provider that asks to wait longer than this is not asked again; the caller is told. @default 60_000 */
  maxRetryAfterMs?: number | undefined;
}

type ResolvedRetryOptions = { [Name in keyof RetryOptions]-?: number };

export const DEFAULT_RETRY_OPTIONS: Readonly<ResolvedRetryOptions> = {
  maxRetries: 5,
  firstDelayMs: 500,
  maxDelayMs: 20_000,
  maxRetryAfterMs: 60_000,
};

/** Each option or its default; `undefined` is no value. */
function resolveRetryOptions(options: RetryOptions): ResolvedRetryOptions {
  const resolved = { ...DEFAULT_RETRY_OPTIONS };
  for (const name of Object.keys(resolved) as (keyof RetryOptions)[]) resolved[name] = options[name] ?? resolved[name];
  return resolved;
}

/** A server that is not running is told soon. */
const MAX_RETRIES_UNREACHABLE = 2;

/** What is not an option of users but of tests. */
export interface RetryClock {
  now(): number;
  /** Rejects when the signal is aborted. */
  sleep(delayMs: number, signal: AbortSignal): Promise<unknown>;
  /** 0 to 1, for the jitter. */
  random(): number;
}

export const SYSTEM_CLOCK: RetryClock = {
  now: Date.now,
  sleep: (delayMs, signal) => sleep(delayMs, undefined, { signal }),
  random: Math.random,
};

/**
 * Makes a request until it succeeds, fails for good or was tried often enough. It waits as long as the provider asks
 * (`Retry-After`), else twice as long each time, less a random part, so that many clients do not come back together.
 * @param signal ends the waiting, not the request: that gets its own
 */
export async function withRetries<Result>(
  request: () => Promise<Result>,
  options: RetryOptions,
  clock: RetryClock,
  signal: AbortSignal,
  onRetry: (delayMs: number, error: unknown) => void,
): Promise<Result> {
  const { maxRetries, firstDelayMs, maxDelayMs, maxRetryAfterMs } = resolveRetryOptions(options);
  for (let attempt = 0; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      const { kind, retryAfterMs, unreachable } = classifyFailure(error, clock.now());
      const retries = unreachable ? Math.min(maxRetries, MAX_RETRIES_UNREACHABLE) : maxRetries;
      if (signal.aborted || kind !== "transient" || attempt >= retries) throw error;
      if (retryAfterMs !== undefined && retryAfterMs > maxRetryAfterMs) throw error;
      const backoffMs = Math.min(maxDelayMs, firstDelayMs * 2 ** attempt) * (0.5 + clock.random() / 2);
      // A provider that asks for no wait at all is not hammered for it.
      const delayMs = retryAfterMs || backoffMs;
      onRetry(delayMs, error);
      await clock.sleep(delayMs, signal).catch(() => {
        throw error;
      });
    }
  }
}
