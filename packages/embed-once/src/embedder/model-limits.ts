import type { Embedder, EmbedOptions } from "../core/embedder.ts";
import { estimateTokens, type RequestLimits, type Run, splitRequests } from "../core/request-limits.ts";

/** Texts of one request to a base that names no bound. */
export const DEFAULT_MAX_TEXTS_PER_REQUEST = 128;

/** What a call's texts are sent with. */
interface LimitedCall {
  model: string | undefined;
  options: EmbedOptions;
}

/** The bounds of a request to each of the base's models: as the base and the user have them, and as learned. */
export class ModelLimits {
  readonly #base: Embedder;
  readonly #maxTexts: number | undefined;
  /** By the model of a call; a call without one gets the base's own. */
  readonly #limits = new Map<string | undefined, RequestLimits>();

  /** @param maxTextsPerRequest the user's; a base that says it is less is believed */
  constructor(base: Embedder, maxTextsPerRequest: number | undefined) {
    this.#base = base;
    this.#maxTexts = maxTextsPerRequest;
  }

  of(model: string | undefined): Readonly<RequestLimits> {
    let limits = this.#limits.get(model);
    if (limits === undefined) {
      const own = this.#base.limitsOf?.(model) ?? this.#base.limits;
      const maxTextsPerRequest = own
        ? Math.min(own.maxTextsPerRequest, this.#maxTexts ?? Number.POSITIVE_INFINITY)
        : (this.#maxTexts ?? DEFAULT_MAX_TEXTS_PER_REQUEST);
      limits = { maxBytesPerRequest: Number.POSITIVE_INFINITY, ...own, maxTextsPerRequest };
      this.#limits.set(model, limits);
    }
    return limits;
  }

  /** @returns the bounds from now on, where this is news */
  learn(
    model: string | undefined,
    name: "maxTextsPerRequest" | "maxTokensPerRequest",
    most: number,
  ): Readonly<RequestLimits> | undefined {
    const known = this.of(model);
    const learned = Math.max(1, most);
    if (learned >= (known[name] ?? Number.POSITIVE_INFINITY)) return undefined;
    const limits = { ...known, [name]: learned };
    this.#limits.set(model, limits);
    return limits;
  }

  /** The requests that the texts make. */
  split(texts: readonly string[], call: LimitedCall): Run[] {
    return splitRequests(texts, this.of(call.model), (text) => this.countTokens(text, call));
  }

  countTokens(text: string, { model, options }: LimitedCall): number {
    return this.#base.countTokens?.(text, model, options) ?? estimateTokens(text);
  }
}
