import { ConfigurationError } from "../core/errors.ts";
import { readEmbeddingAnswer } from "./embedding-answer.ts";
import { HOSTED_OPTIONS, type HostedConfig, HostedEmbedder, type Wire, type WireCall } from "./hosted-embedder.ts";
import type { KnownModels } from "./known-model.ts";
import { prefixesOf } from "./prefixes.ts";
import { type Provider, type ProviderEmbedder, readVariable } from "./provider.ts";
import { type ProviderOption, parseProviderConfig } from "./provider-config.ts";

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
  /** UTF-8 bytes of the texts of one request, prefixes not counted; a single longer text travels alone. @default 300,000 */
  maxBytesPerRequest?: number | undefined;
  /** Tokens of the texts of one request, as they are estimated; a single longer text travels alone. @default no bound */
  maxTokensPerRequest?: number | undefined;
  /** US dollars for a million tokens. @default not known */
  pricePerMillionTokens?: number | undefined;
  /** Put before every text of the purpose "query"; `""` for nothing. @default what the model was trained with, as far as known */
  queryPrefix?: string | undefined;
  /** The same for the purpose "document". A text without a purpose gets no prefix. */
  documentPrefix?: string | undefined;
  /** What sends the requests. @default the global `fetch` */
  fetch?: typeof globalThis.fetch | undefined;
  /** The provider's name in identity and messages. @default "openai-compatible" */
  provider?: string | undefined;
  /** Models whose own dimensions are known: asking for those is the same as not asking. @default none */
  knownModels?: KnownModels | undefined;
  /** What to do about a refused key, in one sentence. */
  keyHint?: string | undefined;
}

const KEY_VARIABLES = ["EMBED_ONCE_API_KEY"];
const LIMITS = { maxTextsPerRequest: 32, maxBytesPerRequest: 300_000 };

/**
 * An embedder for any server that speaks OpenAI's `/embeddings`: OpenAI, Ollama, vLLM, LM Studio, llama.cpp, gateways.
 * It loads its client and makes its first request on first use. The purpose of a call decides the prefix of models
 * that are known to want one (see `TRAINED_PREFIXES`), and changes nothing else.
 *
 * Throws a ConfigurationError for an option, address, key or header that cannot work, and a RangeError for dimensions that the
 * model cannot have.
 */
export function createOpenAICompatible(options: OpenAICompatibleOptions): ProviderEmbedder {
  const { knownModels, keyHint, ...config } = options;
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
  const provider = config.provider ?? "openai-compatible";
  parseProviderConfig({ ...config, provider });
  const wire = openaiWire(config, {
    provider,
    baseURL: options.baseURL,
    ...(knownModels === undefined ? {} : { models: knownModels }),
    ...(keyHint === undefined ? {} : { keyHint }),
  });
  return new HostedEmbedder(wire, config);
}

/** The options that every provider with OpenAI's API takes. */
export const OPENAI_OPTIONS: readonly ProviderOption[] = [
  ...HOSTED_OPTIONS,
  "encoding",
  "queryPrefix",
  "documentPrefix",
];

/** OpenAI's `POST /embeddings`, to be varied by those who speak a dialect of it. */
export function openaiWire(
  config: Pick<HostedConfig, "queryPrefix" | "documentPrefix">,
  own: Partial<Wire> & Pick<Wire, "provider" | "baseURL">,
): Wire {
  return {
    api: "an OpenAI-compatible API (often it ends in /v1)",
    models: new Map(),
    limits: LIMITS,
    encoding: "float",
    keyHint: "Check the option apiKey.",
    prefixes: (model) => prefixesOf(model, config),
    request: (call) => ({ path: "/embeddings", body: openaiBody(call) }),
    read: (answer, asked) => readEmbeddingAnswer(answer, asked),
    ...own,
  };
}

function openaiBody({ model, texts, encoding, dimensions }: WireCall): Record<string, unknown> {
  return {
    model,
    input: texts,
    encoding_format: encoding,
    ...(dimensions === undefined ? {} : { dimensions }),
  };
}

export const openaiCompatibleProvider: Provider = {
  description: "any server with OpenAI's /embeddings: vLLM, LM Studio, llama.cpp, gateways",
  keyVariables: KEY_VARIABLES,
  needsKey: false,
  options: OPENAI_OPTIONS,
  models: new Map(),
  limits: LIMITS,
  purposes: "prefixes of models that want them, such as nomic and e5",
  clients: ["ky"],
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
