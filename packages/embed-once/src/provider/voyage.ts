import { readEmbeddingAnswer } from "./embedding-answer.ts";
import { HOSTED_OPTIONS, HostedEmbedder } from "./hosted-embedder.ts";
import type { KnownModel, KnownModels } from "./known-model.ts";
import { keyHint, type Provider, requireKey } from "./provider.ts";
import { type PurposeNames, purposeName } from "./purpose.ts";

const BASE_URL = "https://api.voyageai.com/v1";
const DEFAULT_MODEL = "voyage-4";
const KEY_VARIABLES = ["VOYAGE_API_KEY"];
/** 1,000 texts and, for most models, 120,000 tokens. */
const LIMITS = {
  maxTextsPerRequest: 1_000,
  maxBytesPerRequest: Number.POSITIVE_INFINITY,
  maxTokensPerRequest: 120_000,
};
/** Without a purpose nothing is sent, and the text is embedded without an instruction. */
const INPUT_TYPES: PurposeNames = { query: "query", document: "document" };

const flexible: KnownModel = { dimensions: 1024, otherDimensions: [256, 512, 2048], maxTokensPerText: 32_000 };

/**
 * Voyage's text models: lengths from docs.voyageai.com/docs/embeddings, tokens a request from
 * docs.voyageai.com/reference/embeddings-api; prices as `priceSource` says (November 2026).
 */
const MODELS: KnownModels = new Map<string, KnownModel>([
  ["voyage-4-large", { ...flexible, pricePerMillionTokens: 0.12 }],
  ["voyage-4", { ...flexible, maxTokensPerRequest: 320_000, pricePerMillionTokens: 0.06 }],
  ["voyage-4-lite", { ...flexible, maxTokensPerRequest: 1_000_000, pricePerMillionTokens: 0.02 }],
  // The documentation names two bounds of a request for it; this is the lower one.
  ["voyage-code-4", flexible],
  ["voyage-code-3", flexible],
  ["voyage-3-large", { ...flexible, pricePerMillionTokens: 0.18 }],
  ["voyage-3.5", { ...flexible, maxTokensPerRequest: 320_000, pricePerMillionTokens: 0.06 }],
  ["voyage-3.5-lite", { ...flexible, maxTokensPerRequest: 1_000_000, pricePerMillionTokens: 0.02 }],
  ["voyage-3", { dimensions: 1024, maxTokensPerText: 32_000, pricePerMillionTokens: 0.06 }],
  ["voyage-3-lite", { dimensions: 512, maxTokensPerText: 32_000, pricePerMillionTokens: 0.02 }],
  ["voyage-finance-2", { dimensions: 1024, maxTokensPerText: 32_000 }],
  ["voyage-law-2", { dimensions: 1024, maxTokensPerText: 16_000, pricePerMillionTokens: 0.12 }],
  ["voyage-code-2", { dimensions: 1536, maxTokensPerText: 16_000, pricePerMillionTokens: 0.12 }],
]);

/**
 * Voyage AI (docs.voyageai.com/reference/embeddings-api, November 2026). Voyage cuts over-long texts unless told not
 * to: `truncation: false` is sent, and such a text is an error.
 */
export const voyageProvider: Provider = {
  description: `Voyage AI (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: [...HOSTED_OPTIONS, "encoding"],
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  priceSource: "vercel.com/ai-gateway/models and getmaxim.ai/bifrost/model-library/provider/voyage, November 2026",
  limits: LIMITS,
  purposes: "input_type query, document; none: not sent",
  clients: ["ky"],
  create: (config, env) =>
    new HostedEmbedder(
      {
        provider: "voyage",
        api: "Voyage AI's API",
        baseURL: BASE_URL,
        models: MODELS,
        limits: LIMITS,
        encoding: "float",
        keyHint: keyHint(KEY_VARIABLES),
        traits: () => ({ purposes: INPUT_TYPES, options: { truncation: false, outputType: "float" } }),
        request: ({ model, texts, dimensions, purpose, encoding }) => {
          const inputType = purposeName(INPUT_TYPES, purpose);
          return {
            path: "/embeddings",
            body: {
              model,
              input: texts,
              truncation: false,
              output_dtype: "float",
              ...(inputType === undefined ? {} : { input_type: inputType }),
              ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
              // Decimals are what comes without it; "float" is no value that Voyage knows.
              ...(encoding === "base64" ? { encoding_format: "base64" } : {}),
            },
          };
        },
        read: (answer, asked) => readEmbeddingAnswer(answer, asked),
      },
      {
        ...config,
        model: config.model ?? DEFAULT_MODEL,
        apiKey: requireKey("voyage", KEY_VARIABLES, config.apiKey, env),
      },
    ),
};
