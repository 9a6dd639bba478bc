import type {
  ConfigurationCheck,
  EmbedderIdentity,
  EmbeddingResponse,
  EmbedOptions,
  Purpose,
  Usage,
} from "../core/embedder.ts";
import { messageOf } from "../core/errors.ts";
import { type RequestLimits, splitRequests } from "../core/request-limits.ts";
import { copyTexts } from "../core/texts.ts";
import { parseBaseURL } from "./base-url.ts";
import type { AskedEmbeddings } from "./embedding-answer.ts";
import { HttpClient, type PostOptions } from "./http-client.ts";
import { askedDimensions, type KnownModel, type KnownModels } from "./known-model.ts";
import { type Prefixes, prefixOptions, withPrefix } from "./prefixes.ts";
import type { ProviderEmbedder } from "./provider.ts";
import type { ProviderConfig, ProviderOption } from "./provider-config.ts";
import { type PurposeNames, purposeByDefault, purposeOptions } from "./purpose.ts";
import { makeRedactor } from "./redact.ts";
import { BEARER, type KeyHeader, makeHeaders } from "./request-headers.ts";

/** One request, before it takes its provider's form. */
export interface WireCall {
  model: string;
  /** With their prefixes. */
  texts: readonly string[];
  /** Absent where the model's own are wanted. */
  dimensions: number | undefined;
  purpose: Purpose | undefined;
  encoding: "base64" | "float";
}

/** What makes one provider's API different from another's. */
export interface Wire {
  /** The provider's short name. */
  provider: string;
  /** Whose API it is, for messages. */
  api: string;
  /** Where the API lies unless the configuration says otherwise. */
  baseURL: string;
  models: KnownModels;
  /** What is known of a model by more than its exact name; throws for one that cannot be asked. @default by `models` */
  known?(model: string): KnownModel | undefined;
  limits: RequestLimits;
  encoding: "base64" | "float";
  /** Whether the encoding is no choice of the user's. @default false */
  fixedEncoding?: boolean | undefined;
  /** @default `Authorization: Bearer` */
  keyHeader?: KeyHeader | undefined;
  /** What to do about a refused key, in one sentence. */
  keyHint: string;
  /** What else a message must not repeat, as far as it is known yet. */
  secrets?(): string[];
  /** Sends the requests instead of the configuration's `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** What a model calls the purposes, if it knows them by more than a prefix, and all else that is sent along and decides the numbers. */
  traits?(model: string): {
    purposes?: PurposeNames | undefined;
    options?: Record<string, string | number | boolean> | undefined;
  };
  /** What this provider's clients put before the texts of a model. @default nothing */
  prefixes?(model: string): Prefixes | undefined;
  /** The path below the base URL, and what is posted there as JSON. */
  request(call: WireCall): { path: string; body: unknown };
  /**
   * Throws for a text that the provider would cut without a word, where it cannot be told not to.
   * @param ask posts to a path below the base URL
   */
  refuseOverlong?(
    call: WireCall,
    firstIndex: number,
    ask: (path: string, body: unknown) => Promise<unknown>,
  ): Promise<void>;
  /** Reads an answer and checks it against what was asked. */
  read(answer: unknown, asked: AskedEmbeddings, from: { model: string; headers: Headers }): EmbeddingResponse;
  /** Loads what is needed on first use. */
  prepare?(): Promise<void>;
}

/** The options that every hosted provider takes. */
export const HOSTED_OPTIONS: readonly ProviderOption[] = [
  "model",
  "dimensions",
  "apiKey",
  "baseURL",
  "headers",
  "timeoutMs",
  "maxRetries",
  "maxTextsPerRequest",
  "maxBytesPerRequest",
  "maxTokensPerRequest",
  "pricePerMillionTokens",
  "fetch",
];

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_RETRIES = 3;
const CHECK_TIMEOUT_MS = 20_000;
const CHECK_TEXT = "embed once";

/** The parts of a configuration that are the same for every hosted provider. */
export type HostedConfig = Omit<ProviderConfig, "provider" | "model"> & { model: string };

/**
 * The embedder of every provider that is asked over HTTP: what differs between them is in `Wire`. It loads its client
 * and makes its first request on first use.
 */
export class HostedEmbedder implements ProviderEmbedder {
  readonly embedderInfo: { readonly name: string };
  readonly identity: EmbedderIdentity;
  readonly limits: RequestLimits;
  readonly #wire: Wire;
  readonly #config: HostedConfig;
  readonly #dimensions: number | undefined;
  readonly #encoding: "base64" | "float";
  readonly #endpoint: string;
  readonly #client: HttpClient;

