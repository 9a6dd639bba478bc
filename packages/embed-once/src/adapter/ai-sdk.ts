import type {
  ConfigurationCheck,
  Embedder,
  EmbedderIdentity,
  EmbeddingResponse,
  EmbedOptions,
  Purpose,
} from "../core/embedder.ts";
import { EmbeddingResponseError, messageOf } from "../core/errors.ts";
import { type RequestLimits, splitRequests } from "../core/request-limits.ts";
import { copyTexts } from "../core/texts.ts";
import { abortable } from "../embedder/abortable.ts";
import { type CachedEmbedder, cacheEmbedder } from "../embedder/cached-embedder.ts";
import { baseError } from "../embedder/errors.ts";
import { type CacheEmbedderOptions, withoutOwnRetries } from "../embedder/options.ts";
import { AiSdkCall } from "./ai-sdk-call.ts";
import {
  type AiSdkCallOptions,
  type AiSdkEmbeddingModel,
  type AiSdkProviderOptions,
  type AiSdkResult,
  type AiSdkWarning,
  type AnyAiSdkModel,
  type Capabilities,
  MAX_INPUT_BYTES,
  OPTIONS_TRANSFORMER,
  type Settled,
} from "./ai-sdk-model.ts";
import { placesOf, putInPlace } from "./answer-order.ts";
import { canonicalJson } from "./canonical-json.ts";
import { plainEndpoint } from "./endpoint.ts";

export type { AiSdkCallOptions, AiSdkEmbeddingModel, AiSdkProviderOptions, AiSdkResult, AiSdkWarning, AnyAiSdkModel };

export interface FromAiSdkOptions {
  /**
   * Sent along with every call, and part of the key; what a call brings itself wins. A function gets the purpose of the
   * call: where a provider embeds queries and documents differently, this is the place to say so.
   */
  providerOptions?: AiSdkProviderOptions | ((purpose: Purpose | undefined) => AiSdkProviderOptions | undefined);
}

/** Texts of one call of a model that knows no bound: what one call brought is stored before the next. */
const TEXTS_OF_UNBOUNDED_CALL = 128;
const CHECK_TEXT = "embed once";
/** What each provider calls the dimensions, for models of version 3, which have no parameter for it. */
const DIMENSIONS_IN_OPTIONS: Readonly<Record<string, readonly [provider: string, option: string]>> = {
  openai: ["openai", "dimensions"],
  azure: ["openai", "dimensions"],
  "azure-openai": ["openai", "dimensions"],
  google: ["google", "outputDimensionality"],
};
const DIMENSION_OPTIONS: ReadonlySet<string> = new Set(["dimensions", "outputDimensionality", "outputDimension"]);

/**
 * An embedder over an embedding model of the AI SDK. Provider and model are the model's own, the endpoint is read from
 * its configuration where it shows one.
 *
 * Answers that hold OpenAI's `index` in their raw body are put in its order, which the AI SDK's providers do not do
 * (openai, azure, mistral and openai-compatible, November 2026).
 *
 * @param identity wins over what the model says of itself. Needed where the model does not show what decides its
 *   numbers: middleware below that sets options, a server of your own behind a provider's name
 * @throws TypeError for what is no model of version 3 or 4
 */
export function fromAiSdk(
  model: AnyAiSdkModel,
  identity: Partial<EmbedderIdentity> = {},
  options: FromAiSdkOptions = {},
): Embedder & { readonly identity: EmbedderIdentity } {
  const version: unknown = model?.specificationVersion;
  if (version !== "v3" && version !== "v4") {
    const came = typeof model === "string" ? `the name ${JSON.stringify(model)}` : `specification ${String(version)}`;
    throw new TypeError(
      `fromAiSdk takes an embedding model of specification v3 or v4, such as openai.embeddingModel("…"), got ${came}`,
    );
  }
  return new AiSdkEmbedder(model, identity, options);
}

/**
 * An embedding model of the AI SDK over any embedder, for `embed`, `embedMany` and `wrapEmbeddingModel`.
 *
 * Over an embedder from `fromAiSdk`, cached or not, calls pass through whole: provider options reach the model and are
 * part of the key, each value's `google.content` with its value. Other embedders understand dimensions, also among the
 * provider options, and `providerOptions.embedOnce.purpose`; whatever else comes along is answered with a warning, a
 * `google.content` refused.
 */
