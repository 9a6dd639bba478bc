import type { ConfigurationCheck, EmbedderIdentity, EmbeddingResponse, EmbedOptions, Usage } from "../core/embedder.ts";
import { ConfigurationError } from "../core/errors.ts";
import { type RequestLimits, splitRequests } from "../core/request-limits.ts";
import { parseBaseURL } from "./base-url.ts";
import { readEmbeddingAnswer } from "./embedding-answer.ts";
import { HttpClient, type PostOptions } from "./http-client.ts";
import { type Provider, type ProviderEmbedder, readVariable } from "./provider.ts";
import { parseProviderConfig } from "./provider-config.ts";
import { makeRedactor } from "./redact.ts";
import { copyTexts } from "./texts.ts";

/** What is known of a model beforehand. */
export interface KnownModel {
  /** Length of its vectors where nobody asks for another. */
  dimensions: number;
  /** Whether it can give shorter ones. */
  shortenable: boolean;
}

export interface OpenAICompatibleOptions {
  /** Where the API lies, up to what precedes `/embeddings`, such as `http://localhost:11434/v1`. */
  baseURL: string;
  model: string;
  /** Sent as `Authorization: Bearer`. @default none, as local servers have it */
  apiKey?: string | undefined;
  /** Length of the vectors, at least 1, for models that can choose it. @default the model's own */
  dimensions?: number | undefined;
  /**
   * How the numbers travel, sent as `encoding_format`. Base64 carries float32 and gives those as doubles, decimals
   * give whatever doubles the server prints: different bits for the same vector. @default "float"
   */
  encoding?: "base64" | "float" | undefined;
  /** Sent along with every request; no part of the identity. */
  headers?: Record<string, string> | undefined;
  /** How long one attempt may take. @default 60,000 */
  timeoutMs?: number | undefined;
  /** Further attempts after 429, 5xx or a failed connection. @default 3 */
  maxRetries?: number | undefined;
  /** @default 32, which most servers take */
  maxTextsPerRequest?: number | undefined;
  /** UTF-8 bytes of the texts of one request; a single longer text travels alone. @default 300,000 */
  maxBytesPerRequest?: number | undefined;
  /** What sends the requests. @default the global `fetch` */
  fetch?: typeof globalThis.fetch | undefined;
  /** The provider's name in identity and messages. @default "openai-compatible" */
  provider?: string | undefined;
  /** Models whose own dimensions are known: asking for those is the same as not asking. @default none */
  knownModels?: ReadonlyMap<string, KnownModel> | undefined;
  /** What to do about a refused key, in one sentence. */
  keyHint?: string | undefined;
}

const KEY_VARIABLES = ["EMBED_ONCE_API_KEY"];
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_RETRIES = 3;
const DEFAULT_TEXTS_PER_REQUEST = 32;
const DEFAULT_BYTES_PER_REQUEST = 300_000;
const CHECK_TIMEOUT_MS = 20_000;
const CHECK_TEXT = "embed once";

/**
 * An embedder for any server that speaks OpenAI's `/embeddings`: OpenAI, Ollama, vLLM, LM Studio, llama.cpp, gateways.
 * It loads its client and makes its first request on first use. The purpose of a call changes nothing.
 *
 * Throws a ConfigurationError for an option, address, key or header that cannot work, and a RangeError for dimensions that the
 * model cannot have.
 */
export function createOpenAICompatible(options: OpenAICompatibleOptions): ProviderEmbedder {
  const { knownModels: _, keyHint: __, ...config } = options;
  if (options.baseURL === undefined) {
    throw new ConfigurationError(
      'The provider "openai-compatible" needs the option baseURL, such as "http://localhost:11434/v1".',
    );
  }
  if (options.model === undefined) {
    throw new ConfigurationError(
      'The provider "openai-compatible" needs the option model: the name that the server knows it by.',
    );
  }
  parseProviderConfig({ ...config, provider: config.provider ?? "openai-compatible" });
  return new OpenAICompatibleEmbedder(options);
}

class OpenAICompatibleEmbedder implements ProviderEmbedder {
  readonly embedderInfo: { readonly name: string };
  readonly identity: EmbedderIdentity;
  readonly limits: RequestLimits;
  readonly #model: string;
  readonly #dimensions: number | undefined;
  readonly #encoding: "base64" | "float";
  readonly #knownModels: ReadonlyMap<string, KnownModel>;
  readonly #endpoint: string;
  readonly #timeoutMs: number;
  readonly #client: HttpClient;

