import type { Embedder, EmbedOptions, Usage } from "../core/embedder.ts";
import type { RequestLimits } from "../core/request-limits.ts";
import { isAboutText, TextFailed } from "./errors.ts";
import { classifyFailure } from "./failure.ts";
import type { ModelLimits } from "./model-limits.ts";
import { checkResponse } from "./response-check.ts";
import { type RetryClock, type RetryOptions, withRetries } from "./retry.ts";
import type { FlightSignals } from "./single-flight.ts";

/** What a batch sender tells, besides vectors. None of it may throw: an answer that came must not be lost by it. */
export interface BatchObserver {
  onRequest(textCount: number): void;
  onResponse(texts: readonly string[], usage: Usage | undefined): void;
  onFailure(textCount: number, error: unknown): void;
  onRetry(delayMs: number, error: unknown): void;
  /** @param limits as they are from now on */
  onLimitLearned(limits: Readonly<RequestLimits>): void;
}

/** How one call of the base is made. */
export interface BatchCall {
  model: string | undefined;
  options: EmbedOptions;
  /** Length that the vectors must have, where it is known. */
  dimensions: number | undefined;
}

/** Takes what becomes of the texts of a batch, as soon as it is known. */
export interface BatchReceiver {
  /** A part of the answer, checked: where its texts begin, and their vectors, which are the receiver's. */
  onVectors(start: number, vectors: number[][]): Promise<void>;
  /** A text that is refused even alone, or that the refusal names. The others are still sent. */
  onRefused(index: number, refusal: TextFailed): void;
}

/** One batch on its way. */
interface Batch {
  call: BatchCall;
  signals: FlightSignals;
  observer: BatchObserver;
  receiver: BatchReceiver;
  textsRefused: number;
}

/** With so many refused it is hardly the texts, and each costs requests to find. The rest is not sent then. */
export const MAX_TEXTS_REFUSED = 5;

/**
 * Sends texts to the base embedder in requests that it takes: retried, checked, and cut smaller where the base says that
 * there is too much in one. What it learns of the limit, it keeps.
 */
export class BatchSender {
  readonly #base: Embedder;
  readonly #retry: RetryOptions;
  readonly #clock: RetryClock;
  readonly #limits: ModelLimits;

  constructor(base: Embedder, limits: ModelLimits, retry: RetryOptions, clock: RetryClock) {
    this.#base = base;
    this.#limits = limits;
    this.#retry = retry;
    this.#clock = clock;
  }

  /**
   * Ends well where every text has its vector or is refused.
   * @throws TextFailed for a text with a wrong answer, or for the last of `MAX_TEXTS_REFUSED`; else the base's error
   */
  send(
    texts: readonly string[],
    call: BatchCall,
    signals: FlightSignals,
    observer: BatchObserver,
    receiver: BatchReceiver,
  ): Promise<void> {
    return this.#send(texts, 0, { call, signals, observer, receiver, textsRefused: 0 });
  }

  /** @param offset where the texts begin in the batch */
  async #send(texts: readonly string[], offset: number, batch: Batch): Promise<void> {
    const { call, signals, observer, receiver } = batch;
    for (const { start, end } of this.#limits.split(texts, call)) {
      const part = texts.slice(start, end);
      const at = offset + start;
      signals.unwanted.throwIfAborted();
      let vectors: number[][];
      try {
        vectors = await this.#request(part, call, signals, observer);
      } catch (error) {
        await this.#sendRest(part, at, batch, error);
        continue;
      }
      await receiver.onVectors(at, vectors);
    }
  }

  /** After a failure: whatever is not to blame for it, in smaller requests. */
  async #sendRest(part: readonly string[], at: number, batch: Batch, error: unknown): Promise<void> {
    const { call, signals } = batch;
    if (signals.abandoned.aborted) throw error;
    const { kind, maxTexts, tokens } = classifyFailure(error, this.#clock.now());
    const named = isAboutText(error) && error.textIndex in part ? error.textIndex : undefined;
    if (kind !== "too-large" && kind !== "refused") {
      throw named === undefined ? error : new TextFailed(part[named]!, error, false);
    }
    const refused = part.length === 1 ? 0 : named;
    if (refused !== undefined) {
      await this.#send(part.slice(0, refused), at, batch);
      this.#refuse(part[refused]!, at + refused, batch, error);
      return this.#send(part.slice(refused + 1), at + refused + 1, batch);
    }
    const stated = maxTexts !== undefined && maxTexts < part.length ? maxTexts : undefined;
    if (stated !== undefined) this.#learn("maxTextsPerRequest", stated, batch);
    // One text may be what it objects to: halves find it with few requests, and the rest is not held back by it.
    const half = Math.ceil(part.length / 2);
    const refusedBefore = batch.textsRefused;
    const halves = [part.slice(0, half), part.slice(half)] as const;
    await this.#send(halves[0], at, batch);
    await this.#send(halves[1], at + half, batch);
    // Only now it is known that it was all of them together, and not one of them.
    if (kind !== "too-large" || stated !== undefined || batch.textsRefused > refusedBefore) return;
    if (!tokens) return this.#learn("maxTextsPerRequest", half, batch);
    const tokensOf = (texts: readonly string[]) =>
      texts.reduce((sum, text) => sum + this.#limits.countTokens(text, call), 0);
    this.#learn("maxTokensPerRequest", Math.max(...halves.map(tokensOf)), batch);
  }

  #refuse(text: string, index: number, batch: Batch, error: unknown): void {
    const refusal = new TextFailed(text, error, true);
    batch.receiver.onRefused(index, refusal);
    if (++batch.textsRefused >= MAX_TEXTS_REFUSED) throw refusal;
  }

  #learn(name: "maxTextsPerRequest" | "maxTokensPerRequest", most: number, { call, observer }: Batch): void {
    const limits = this.#limits.learn(call.model, name, most);
    if (limits) observer.onLimitLearned(limits);
  }

  async #request(
    texts: string[],
    call: BatchCall,
    signals: FlightSignals,
    observer: BatchObserver,
  ): Promise<number[][]> {
    const attempt = async () => {
      observer.onRequest(texts.length);
      try {
        const options = { ...call.options, signal: signals.abandoned };
        const response = await this.#base.createEmbeddings(texts, call.model, options);
        return checkResponse(response, texts.length, this.#base.embedderInfo.name, call.dimensions);
      } catch (error) {
        observer.onFailure(texts.length, error);
        throw error;
      }
    };
    const { vectors, usage } = await withRetries(attempt, this.#retry, this.#clock, signals.unwanted, observer.onRetry);
    observer.onResponse(texts, usage);
    return vectors;
  }
}
