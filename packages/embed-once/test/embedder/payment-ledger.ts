import type { Embedder, EmbeddingResponse, EmbedOptions } from "../../src/core/embedder.ts";
import type { ProviderEmbedder } from "../../src/provider/provider.ts";

/** One call of a base embedder. */
export interface BaseCall {
  texts: readonly string[];
  /** Whether everybody who waited for it gave it up before it was answered. */
  givenUp: boolean;
  /** Tokens of a good answer. */
  tokens?: number | undefined;
  error?: unknown;
}

/**
 * Knows which text may be requested when, over all embedders that share a cache directory, and writes down what breaks it:
 * - a text whose good answer was read is never requested again,
 * - no two requests that are under way carry the same text,
 * except that a request which was given up leaves its texts to others.
 *
 * A text with another purpose is another text where the provider tells purposes apart.
 */
export class PaymentLedger {
  readonly calls: BaseCall[] = [];
  readonly violations: string[] = [];
  readonly #answered = new Set<string>();
  readonly #paid = new Set<string>();
  readonly #underWay = new Map<string, BaseCall>();

  /** The base as it is, with its calls entered here. */
  observe(base: ProviderEmbedder): Embedder {
    const enter = (texts: string[], options: EmbedOptions, request: () => Promise<EmbeddingResponse>) => {
      return this.#enter(
        texts.map((text) => spaceOf(base, options) + text),
        texts,
        options,
        request,
      );
    };
    return {
      createEmbeddings: (texts, model, options = {}) =>
        enter(texts, options, () => base.createEmbeddings(texts, model, options)),
      validateConfiguration: () => base.validateConfiguration(),
      identityOf: (model, options) => base.identityOf(model, options),
      embedderInfo: base.embedderInfo,
      identity: base.identity,
      limits: base.limits,
    };
  }

  /** Whether any good answer to the text was read, be it one that had been given up. */
  isAnswered(base: ProviderEmbedder, text: string, options: EmbedOptions): boolean {
    return this.#answered.has(spaceOf(base, options) + text);
  }

  async #enter(
    keys: readonly string[],
    texts: readonly string[],
    { signal }: EmbedOptions,
    request: () => Promise<EmbeddingResponse>,
  ): Promise<EmbeddingResponse> {
    const call: BaseCall = { texts: [...texts], givenUp: false };
    this.calls.push(call);
    for (const key of keys) {
      if (this.#paid.has(key)) this.violations.push(`requested again after it was answered: ${key}`);
      if (this.#underWay.has(key)) this.violations.push(`requested while it was under way: ${key}`);
      this.#underWay.set(key, call);
    }
    if (new Set(keys).size < keys.length) this.violations.push(`the same text twice in one request: ${keys}`);
    const leave = () => {
      for (const key of keys) if (this.#underWay.get(key) === call) this.#underWay.delete(key);
    };
    const giveUp = () => {
      call.givenUp = true;
      leave();
    };
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const response = await request();
      call.tokens = response.usage?.totalTokens ?? 0;
      for (const key of keys) {
        this.#answered.add(key);
        if (!call.givenUp) this.#paid.add(key);
      }
      return response;
    } catch (error) {
      call.error = error;
      throw error;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      leave();
    }
  }
}

/** What the provider makes of the purpose, as a prefix of the text. */
export function spaceOf({ identity }: ProviderEmbedder, { purpose }: EmbedOptions): string {
  return identity.purposes === "same" ? "" : `${purpose ?? identity.purposeByDefault ?? "none"}: `;
}