export function toAiSdk<E extends Embedder, Version extends "v3" | "v4" = "v4">(
  embedder: E,
  { specificationVersion = "v4" as Version }: { specificationVersion?: Version } = {},
): AiSdkEmbeddingModel<Version> & { readonly embedder: E } {
  const base = aiSdkBase(embedder);
  const model: AiSdkEmbeddingModel<Version> & Capabilities & { readonly embedder: E } = {
    specificationVersion,
    provider: base?.model.provider ?? embedder.identity?.provider ?? embedder.embedderInfo.name,
    modelId: base?.model.modelId ?? embedder.identity?.model ?? embedder.embedderInfo.name,
    maxEmbeddingsPerCall: base ? base.model.maxEmbeddingsPerCall : Number.POSITIVE_INFINITY,
    supportsParallelCalls: base ? base.model.supportsParallelCalls : true,
    doEmbed: async (options) => {
      try {
        return await (base ? embedThrough(embedder, base, options) : embedPlainly(embedder, options));
      } catch (error) {
        // By the provider's own error the SDK knows whether to try again.
        throw baseError(error);
      }
    },
    embedder,
  };
  for (const capability of [MAX_INPUT_BYTES, OPTIONS_TRANSFORMER] as const) {
    const value = base?.model[capability];
    if (value !== undefined) model[capability] = value as never;
  }
  return model;
}

/**
 * The same model with a cache: `toAiSdk(cacheEmbedder(fromAiSdk(model), options))`, without retries of its own, as the
 * AI SDK retries by itself. Its `embedder` has the figures and `close()`.
 */
export function cacheAiSdk<Version extends "v3" | "v4">(
  model: AnyAiSdkModel<Version>,
  options: CacheEmbedderOptions & FromAiSdkOptions = {},
): AiSdkEmbeddingModel<Version> & { readonly embedder: CachedEmbedder } {
  const base = fromAiSdk(model, options.identity, options);
  return toAiSdk(cacheEmbedder(base, withoutOwnRetries(options)), {
    specificationVersion: model.specificationVersion,
  });
}

class AiSdkEmbedder implements Embedder {
  readonly model: AnyAiSdkModel & Capabilities;
  readonly identity: EmbedderIdentity;
  readonly embedderInfo: { readonly name: string };
  readonly limits: RequestLimits | undefined;
  readonly #options: FromAiSdkOptions;

  constructor(model: AnyAiSdkModel & Capabilities, identity: Partial<EmbedderIdentity>, options: FromAiSdkOptions) {
    this.model = model;
    this.#options = options;
    this.embedderInfo = { name: model.provider };
    const endpoint = endpointOf(model);
    this.identity = {
      provider: model.provider,
      model: model.modelId,
      ...(endpoint === undefined ? {} : { endpoint }),
      purposes: typeof options.providerOptions === "function" ? "distinct" : "same",
      ...(isWrapped(model) ? { options: { wrapped: true } } : {}),
      ...Object.fromEntries(Object.entries(identity).filter(([, value]) => value !== undefined)),
    };
    this.limits = limitsOf(model.maxEmbeddingsPerCall, model[MAX_INPUT_BYTES]);
  }

  identityOf(model?: string, options: EmbedOptions = {}): EmbedderIdentity {
    this.#checkModel(model);
    const call = callOf(options);
    const { dimensions, providerOptions } = this.#parameters(call, options);
    const sent = canonicalJson(providerOptions ?? {});
    if (sent === undefined) throw new TypeError("providerOptions must be JSON: no key can stand for it otherwise");
    return {
      ...this.identity,
      ...(dimensions === undefined ? {} : { dimensions }),
      options: {
        ...this.identity.options,
        ...(sent === "{}" ? {} : { providerOptions: sent }),
        ...(call?.contentProvider ? { content: call.contentProvider } : {}),
      },
    };
  }

  async createEmbeddings(texts: string[], model?: string, options: EmbedOptions = {}): Promise<EmbeddingResponse> {
    this.#checkModel(model);
    const copies = copyTexts(texts);
    options.signal?.throwIfAborted();
    const call = callOf(options);
    const { values, content } = call?.valuesOf(copies) ?? { values: copies };
    const { dimensions, providerOptions } = this.#parameters(call, options);
    const bounds = await Promise.all([this.model.maxEmbeddingsPerCall, this.model[MAX_INPUT_BYTES]]);
    const embeddings: number[][] = [];
    let tokens: number | undefined = 0;
    for (const { start, end } of splitRequests(values, limitsOf(...bounds) ?? NO_LIMITS)) {
      options.signal?.throwIfAborted();
      const request: AiSdkCallOptions = { values: values.slice(start, end) };
      if (dimensions !== undefined) request.dimensions = dimensions;
      if (options.signal) request.abortSignal = options.signal;
      if (call?.headers) request.headers = call.headers;
      if (providerOptions) request.providerOptions = providerOptions;
      if (content) {
        const name = call!.contentProvider!;
        request.providerOptions = {
          ...providerOptions,
          [name]: { ...providerOptions?.[name], content: content.slice(start, end) },
        };
      }
      const result = await abortable(Promise.resolve(this.model.doEmbed(request)), options.signal);
      for (const vector of inOrder(result, end - start, this.embedderInfo.name)) embeddings.push(vector);
      call?.results.push(result);
      const reported = result.usage?.tokens;
      // A sum is known only if all of its parts are.
      tokens = tokens !== undefined && Number.isFinite(reported) ? tokens + reported! : undefined;
    }
    return tokens === undefined ? { embeddings } : { embeddings, usage: { promptTokens: tokens, totalTokens: tokens } };
  }

