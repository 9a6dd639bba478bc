import { createOpenAICompatible, type KnownModel, openaiCompatibleProvider } from "./openai-compatible.ts";
import { type Provider, readVariable, requireKey } from "./provider.ts";

const BASE_URL = "https://api.openai.com/v1";
const DEFAULT_MODEL = "text-embedding-3-small";
const KEY_VARIABLES = ["OPENAI_API_KEY"];
/** OpenAI's own bounds of a request are 2,048 texts and 300,000 tokens; no text has more tokens than bytes. */
const MAX_TEXTS_PER_REQUEST = 2_048;
const MAX_BYTES_PER_REQUEST = 300_000;

/** OpenAI's embedding models (platform.openai.com/docs/guides/embeddings, November 2026). */
export const openaiModels: ReadonlyMap<string, KnownModel> = new Map([
  ["text-embedding-3-small", { dimensions: 1536, shortenable: true }],
  ["text-embedding-3-large", { dimensions: 3072, shortenable: true }],
  ["text-embedding-ada-002", { dimensions: 1536, shortenable: false }],
]);

/**
 * OpenAI itself, or a proxy for it at `OPENAI_BASE_URL` as OpenAI's own clients have it. The vectors travel as base64,
 * as with those clients: a quarter of the bytes, and each value is an exact float32.
 */
export const openaiProvider: Provider = {
  description: `OpenAI (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: openaiCompatibleProvider.options,
  create: (config, env) =>
    createOpenAICompatible({
      ...config,
      apiKey: requireKey("openai", KEY_VARIABLES, config.apiKey, env),
      baseURL: config.baseURL ?? readVariable(env, ["OPENAI_BASE_URL"]) ?? BASE_URL,
      model: config.model ?? DEFAULT_MODEL,
      encoding: config.encoding ?? "base64",
      maxTextsPerRequest: config.maxTextsPerRequest ?? MAX_TEXTS_PER_REQUEST,
      maxBytesPerRequest: config.maxBytesPerRequest ?? MAX_BYTES_PER_REQUEST,
      keyHint: `Set the environment variable ${KEY_VARIABLES[0]} or the option apiKey to a valid key.`,
      knownModels: openaiModels,
    }),
};
