import { Refusal, readDimensions, readStrings, requireHeader, type ServedModel, type WireShape } from "./wire-shape.ts";

const served = (dimensions: number): ServedModel => ({ dimensions, form: "float32", literal: "float32" });

/** Ollama's `POST /api/embed`. */
export const ollamaShape: WireShape = {
  basePath: "",
  models: {
    "nomic-embed-text": served(768),
    embeddinggemma: served(768),
    "all-minilm": served(384),
    "mxbai-embed-large": served(1024),
  },
  maxTexts: Number.POSITIVE_INFINITY,
  indexed: false,
  encodings: ["float"],
  keyHeaders: ["authorization"],
  matches: (path) => path === "/api/embed",
  authorize: (request, { apiKey }) =>
    requireHeader(request, "authorization", "Bearer ", apiKey, new Refusal(401, "unauthorized")),
  read: ({ body }) => ({
    // A name without a tag is the latest.
    model: String(body.model).replace(/:latest$/, ""),
    texts: readStrings(body.input, "input"),
    dimensions: readDimensions(body, "dimensions"),
    encoding: "float",
    truncate: body.truncate !== false,
  }),
  answer: (vectors, { model }, tokens) => ({
    body: `{"model":${JSON.stringify(model)},"embeddings":[${vectors.map(({ json }) => json).join(",")}],"total_duration":14143917,"load_duration":1019500,"prompt_eval_count":${tokens}}`,
  }),
  error: ({ status, message, code }) => ({
    body: JSON.stringify({
      error: code === "model_not_found" && status === 404 ? `${message} Try pulling it first.` : message,
    }),
  }),
};