  /** Embeds two words, once. */
  async validateConfiguration(): Promise<ConfigurationCheck> {
    try {
      await this.createEmbeddings([CHECK_TEXT]);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: messageOf(error) };
    }
  }

  #checkModel(model: string | undefined): void {
    if (model === undefined || model === this.identity.model || model === this.model.modelId) return;
    throw new TypeError(
      `this embedder is the AI SDK model ${JSON.stringify(this.model.modelId)} and cannot be ${JSON.stringify(model)}: make another one with fromAiSdk`,
    );
  }

  /** What decides the numbers of a call, as it is sent. */
  #parameters(
    call: AiSdkCall | undefined,
    options: EmbedOptions,
  ): { dimensions?: number | undefined; providerOptions: AiSdkProviderOptions | undefined } {
    const fixed = this.#options.providerOptions;
    const own = typeof fixed === "function" ? fixed(options.purpose) : fixed;
    const providerOptions = mergeOptions(own, call?.providerOptions);
    const dimensions = call?.dimensions ?? options.dimensions ?? this.identity.dimensions;
    if (dimensions === undefined || this.model.specificationVersion === "v4") return { dimensions, providerOptions };
    const [provider, option] = DIMENSIONS_IN_OPTIONS[this.model.provider.split(".")[0]!] ?? [];
    if (provider === undefined || option === undefined) {
      throw new TypeError(
        `${this.embedderInfo.name} is a model of version 3, which has no parameter dimensions: say it in providerOptions`,
      );
    }
    // What a call says in the provider's own words wins, as in the providers of version 4.
    return { providerOptions: mergeOptions({ [provider]: { [option]: dimensions } }, providerOptions) };
  }
}

const NO_LIMITS: RequestLimits = {
  maxTextsPerRequest: Number.POSITIVE_INFINITY,
  maxBytesPerRequest: Number.POSITIVE_INFINITY,
};

function callOf(options: EmbedOptions): AiSdkCall | undefined {
  return options.context instanceof AiSdkCall ? options.context : undefined;
}

/** Provider by provider, the second wins. */
function mergeOptions(
  first: AiSdkProviderOptions | undefined,
  second: AiSdkProviderOptions | undefined,
): AiSdkProviderOptions | undefined {
  if (!first || !second) return first ?? second;
  const merged = { ...first };
  for (const [provider, options] of Object.entries(second)) merged[provider] = { ...merged[provider], ...options };
  return merged;
}

/** `undefined` where there is no bound, or it is not known yet. */
function limitsOf(
  maxTexts: Settled<number | undefined>,
  maxBytes: Settled<number | undefined>,
): RequestLimits | undefined {
  const texts = Number.isFinite(maxTexts) ? (maxTexts as number) : undefined;
  const bytes = Number.isFinite(maxBytes) ? (maxBytes as number) : undefined;
  if (texts === undefined && bytes === undefined) return undefined;
  return {
    maxTextsPerRequest: texts ?? TEXTS_OF_UNBOUNDED_CALL,
    maxBytesPerRequest: bytes ?? Number.POSITIVE_INFINITY,
  };
}

/** Where the model's requests go; the AI SDK's providers show it in a field that is not in their interface. */
function endpointOf(model: AnyAiSdkModel): string | undefined {
  const { config } = model as { config?: { url?: unknown; baseURL?: unknown; baseUrl?: unknown } };
  try {
    if (typeof config?.url === "function") return plainEndpoint(config.url({ path: "", modelId: model.modelId }));
    const base = config?.baseURL ?? config?.baseUrl;
    return plainEndpoint(typeof base === "function" ? base() : base);
  } catch {
    return undefined;
  }
}

/** Whether `wrapEmbeddingModel` made it: what its middleware adds cannot be seen, so it is never taken for the bare model. */
function isWrapped(model: AnyAiSdkModel): boolean {
  return Object.getPrototypeOf(model) === Object.prototype && Object.hasOwn(model, OPTIONS_TRANSFORMER);
}