  constructor(options: OpenAICompatibleOptions) {
    const provider = options.provider ?? "openai-compatible";
    const { url, authorization, secrets } = parseBaseURL(options.baseURL);
    const { headers, secrets: headerSecrets } = makeHeaders(options.apiKey, options.headers, authorization);
    this.embedderInfo = { name: provider };
    this.#model = options.model;
    this.#encoding = options.encoding ?? "float";
    this.#knownModels = options.knownModels ?? new Map();
    this.#endpoint = url;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#dimensions = this.#asked(this.#model, options.dimensions);
    this.limits = {
      maxTextsPerRequest: options.maxTextsPerRequest ?? DEFAULT_TEXTS_PER_REQUEST,
      maxBytesPerRequest: options.maxBytesPerRequest ?? DEFAULT_BYTES_PER_REQUEST,
    };
    this.#client = new HttpClient({
      provider,
      baseURL: url,
      headers,
      keyHint: options.keyHint ?? "Check the option apiKey.",
      redact: makeRedactor([...secrets, ...headerSecrets]),
      timeoutMs: this.#timeoutMs,
      maxRetries: options.maxRetries ?? DEFAULT_RETRIES,
      fetch: options.fetch,
    });
    this.identity = this.identityOf();
  }

  identityOf(model: string = this.#model, options: EmbedOptions = {}): EmbedderIdentity {
    const dimensions = this.#asked(model, options.dimensions ?? this.#dimensions);
    return {
      provider: this.embedderInfo.name,
      model,
      ...(dimensions === undefined ? {} : { dimensions }),
      endpoint: this.#endpoint,
      wireEncoding: this.#encoding,
      purposes: "same",
    };
  }

  async createEmbeddings(texts: string[], model?: string, options: EmbedOptions = {}): Promise<EmbeddingResponse> {
    return this.#embed(copyTexts(texts), model ?? this.#model, options.dimensions ?? this.#dimensions, options);
  }

  /** Embeds two words, once, and says what is wrong. It costs a few tokens and never rejects. */
  async validateConfiguration(): Promise<ConfigurationCheck> {
    const patience = { maxRetries: 0, timeoutMs: Math.min(this.#timeoutMs, CHECK_TIMEOUT_MS) };
    try {
      await this.#embed([CHECK_TEXT], this.#model, this.#dimensions, patience);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: error instanceof Error ? error.message : String(error) };
    }
  }

  async #embed(
    texts: string[],
    model: string,
    wanted: number | undefined,
    post: PostOptions,
  ): Promise<EmbeddingResponse> {
    const dimensions = this.#asked(model, wanted);
    const embeddings: number[][] = [];
    let usage: Usage | undefined = { promptTokens: 0, totalTokens: 0 };
    // One after the other: how many at once a provider bears is for the caller to know, who has `limits` to cut by.
    for (const { start, end } of splitRequests(texts, this.limits)) {
      const body = {
        model,
        input: texts.slice(start, end),
        encoding_format: this.#encoding,
        ...(dimensions === undefined ? {} : { dimensions }),
      };
      const answer = await this.#client.post("/embeddings", body, post);
      const part = readEmbeddingAnswer(answer, {
        count: end - start,
        firstIndex: start,
        encoding: this.#encoding,
        dimensions: dimensions ?? this.#knownModels.get(model)?.dimensions ?? embeddings[0]?.length,
      });
      for (const vector of part.embeddings) embeddings.push(vector);
      usage = addUsage(usage, part.usage);
    }
    return usage === undefined ? { embeddings } : { embeddings, usage };
  }

  /** The dimensions to ask for: none where the model gives that many anyway. */
  #asked(model: string, dimensions: number | undefined): number | undefined {
    if (dimensions === undefined) return undefined;
    if (!Number.isSafeInteger(dimensions) || dimensions < 1) {
      throw new RangeError(`dimensions is ${dimensions}, expected a whole number of at least 1`);
    }
    const known = this.#knownModels.get(model);
    if (known === undefined) return dimensions;
    if (dimensions === known.dimensions) return undefined;
    if (!known.shortenable || dimensions > known.dimensions) {
      const range = known.shortenable ? `1 to ${known.dimensions}` : `${known.dimensions} only`;
      throw new RangeError(`dimensions is ${dimensions}, but the model ${JSON.stringify(model)} makes ${range}`);
    }
    return dimensions;
  }
}

/** A sum is known only if all of its parts are. */
function addUsage(sum: Usage | undefined, part: Usage | undefined): Usage | undefined {
  if (sum === undefined || part === undefined) return undefined;
  return { promptTokens: sum.promptTokens + part.promptTokens, totalTokens: sum.totalTokens + part.totalTokens };
}

/** Shorter header values are names and numbers rather than secrets. */
const MIN_SECRET_HEADER_LENGTH = 6;

function makeHeaders(
  apiKey: string | undefined,
  custom: Record<string, string> | undefined,
  authorization: string | undefined,
): { headers: Headers; secrets: string[] } {
  const headers = new Headers({ accept: "application/json" });
  const secrets: string[] = [];
  const key = apiKey?.trim();
  if (key) {
    if (authorization !== undefined) {
      throw new ConfigurationError("There are credentials in baseURL and an apiKey: only one of them can be sent.");
    }
    // `Headers` would refuse such a key too, with a message that repeats it.
    if (!/^[\x21-\x7e]+$/.test(key)) {
      throw new ConfigurationError("apiKey holds a blank or a character that no HTTP header can carry. Copy it again.");
    }
    secrets.push(key);
    headers.set("authorization", `Bearer ${key}`);
  } else if (authorization !== undefined) {
    headers.set("authorization", authorization);
  }
  for (const [name, value] of Object.entries(custom ?? {})) {
    try {
      headers.set(name, value);
    } catch {
      throw new ConfigurationError(`The header ${JSON.stringify(name)} has a name or value that HTTP cannot carry.`);
    }
    if (value.length >= MIN_SECRET_HEADER_LENGTH) secrets.push(value, value.replace(/^\S+\s+/, ""));
  }
  return { headers, secrets };
}

export const openaiCompatibleProvider: Provider = {
  description: "any server with OpenAI's /embeddings: Ollama, vLLM, LM Studio, llama.cpp, gateways",
  keyVariables: KEY_VARIABLES,
  needsKey: false,
  options: [
    "model",
    "dimensions",
    "apiKey",
    "baseURL",
    "encoding",
    "headers",
    "timeoutMs",
    "maxRetries",
    "maxTextsPerRequest",
    "maxBytesPerRequest",
    "fetch",
  ],
  create: (config, env) =>
    createOpenAICompatible({
      ...config,
      // Whether they are there is checked where callers without types come along too.
      baseURL: config.baseURL as string,
      model: config.model as string,
      apiKey: config.apiKey ?? readVariable(env, KEY_VARIABLES),
      keyHint: `Set the environment variable ${KEY_VARIABLES[0]} or the option apiKey to a valid key.`,
    }),
};
