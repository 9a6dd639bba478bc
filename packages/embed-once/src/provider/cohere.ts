import type { EmbeddingResponse } from "../core/embedder.ts";
import { type AskedEmbeddings, readVectors, tokenUsage } from "./embedding-answer.ts";
import { HOSTED_OPTIONS, HostedEmbedder } from "./hosted-embedder.ts";
import type { KnownModels } from "./known-model.ts";
import { keyHint, type Provider, requireKey } from "./provider.ts";
import { type PurposeNames, purposeName } from "./purpose.ts";

const BASE_URL = "https://api.cohere.com/v2";
const DEFAULT_MODEL = "embed-v4.0";
const KEY_VARIABLES = ["COHERE_API_KEY", "CO_API_KEY"];
const LIMITS = { maxTextsPerRequest: 96, maxBytesPerRequest: 300_000 };

/**
 * Cohere's models since v3 require a type. A call without a purpose is taken for a document: most texts are, while
 * several clients' own default makes queries of them.
 */
export const COHERE_INPUT_TYPES: PurposeNames = {
  query: "search_query",
  document: "search_document",
  none: "search_document",
};

/**
 * Cohere's models (docs.cohere.com/docs/cohere-embed, November 2026). cohere.com/pricing lists no price for v3 any more.
 */
const MODELS: KnownModels = new Map([
  [
    "embed-v4.0",
    {
      dimensions: 1536,
      otherDimensions: [256, 512, 1024],
      maxTokensPerText: 128_000,
      pricePerMillionTokens: 0.12,
    },
  ],
  ["embed-english-v3.0", { dimensions: 1024, maxTokensPerText: 512 }],
  ["embed-multilingual-v3.0", { dimensions: 1024, maxTokensPerText: 512 }],
  ["embed-english-light-v3.0", { dimensions: 384, maxTokensPerText: 512 }],
  ["embed-multilingual-light-v3.0", { dimensions: 384, maxTokensPerText: 512 }],
]);

/**
 * Cohere's `POST /v2/embed` (docs.cohere.com/reference/embed, November 2026). Cohere cuts over-long texts unless told
 * not to: `truncate: "NONE"` is sent, and such a text is an error.
 */
export const cohereProvider: Provider = {
  description: `Cohere (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: [...HOSTED_OPTIONS, "encoding"],
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  priceSource: "getmaxim.ai/bifrost/llm-cost-calculator/provider/cohere, November 2026",
  limits: LIMITS,
  purposes: "input_type search_query, search_document; none: search_document",
  clients: ["ky"],
  create: (config, env) =>
    new HostedEmbedder(
      {
        provider: "cohere",
        api: "Cohere's API (it ends in /v2)",
        baseURL: BASE_URL,
        models: MODELS,
        limits: LIMITS,
        encoding: "float",
        keyHint: keyHint(KEY_VARIABLES),
        traits: () => ({ purposes: COHERE_INPUT_TYPES, options: { truncate: "NONE" } }),
        request: ({ model, texts, dimensions, purpose, encoding }) => ({
          path: "/embed",
          body: {
            model,
            texts,
            input_type: purposeName(COHERE_INPUT_TYPES, purpose),
            embedding_types: [encoding],
            truncate: "NONE",
            ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
          },
        }),
        read: (answer, asked) => {
          const embeddings = readCohereVectors(answer, asked);
          const { meta } = answer as { meta?: { billed_units?: { input_tokens?: unknown } } };
          const usage = tokenUsage(meta?.billed_units?.input_tokens);
          return usage === undefined ? { embeddings } : { embeddings, usage };
        },
      },
      {
        ...config,
        model: config.model ?? DEFAULT_MODEL,
        apiKey: requireKey("cohere", KEY_VARIABLES, config.apiKey, env),
      },
    ),
};

/** Cohere's answer with `embedding_types`: a list for each of them, in the order of the texts. */
export function readCohereVectors(answer: unknown, asked: AskedEmbeddings): EmbeddingResponse["embeddings"] {
  const lists = (answer as { embeddings?: Record<string, unknown> } | null)?.embeddings;
  const other = asked.encoding === "base64" ? "float" : "base64";
  return readVectors(lists?.[asked.encoding] ?? lists?.[other], `embeddings.${asked.encoding}`, asked);
}
