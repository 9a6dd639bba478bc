import { EmbeddingResponseError } from "../core/errors.ts";
import { readVectors, tokenUsage } from "./embedding-answer.ts";
import { HOSTED_OPTIONS, HostedEmbedder, type WireCall } from "./hosted-embedder.ts";
import type { KnownModel, KnownModels } from "./known-model.ts";
import type { Prefixes } from "./prefixes.ts";
import { keyHint, type Provider, requireKey } from "./provider.ts";
import { ProviderError } from "./provider-error.ts";
import { type PurposeNames, purposeName } from "./purpose.ts";

const BASE_URL = "https://generativelanguage.googleapis.com/v1beta";
const DEFAULT_MODEL = "gemini-embedding-001";
const KEY_VARIABLES = ["GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_API_KEY"];
/** 100 texts a batch, as @ai-sdk/google 4.0.121 has it. */
const LIMITS = { maxTextsPerRequest: 100, maxBytesPerRequest: 300_000 };

/** Google's models (ai.google.dev/gemini-api/docs/embeddings, November 2026). */
const MODELS: KnownModels = new Map([
  [
    "gemini-embedding-001",
    { dimensions: 3072, otherDimensions: { min: 128, max: 3072 }, maxTokensPerText: 2048, pricePerMillionTokens: 0.15 },
  ],
  [
    "gemini-embedding-2",
    { dimensions: 3072, otherDimensions: { min: 128, max: 3072 }, maxTokensPerText: 8192, pricePerMillionTokens: 0.2 },
  ],
]);

/** By its name without a suffix such as `-preview-03-07`, too. */
function known(model: string): KnownModel | undefined {
  return MODELS.get(model.replace(/-(preview|exp)\b.*$/, ""));
}

/** Without a purpose nothing is sent, and Google's own default holds. */
const TASK_TYPES: PurposeNames = { query: "RETRIEVAL_QUERY", document: "RETRIEVAL_DOCUMENT" };

/** The second generation takes its task as words before the text, where the first has a field. */
const TASK_PREFIXES: readonly ({ model: RegExp } & Prefixes)[] = [
  { model: /^gemini-embedding-2/, query: "task: search result | query: ", document: "title: none | text: " },
];
const prefixesOf = (model: string) => TASK_PREFIXES.find((entry) => entry.model.test(model));

/**
 * The Gemini API's `batchEmbedContents` (ai.google.dev/api/embeddings, November 2026). It reports no usage for some
 * models. It has no switch against cutting (`autoTruncate` is Vertex AI's alone) and cuts a text over the model's limit
 * without a word. So a text with more bytes than the model takes tokens is counted first (`countTokens`, free of
 * charge, one small request), and refused if it is too long; shorter ones always fit. Vectors of fewer than 3,072
 * dimensions are not of unit length and stay as they come.
 */
export const geminiProvider: Provider = {
  description: `Google's Gemini API (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: HOSTED_OPTIONS,
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  priceSource: "developers.googleblog.com and openrouter.ai/google/gemini-embedding-2, November 2026",
  limits: LIMITS,
  purposes: "taskType RETRIEVAL_QUERY, RETRIEVAL_DOCUMENT (gemini-embedding-2: prefixes); none: not sent",
  clients: ["ky"],
  create: (config, env) =>
    new HostedEmbedder(
      {
        provider: "gemini",
        api: "the Gemini API (it ends in /v1beta)",
        baseURL: BASE_URL,
        models: MODELS,
        known,
        limits: LIMITS,
        encoding: "float",
        fixedEncoding: true,
        keyHeader: { name: "x-goog-api-key", scheme: "" },
        keyHint: keyHint(KEY_VARIABLES),
        prefixes: prefixesOf,
        traits: (model) => ({ purposes: prefixesOf(model) === undefined ? TASK_TYPES : undefined }),
        request: ({ model, texts, dimensions, purpose }) => {
          const taskType = prefixesOf(model) === undefined ? purposeName(TASK_TYPES, purpose) : undefined;
          return {
            path: `/models/${encodeURIComponent(model)}:batchEmbedContents`,
            body: {
              requests: texts.map((text) => ({
                model: `models/${model}`,
                content: { parts: [{ text }] },
                ...(taskType === undefined ? {} : { taskType }),
                ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
              })),
            },
          };
        },
        refuseOverlong,
        read: (answer, asked) => {
          const { embeddings: list, usageMetadata } = (answer ?? {}) as {
            embeddings?: unknown;
            usageMetadata?: { promptTokenCount?: unknown };
          };
          const values = Array.isArray(list) ? list.map((item) => (item as { values?: unknown } | null)?.values) : list;
          const embeddings = readVectors(values, "embeddings", asked);
          const usage = tokenUsage(usageMetadata?.promptTokenCount);
          return usage === undefined ? { embeddings } : { embeddings, usage };
        },
      },
      {
        ...config,
        model: (config.model ?? DEFAULT_MODEL).replace(/^models\//, ""),
        apiKey: requireKey("gemini", KEY_VARIABLES, config.apiKey, env),
      },
    ),
};

async function refuseOverlong(
  { model, texts }: WireCall,
  firstIndex: number,
  ask: (path: string, body: unknown) => Promise<unknown>,
): Promise<void> {
  const maxTokens = known(model)?.maxTokensPerText;
  if (maxTokens === undefined) return;
  for (const [i, text] of texts.entries()) {
    // No text has more tokens than bytes.
    if (Buffer.byteLength(text) <= maxTokens) continue;
    const answer = await ask(`/models/${encodeURIComponent(model)}:countTokens`, { contents: [{ parts: [{ text }] }] });
    const tokens = (answer as { totalTokens?: unknown } | null)?.totalTokens;
    if (typeof tokens !== "number") {
      throw new EmbeddingResponseError(
        (at) => `gemini did not count the tokens of the text at index ${at}.`,
        firstIndex + i,
      );
    }
    if (tokens > maxTokens) {
      throw new ProviderError(
        (at) =>
          `The text at index ${at} has ${tokens} tokens, but ${model} takes ${maxTokens} and would cut it without a word. Make it shorter.`,
        { reason: "request", textIndex: firstIndex + i },
      );
    }
  }
}
