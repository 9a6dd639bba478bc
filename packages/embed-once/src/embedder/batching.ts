import type { Embedder, EmbedOptions, Usage } from "../core/embedder.ts";
import { type RequestLimits, splitRequests } from "../core/request-limits.ts";
import { isAboutText, TextFailed } from "./errors.ts";
import { classifyFailure } from "./failure.ts";
import { checkResponse } from "./response-check.ts";
import { type RetryClock, type RetryOptions, withRetries } from "./retry.ts";
import type { FlightSignals } from "./single-flight.ts";

/** What a batch sender tells, besides vectors. */
export interface BatchObserver {
  onRequest(textCount: number): void;
  onResponse(texts: readonly string[], usage: Usage | undefined): void;
  onFailure(textCount: number, error: unknown): void;
  onRetry(delayMs: number, error: unknown): void;
  onLimitLearned(maxTextsPerRequest: number): void;
}

/** How one call of the base is made. */
export interface BatchCall {
  model: string | undefined;
  options: EmbedOptions;
  /** Length that the vectors must have, where it is known. */
  dimensions: number | undefined;
}

/**
 * Sends texts to the base embedder in requests that it takes: retried, checked, and cut smaller where the base says that
 * there is too much in one. What it learns of the limit, it keeps.
 */
export class BatchSender {
  readonly #base: Embedder;
  readonly #retry: RetryOptions;
  readonly #clock: RetryClock;
  #limits: RequestLimits;

  constructor(base: Embedder, limits: RequestLimits, retry: RetryOptions, clock: RetryClock) {
    this.#base = base;
    this.#limits = limits;
    this.#retry = retry;
    this.#clock = clock;
  }

  /** Bounds of one request, as given and as learned. */
  get limits(): Readonly<RequestLimits> {
    return this.#limits;
  }

  /**
   * @param onVectors takes each part of the answer as soon as it is checked: where its texts begin, and their vectors
   * @throws TextFailed for a text that is refused even alone, or that the error names; else the base's error
   */
  async send(
    texts: readonly string[],
    call: BatchCall,
    signals: FlightSignals,
    observer: BatchObserver,
    onVectors: (start: number, vectors: number[][]) => Promise<void>,
    offset = 0,
  ): Promise<void> {
    for (const { start, end } of splitRequests(texts, this.#limits)) {
      const part = texts.slice(start, end);
      const at = offset + start;
      signals.unwanted.throwIfAborted();
      try {
        await onVectors(at, await this.#request(part, call, signals, observer));
      } catch (error) {
        const { kind, maxTexts } = classifyFailure(error, this.#clock.now());
        if (signals.abandoned.aborted) throw error;
        const named = isAboutText(error) ? part[error.textIndex] : undefined;
        if (kind !== "too-large" && kind !== "refused") {
          throw named === undefined ? error : new TextFailed(named, error, false);
        }
        if (part.length === 1) throw new TextFailed(part[0]!, error, true);
        if (named !== undefined) {
          await this.send(part.slice(0, part.indexOf(named)), call, signals, observer, onVectors, at);
          throw new TextFailed(named, error, true);
        }
        const stated = maxTexts !== undefined && maxTexts < part.length ? maxTexts : undefined;
        if (stated !== undefined) this.#learn(stated, observer);
        // One text may be what it objects to: halves find it with few requests, and the rest is not held back by it.
        const half = Math.ceil(part.length / 2);
        await this.send(part.slice(0, half), call, signals, observer, onVectors, at);
        await this.send(part.slice(half), call, signals, observer, onVectors, at + half);
        // Only now it is known that it was their number, and not one of them.
        if (kind === "too-large" && stated === undefined) this.#learn(half, observer);
      }
    }
  }

  #learn(maxTextsPerRequest: number, observer: BatchObserver): void {
    if (maxTextsPerRequest >= this.#limits.maxTextsPerRequest) return;
    this.#limits = { ...this.#limits, maxTextsPerRequest: Math.max(1, maxTextsPerRequest) };
    observer.onLimitLearned(this.#limits.maxTextsPerRequest);
  }

  #request(texts: string[], call: BatchCall, signals: FlightSignals, observer: BatchObserver): Promise<number[][]> {
    const attempt = async () => {
      observer.onRequest(texts.length);
      try {
        const options = { ...call.options, signal: signals.abandoned };
        const response = await this.#base.createEmbeddings(texts, call.model, options);
        const vectors = checkResponse(response, texts.length, this.#base.embedderInfo.name, call.dimensions);
        observer.onResponse(texts, response.usage);
        return vectors;
      } catch (error) {
        observer.onFailure(texts.length, error);
        throw error;
      }
    };
    return withRetries(attempt, this.#retry, this.#clock, signals.unwanted, observer.onRetry);
  }
}
