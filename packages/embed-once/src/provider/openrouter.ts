import { HostedEmbedder } from "./hosted-embedder.ts";
import type { KnownModels } from "./known-model.ts";
import { OPENAI_OPTIONS, openaiWire } from "./openai-compatible.ts";
import { keyHint, type Provider, requireKey } from "./provider.ts";

const BASE_URL = "https://openrouter.ai/api/v1";
const DEFAULT_MODEL = "openai/text-embedding-3-small";
const KEY_VARIABLES = ["OPENROUTER_API_KEY"];
/** Of the providers behind it, Cohere takes the fewest texts at once. */
const LIMITS = { maxTextsPerRequest: 96, maxBytesPerRequest: 300_000 };

/** The common ones of openrouter.ai/models, November 2026. */
const MODELS: KnownModels = new Map([
  [
    "openai/text-embedding-3-small",
    { dimensions: 1536, otherDimensions: { min: 1, max: 1536 }, maxTokensPerText: 8191, pricePerMillionTokens: 0.02 },
  ],
  [
    "openai/text-embedding-3-large",
    { dimensions: 3072, otherDimensions: { min: 1, max: 3072 }, maxTokensPerText: 8191, pricePerMillionTokens: 0.13 },
  ],
  [
    "google/gemini-embedding-2",
    { dimensions: 3072, otherDimensions: { min: 128, max: 3072 }, maxTokensPerText: 8192, pricePerMillionTokens: 0.2 },
  ],
]);

/**
 * OpenRouter's `/embeddings` (openrouter.ai/docs/api_reference/embeddings, November 2026), a gateway in OpenAI's
 * words. Which provider computes a vector, and in which precision, is OpenRouter's choice and may change between
 * calls. Its `input_type` is for some models only and not sent, so a purpose changes prefixes alone.
 */
export const openrouterProvider: Provider = {
  description: `OpenRouter, a gateway (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: OPENAI_OPTIONS,
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  priceSource: "openrouter.ai/models, November 2026",
  limits: LIMITS,
  purposes: "prefixes of models that want them, such as e5",
  clients: ["ky"],
  create: (config, env) => {
    const wire = openaiWire(config, {
      provider: "openrouter",
      baseURL: BASE_URL,
      models: MODELS,
      limits: LIMITS,
      keyHint: keyHint(KEY_VARIABLES),
    });
    const apiKey = requireKey("openrouter", KEY_VARIABLES, config.apiKey, env);
    return new HostedEmbedder(wire, { ...config, model: config.model ?? DEFAULT_MODEL, apiKey });
  },
};
