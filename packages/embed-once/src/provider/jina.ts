import { readEmbeddingAnswer } from "./embedding-answer.ts";
import { HOSTED_OPTIONS, HostedEmbedder } from "./hosted-embedder.ts";
import type { KnownModels } from "./known-model.ts";
import { keyHint, type Provider, requireKey } from "./provider.ts";
import { type PurposeNames, purposeName } from "./purpose.ts";

const BASE_URL = "https://api.jina.ai/v1";
const DEFAULT_MODEL = "jina-embeddings-v3";
const KEY_VARIABLES = ["JINA_API_KEY", "JINAAI_API_KEY"];
/** Jina names no bound of texts; this many answer in good time. */
const LIMITS = { maxTextsPerRequest: 128, maxBytesPerRequest: 300_000 };

/**
 * Jina's text models (jina.ai/models/jina-embeddings-v4, …-v5-text-small, qdrant.tech/documentation/embeddings/jina-embeddings,
 * November 2026). Jina sells tokens in packs of several sizes; there is no list price to state.
 */
const MODELS: KnownModels = new Map([
  [
    "jina-embeddings-v5-text-small",
    { dimensions: 1024, otherDimensions: { min: 32, max: 1024 }, maxTokensPerText: 32_768 },
  ],
  ["jina-embeddings-v5-text-nano", { dimensions: 768, otherDimensions: { min: 32, max: 768 }, maxTokensPerText: 8192 }],
  ["jina-embeddings-v4", { dimensions: 2048, otherDimensions: { min: 128, max: 2048 }, maxTokensPerText: 32_768 }],
  ["jina-embeddings-v3", { dimensions: 1024, otherDimensions: { min: 32, max: 1024 }, maxTokensPerText: 8192 }],
  ["jina-embeddings-v2-base-en", { dimensions: 768, maxTokensPerText: 8192 }],
  ["jina-embeddings-v2-base-code", { dimensions: 768, maxTokensPerText: 8192 }],
]);

/** What a purpose is called by each generation; the first that matches counts. Without a purpose nothing is sent. */
const TASKS: readonly { model: RegExp; names: PurposeNames | undefined }[] = [
  { model: /^jina-code-embeddings/, names: { query: "nl2code.query", document: "nl2code.passage" } },
  { model: /^jina-(embeddings-v2|embedding-b)/, names: undefined },
  { model: /^jina-/, names: { query: "retrieval.query", document: "retrieval.passage" } },
];
const tasksOf = (model: string) => TASKS.find((entry) => entry.model.test(model))?.names;

/**
 * Jina's `/embeddings` (api.jina.ai/redoc, November 2026): OpenAI's form with `task`, `embedding_type` and
 * `truncate`. `truncate: false` is sent, so a text over the model's limit is an error.
 */
export const jinaProvider: Provider = {
  description: `Jina AI (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: [...HOSTED_OPTIONS, "encoding"],
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  limits: LIMITS,
  purposes: "task retrieval.query, retrieval.passage (v2: the same for both); none: not sent",
  clients: ["ky"],
  create: (config, env) =>
    new HostedEmbedder(
      {
        provider: "jina",
        api: "Jina's API (it ends in /v1)",
        baseURL: BASE_URL,
        models: MODELS,
        limits: LIMITS,
        encoding: "float",
        keyHint: keyHint(KEY_VARIABLES),
        traits: (model) => ({ purposes: tasksOf(model), options: { truncate: false } }),
        request: ({ model, texts, dimensions, purpose, encoding }) => {
          const task = purposeName(tasksOf(model), purpose);
          return {
            path: "/embeddings",
            body: {
              model,
              input: texts,
              truncate: false,
              embedding_type: encoding,
              ...(task === undefined ? {} : { task }),
              ...(dimensions === undefined ? {} : { dimensions }),
            },
          };
        },
        read: (answer, asked) => readEmbeddingAnswer(answer, asked),
      },
      {
        ...config,
        model: config.model ?? DEFAULT_MODEL,
        apiKey: requireKey("jina", KEY_VARIABLES, config.apiKey, env),
      },
    ),
};
