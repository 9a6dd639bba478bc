import { HostedEmbedder } from "./hosted-embedder.ts";
import type { KnownModels } from "./known-model.ts";
import { OPENAI_OPTIONS, openaiWire } from "./openai-compatible.ts";
import { keyHint, type Provider, requireKey } from "./provider.ts";

const BASE_URL = "https://ai-gateway.vercel.sh/v1";
const DEFAULT_MODEL = "openai/text-embedding-3-small";
const KEY_VARIABLES = ["AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"];
/** Of the providers behind it, Cohere takes the fewest texts at once. */
const LIMITS = { maxTextsPerRequest: 96, maxBytesPerRequest: 300_000 };

/** The common ones of vercel.com/ai-gateway/models, November 2026. */
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
    "voyage/voyage-4-large",
    { dimensions: 1024, otherDimensions: [256, 512, 2048], maxTokensPerText: 32_000, pricePerMillionTokens: 0.12 },
  ],
  [
    "voyage/voyage-4",
    { dimensions: 1024, otherDimensions: [256, 512, 2048], maxTokensPerText: 32_000, pricePerMillionTokens: 0.06 },
  ],
]);

/**
 * Vercel AI Gateway's OpenAI-compatible `/embeddings`
 * (vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions/embeddings, September 2026). Nothing there tells a
 * purpose: for Cohere, Voyage and Gemini models whose queries and documents should differ, ask those providers themselves.
 */
export const vercelAiGatewayProvider: Provider = {
  description: `Vercel AI Gateway (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: OPENAI_OPTIONS,
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  priceSource: "vercel.com/ai-gateway/models, November 2026",
  limits: LIMITS,
  purposes: "prefixes of models that want them",
  clients: ["ky"],
  create: (config, env) => {
    const wire = openaiWire(config, {
      provider: "vercel-ai-gateway",
      baseURL: BASE_URL,
      models: MODELS,
      limits: LIMITS,
      keyHint: keyHint(KEY_VARIABLES),
    });
    const apiKey = requireKey("vercel-ai-gateway", KEY_VARIABLES, config.apiKey, env);
    return new HostedEmbedder(wire, { ...config, model: config.model ?? DEFAULT_MODEL, apiKey });
  },
};