  constructor(wire: Wire, config: HostedConfig) {
    const { url, authorization, secrets } = parseBaseURL(config.baseURL ?? wire.baseURL);
    const made = makeHeaders(config.apiKey, wire.keyHeader ?? BEARER, config.headers, authorization);
    this.#wire = wire;
    this.#config = config;
    this.#encoding = config.encoding ?? wire.encoding;
    this.#endpoint = url;
    this.embedderInfo = { name: wire.provider };
    this.#dimensions = this.#asked(config.model, config.dimensions);
    this.limits = this.limitsOf();
    this.#client = new HttpClient({
      provider: wire.provider,
      api: wire.api,
      baseURL: url,
      headers: made.headers,
      keyHint: wire.keyHint,
      redact: (text) => makeRedactor([...secrets, ...made.secrets, ...(wire.secrets?.() ?? [])])(text),
      timeoutMs: config.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      maxRetries: config.maxRetries ?? DEFAULT_RETRIES,
      fetch: wire.fetch ?? config.fetch,
    });
    this.identity = this.identityOf();
  }

  identityOf(model: string = this.#config.model, options: EmbedOptions = {}): EmbedderIdentity {
    const dimensions = this.#asked(model, options.dimensions ?? this.#dimensions);
    const prefixes = this.#wire.prefixes?.(model);
    const { purposes, options: sentAlong } = this.#wire.traits?.(model) ?? {};
    const decisive = { ...sentAlong, ...purposeOptions(purposes), ...prefixOptions(prefixes) };
    // A text without a purpose goes without a prefix.
    const words = purposes ?? (prefixes && { ...prefixes, none: "" });
    const byDefault = words && !(purposes && prefixes) ? purposeByDefault(words) : undefined;
    return {
      provider: this.#wire.provider,
      model,
      ...(dimensions === undefined ? {} : { dimensions }),
      endpoint: this.#endpoint,
      wireEncoding: this.#encoding,
      purposes: words === undefined ? "same" : "distinct",
      ...(byDefault === undefined ? {} : { purposeByDefault: byDefault }),
      ...(Object.keys(decisive).length === 0 ? {} : { options: decisive }),
    };
  }

  /** The user's bounds, else the provider's; a model that takes fewer texts at once always counts. */
  limitsOf(model: string = this.#config.model): RequestLimits {
    const { maxTextsPerRequest, maxBytesPerRequest, maxTokensPerRequest } = this.#config;
    const known = this.#known(model);
    const { limits } = this.#wire;
    return {
      maxTextsPerRequest: Math.min(
        maxTextsPerRequest ?? limits.maxTextsPerRequest,
        known?.maxTextsPerRequest ?? Number.POSITIVE_INFINITY,
      ),
      maxBytesPerRequest: maxBytesPerRequest ?? limits.maxBytesPerRequest,
      maxTokensPerRequest: maxTokensPerRequest ?? known?.maxTokensPerRequest ?? limits.maxTokensPerRequest,
    };
  }

  pricePerMillionTokens(model: string = this.#config.model): number | undefined {
    return this.#config.pricePerMillionTokens ?? this.#known(model)?.pricePerMillionTokens;
  }

  async createEmbeddings(texts: string[], model?: string, options: EmbedOptions = {}): Promise<EmbeddingResponse> {
    return this.#embed(copyTexts(texts), model ?? this.#config.model, options, options);
  }

  /** Embeds two words, once, and says what is wrong. It costs a few tokens and never rejects. */
  async validateConfiguration(): Promise<ConfigurationCheck> {
    const patience = {
      maxRetries: 0,
      timeoutMs: Math.min(this.#config.timeoutMs ?? DEFAULT_TIMEOUT_MS, CHECK_TIMEOUT_MS),
    };
    try {
      await this.#embed([CHECK_TEXT], this.#config.model, {}, patience);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: messageOf(error) };
    }
  }

  async #embed(
    given: readonly string[],
    model: string,
    { dimensions: wanted = this.#dimensions, purpose }: EmbedOptions,
    post: PostOptions,
  ): Promise<EmbeddingResponse> {
    const dimensions = this.#asked(model, wanted);
    const texts = withPrefix(given, this.#wire.prefixes?.(model), purpose);
    const embeddings: number[][] = [];
    let usage: Usage | undefined = { promptTokens: 0, totalTokens: 0 };
    if (texts.length > 0) await this.#wire.prepare?.();
    // One after the other: how many at once a provider bears is for the caller to know, who has `limits` to cut by, and
    // cuts the texts as they were given.
    for (const { start, end } of splitRequests(given, this.limitsOf(model))) {
      const call = { model, texts: texts.slice(start, end), dimensions, purpose, encoding: this.#encoding };
      await this.#wire.refuseOverlong?.(call, start, async (path, body) => {
        return (await this.#client.post(path, body, post)).answer;
      });
      const { path, body } = this.#wire.request(call);
      const { answer, headers } = await this.#client.post(path, body, post);
      const asked = {
        count: end - start,
        firstIndex: start,
        encoding: this.#encoding,
        dimensions: dimensions ?? this.#known(model)?.dimensions ?? embeddings[0]?.length,
        fixedEncoding: this.#wire.fixedEncoding,
        api: this.#wire.api,
      };
      const part = this.#wire.read(answer, asked, { model, headers });
      for (const vector of part.embeddings) embeddings.push(vector);
      usage = addUsage(usage, part.usage);
    }
    return usage === undefined ? { embeddings } : { embeddings, usage };
  }

  #asked(model: string, dimensions: number | undefined): number | undefined {
    return askedDimensions(model, this.#known(model), dimensions);
  }

  #known(model: string): KnownModel | undefined {
    return this.#wire.known === undefined ? this.#wire.models.get(model) : this.#wire.known(model);
  }
}

/** A sum is known only if all of its parts are. */
function addUsage(sum: Usage | undefined, part: Usage | undefined): Usage | undefined {
  if (sum === undefined || part === undefined) return undefined;
  return { promptTokens: sum.promptTokens + part.promptTokens, totalTokens: sum.totalTokens + part.totalTokens };
}