/** The vectors in the order of the values, checked against the raw answer where it says which is which. */
function inOrder({ embeddings, response }: AiSdkResult<unknown>, count: number, name: string): number[][] {
  if (!Array.isArray(embeddings) || embeddings.length !== count) {
    const got = Array.isArray(embeddings) ? embeddings.length : typeof embeddings;
    throw new EmbeddingResponseError(`${name} gave ${got} embeddings for ${count} texts`);
  }
  const data = (response?.body as { data?: unknown } | null | undefined)?.data;
  if (!Array.isArray(data) || data.length !== count) return embeddings;
  const places = placesOf(data, name);
  if (!places || places.every((place, i) => place === i)) return embeddings;
  const isOf = (vector: unknown, item: unknown) => sameNumbers(vector, (item as { embedding?: unknown }).embedding);
  if (data.every((item, i) => isOf(embeddings[i], item))) return putInPlace(embeddings, places);
  if (data.every((item, i) => isOf(embeddings[places[i]!], item))) return embeddings;
  throw new EmbeddingResponseError(
    `${name} gave vectors in another order than the texts, and which belongs to which cannot be told`,
  );
}

function sameNumbers(a: unknown, b: unknown): boolean {
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, i) => value === b[i]);
}

/** The AI SDK model's embedder at the bottom, where there is one. */
function aiSdkBase(embedder: Embedder): AiSdkEmbedder | undefined {
  if (embedder instanceof AiSdkEmbedder) return embedder;
  const base = (embedder as Partial<CachedEmbedder>).unwrap?.();
  return base instanceof AiSdkEmbedder ? base : undefined;
}

async function embedThrough(embedder: Embedder, base: AiSdkEmbedder, options: AiSdkCallOptions): Promise<AiSdkResult> {
  const call = new AiSdkCall(options);
  if (await hasOptionsOfValues(base.model, call.providerOptions, options.values)) {
    const result = (await base.model.doEmbed(options)) as AiSdkResult;
    return { ...result, embeddings: inOrder(result, options.values.length, base.embedderInfo.name) };
  }
  const response = await embedder.createEmbeddings(call.textsOf(options.values), undefined, {
    signal: options.abortSignal,
    purpose: call.purpose,
    // Where the options say it in the provider's own words, those win.
    dimensions: namesDimensions(call.providerOptions) ? undefined : options.dimensions,
    context: call,
  });
  const result = resultOf(response, call.results.flatMap(({ warnings }) => warnings ?? []) as AiSdkWarning[]);
  for (const { providerMetadata } of call.results) {
    if (providerMetadata) result.providerMetadata = mergeOptions(result.providerMetadata, providerMetadata)!;
  }
  const [only, ...others] = call.results;
  if (only?.response && others.length === 0 && only.embeddings.length === options.values.length) {
    result.response = only.response;
  }
  return result;
}

/**
 * Whether some of the options belong to single values in a way that is not known here. The model says so itself, by
 * changing them for a part of the values; such a call goes past the cache.
 */
async function hasOptionsOfValues(
  model: Capabilities,
  providerOptions: AiSdkProviderOptions | undefined,
  values: string[],
): Promise<boolean> {
  const transform = model[OPTIONS_TRANSFORMER];
  if (typeof transform !== "function" || !providerOptions || values.length < 2) return false;
  const ofFirst: unknown = await transform({ providerOptions, values, startIndex: 0, endIndex: 1 });
  return canonicalJson(ofFirst) !== canonicalJson(providerOptions);
}

function namesDimensions(providerOptions: AiSdkProviderOptions | undefined): boolean {
  return Object.values(providerOptions ?? {}).some((options) =>
    Object.keys(options).some((name) => DIMENSION_OPTIONS.has(name)),
  );
}

async function embedPlainly(embedder: Embedder, options: AiSdkCallOptions): Promise<AiSdkResult> {
  const call = new AiSdkCall(options);
  if (call.contentProvider) {
    throw new TypeError(
      `${embedder.embedderInfo.name} embeds texts only: it cannot take ${call.contentProvider}.content`,
    );
  }
  const warnings: AiSdkWarning[] = [];
  let dimensions = options.dimensions;
  for (const [provider, settings] of Object.entries(call.providerOptions ?? {})) {
    for (const [name, value] of Object.entries(settings)) {
      if (value === undefined) continue;
      if (DIMENSION_OPTIONS.has(name) && typeof value === "number") dimensions = value;
      else warnings.push({ type: "unsupported", feature: `providerOptions.${provider}.${name}` });
    }
  }
  const response = await embedder.createEmbeddings(options.values, undefined, {
    signal: options.abortSignal,
    purpose: call.purpose,
    dimensions,
  });
  return resultOf(response, warnings);
}

/** Usage where it is known: of full hits it is, and is zero. */
function resultOf({ embeddings, usage }: EmbeddingResponse, warnings: AiSdkWarning[]): AiSdkResult {
  return usage ? { embeddings, usage: { tokens: usage.totalTokens }, warnings } : { embeddings, warnings };
}
