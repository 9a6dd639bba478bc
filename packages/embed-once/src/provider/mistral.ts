import { readEmbeddingAnswer } from "./embedding-answer.ts";
import { HOSTED_OPTIONS, HostedEmbedder } from "./hosted-embedder.ts";
import type { KnownModel, KnownModels } from "./known-model.ts";
import { keyHint, type Provider, requireKey } from "./provider.ts";

const BASE_URL = "https://api.mistral.ai/v1";
const DEFAULT_MODEL = "mistral-embed";
const KEY_VARIABLES = ["MISTRAL_API_KEY"];
/**
 * The API refuses more than 16,384 tokens at once, whatever the number of texts.
 * 32 texts are what @ai-sdk/mistral 4.0.87 sends at most.
 */
const LIMITS = {
  maxTextsPerRequest: 32,
  maxBytesPerRequest: Number.POSITIVE_INFINITY,
  maxTokensPerRequest: 16_384,
};

const codestralEmbed: KnownModel = {
  dimensions: 1536,
  otherDimensions: { min: 1, max: 3072 },
  maxTokensPerText: 8192,
  pricePerMillionTokens: 0.15,
};

/**
 * Mistral's embedding models (docs.mistral.ai/studio/knowledge-rag/embeddings, November 2026). codestral-embed can give
 * more dimensions than it does unasked.
 */
const MODELS: KnownModels = new Map([
  ["mistral-embed", { dimensions: 1024, maxTokensPerText: 8192, pricePerMillionTokens: 0.1 }],
  ["codestral-embed", codestralEmbed],
  ["codestral-embed-2505", codestralEmbed],
]);

/**
 * Mistral (docs.mistral.ai/api/endpoint/embeddings, November 2026): OpenAI's form with `output_dimension` instead of
 * `dimensions`. Its numbers are exact float16 values, so decimals and base64 would carry the same bits; decimals are
 * asked for. A text over the model's limit is refused, never cut.
 */
export const mistralProvider: Provider = {
  description: "Mistral: mistral-embed (default), or codestral-embed for code",
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: HOSTED_OPTIONS,
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  priceSource: "opencode.ai/data/mistral/mistral-embed and openrouter.ai/mistralai/codestral-embed-2505, November 2026",
  limits: LIMITS,
  purposes: "the same for both",
  clients: ["ky"],
  create: (config, env) =>
    new HostedEmbedder(
      {
        provider: "mistral",
        api: "Mistral's API",
        baseURL: BASE_URL,
        models: MODELS,
        limits: LIMITS,
        encoding: "float",
        fixedEncoding: true,
        keyHint: keyHint(KEY_VARIABLES),
        request: ({ model, texts, dimensions }) => ({
          path: "/embeddings",
          body: {
            model,
            input: texts,
            encoding_format: "float",
            ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
          },
        }),
        read: (answer, asked) => readEmbeddingAnswer(answer, asked),
      },
      {
        ...config,
        model: config.model ?? DEFAULT_MODEL,
        apiKey: requireKey("mistral", KEY_VARIABLES, config.apiKey, env),
      },
    ),
};
