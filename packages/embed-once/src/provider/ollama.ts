import { readVectors, tokenUsage } from "./embedding-answer.ts";
import { HOSTED_OPTIONS, HostedEmbedder } from "./hosted-embedder.ts";
import type { KnownModels } from "./known-model.ts";
import { prefixesOf } from "./prefixes.ts";
import { type Provider, readVariable } from "./provider.ts";

const BASE_URL = "http://localhost:11434";
const DEFAULT_MODEL = "nomic-embed-text";
const KEY_VARIABLES = ["OLLAMA_API_KEY"];
/** Ollama has no bound; it answers when the last text is done, so more would only be a longer wait. */
const LIMITS = { maxTextsPerRequest: 64, maxBytesPerRequest: 300_000 };

/** Models of ollama.com/search?c=embedding, November 2026. They run on your own machine. */
const MODELS: KnownModels = new Map([
  ["nomic-embed-text", { dimensions: 768, maxTokensPerText: 2048, pricePerMillionTokens: 0 }],
  [
    "embeddinggemma",
    { dimensions: 768, otherDimensions: [128, 256, 512], maxTokensPerText: 2048, pricePerMillionTokens: 0 },
  ],
  ["mxbai-embed-large", { dimensions: 1024, maxTokensPerText: 512, pricePerMillionTokens: 0 }],
  ["bge-m3", { dimensions: 1024, maxTokensPerText: 8192, pricePerMillionTokens: 0 }],
  ["all-minilm", { dimensions: 384, maxTokensPerText: 256, pricePerMillionTokens: 0 }],
]);

/**
 * Ollama's own `POST /api/embed` (docs.ollama.com/api/embed, October 2026). Its OpenAI-compatible address has no
 * switch against cutting; this one has: `truncate: false` is sent, so a text over the model's context is an error.
 * Ollama runs a model as it is and adds no instruction, so the prefixes that a model was trained with are put before
 * texts that have a purpose.
 */
export const ollamaProvider: Provider = {
  description: `Ollama on this machine or another (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: false,
  options: [...HOSTED_OPTIONS, "queryPrefix", "documentPrefix"],
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  limits: LIMITS,
  purposes: "prefixes of models that want them, such as nomic and e5; none: no prefix",
  clients: ["ky"],
  create: (config, env) =>
    new HostedEmbedder(
      {
        provider: "ollama",
        api: "Ollama",
        baseURL: BASE_URL,
        models: MODELS,
        limits: LIMITS,
        encoding: "float",
        fixedEncoding: true,
        keyHint: "Set the option apiKey to what the server expects.",
        prefixes: (model) => prefixesOf(model, config),
        traits: () => ({ options: { truncate: false } }),
        request: ({ model, texts, dimensions }) => ({
          path: "/api/embed",
          body: { model, input: texts, truncate: false, ...(dimensions === undefined ? {} : { dimensions }) },
        }),
        read: (answer, asked) => {
          const { embeddings: list, prompt_eval_count: tokens } = (answer ?? {}) as Record<string, unknown>;
          const embeddings = readVectors(list, "embeddings", asked);
          const usage = tokenUsage(tokens);
          return usage === undefined ? { embeddings } : { embeddings, usage };
        },
      },
      {
        ...config,
        baseURL: serverURL(config.baseURL ?? readVariable(env, ["OLLAMA_HOST"]) ?? BASE_URL),
        model: config.model ?? DEFAULT_MODEL,
        apiKey: config.apiKey ?? readVariable(env, KEY_VARIABLES),
      },
    ),
};

/**
 * `OLLAMA_HOST` is often a bare host, port or both, or the address that the server listens on; as Ollama's own client does
 * (envconfig/config.go), what has no scheme gets http and port 11434. baseURL often ends in `/v1` or `/api`.
 */
function serverURL(address: string): string {
  const text = address.trim();
  const [, scheme, host, port, path] = /^(https?:\/\/)?(\[[^\]]*\]|[^/:?#]*)(:\d*)?(.*)$/i.exec(text)!;
  const isOnline = scheme === undefined && host === "ollama.com" && port === undefined;
  const url = [
    scheme ?? (isOnline ? "https://" : "http://"),
    /^(|0\.0\.0\.0|\[::\])$/.test(host!) ? "127.0.0.1" : host,
    port ?? (scheme === undefined && !isOnline ? ":11434" : ""),
    path,
  ].join("");
  return url.replace(/\/(v1|api|api\/embed)\/*$/, "");
}
