import { openaiShape } from "./openai.ts";
import { readDimensions, readName, readStrings, type WireShape } from "./wire-shape.ts";

const TASKS = ["retrieval.query", "retrieval.passage", "text-matching", "classification", "separation"];

/** Jina's `POST /v1/embeddings`. */
export const jinaShape: WireShape = {
  ...openaiShape,
  models: {
    "jina-embeddings-v3": { dimensions: 1024, form: "float32", literal: "float32" },
    "jina-embeddings-v4": { dimensions: 2048, form: "float32", literal: "float32" },
    "jina-embeddings-v2-base-code": { dimensions: 768, choices: [768], form: "float32", literal: "float32" },
  },
  maxTexts: 512,
  read: ({ body }) => ({
    model: String(body.model),
    texts: readStrings(body.input, "input"),
    dimensions: readDimensions(body, "dimensions"),
    encoding: readName(body, "embedding_type", ["float", "base64"]) === "base64" ? "base64" : "float",
    task: readName(body, "task", TASKS),
    truncate: body.truncate === true,
  }),
  error: ({ message }) => ({ body: JSON.stringify({ detail: message }) }),
};
