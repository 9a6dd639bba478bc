import { HOSTED_OPTIONS, HostedEmbedder } from "./hosted-embedder.ts";
import type { KnownModels } from "./known-model.ts";
import { openaiWire } from "./openai-compatible.ts";
import { OPENAI_LIMITS } from "./openai-limits.ts";
import { keyHint, type Provider, readVariable, requireKey } from "./provider.ts";

const BASE_URL = "https://api.openai.com/v1";
const DEFAULT_MODEL = "text-embedding-3-small";
const KEY_VARIABLES = ["OPENAI_API_KEY"];

/** Where the prices below were read. */
export const OPENAI_PRICE_SOURCE = "developers.openai.com/api/docs/models (ada-002: docs.praison.ai), November 2026";

/** OpenAI's embedding models (developers.openai.com/api/docs/guides/embeddings) and their list prices, November 2026. */
export const openaiModels: KnownModels = new Map([
  [
    "text-embedding-3-small",
    { dimensions: 1536, otherDimensions: { min: 1, max: 1536 }, maxTokensPerText: 8191, pricePerMillionTokens: 0.02 },
  ],
  [
    "text-embedding-3-large",
    { dimensions: 3072, otherDimensions: { min: 1, max: 3072 }, maxTokensPerText: 8191, pricePerMillionTokens: 0.13 },
  ],
  ["text-embedding-ada-002", { dimensions: 1536, maxTokensPerText: 8191, pricePerMillionTokens: 0.1 }],
]);

/**
 * OpenAI itself, or a proxy for it at `OPENAI_BASE_URL` as OpenAI's own clients have it. The vectors travel as base64,
 * as with those clients: a quarter of the bytes, and each value is an exact float32. A text over the model's limit is
 * refused, never cut.
 */
export const openaiProvider: Provider = {
  description: `OpenAI (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: [...HOSTED_OPTIONS, "encoding"],
  defaultModel: DEFAULT_MODEL,
  models: openaiModels,
  priceSource: OPENAI_PRICE_SOURCE,
  limits: OPENAI_LIMITS,
  purposes: "the same for both",
  clients: ["ky"],
  create: (config, env) => {
    const wire = openaiWire(config, {
      provider: "openai",
      baseURL: readVariable(env, ["OPENAI_BASE_URL"]) ?? BASE_URL,
      models: openaiModels,
      limits: OPENAI_LIMITS,
      encoding: "base64",
      keyHint: keyHint(KEY_VARIABLES),
    });
    const apiKey = requireKey("openai", KEY_VARIABLES, config.apiKey, env);
    return new HostedEmbedder(wire, { ...config, model: config.model ?? DEFAULT_MODEL, apiKey });
  },
};
