import { openaiShape, readOpenAI } from "./openai.ts";
import { Refusal, readDimensions, type WireShape } from "./wire-shape.ts";

/** Mistral's `POST /v1/embeddings`. */
export const mistralShape: WireShape = {
  ...openaiShape,
  models: {
    "mistral-embed": { dimensions: 1024, choices: [1024], form: "float16", literal: "double" },
    "codestral-embed": { dimensions: 1536, maxDimensions: 3072, form: "float16", literal: "double" },
  },
  maxTexts: 512,
  encodings: ["float"],
  read: (request) => {
    if ("dimensions" in request.body) throw new Refusal(422, "Extra inputs are not permitted: dimensions", "3051");
    return { ...readOpenAI(request), dimensions: readDimensions(request.body, "output_dimension") };
  },
  error: ({ status, message, code }) => ({
    body: JSON.stringify(
      status === 401
        ? { detail: message }
        : { object: "error", message, type: "invalid_request_error", param: null, code: code ?? String(status) },
    ),
  }),
};
