import {
  dataAnswer,
  type ReceivedRequest,
  Refusal,
  readDimensions,
  requireHeader,
  type ServedModel,
  type WireShape,
} from "./wire-shape.ts";

const scaled = (dimensions: number): ServedModel => ({ dimensions, form: "scaled-float16", literal: "float32" });
const half = (dimensions: number): ServedModel => ({ dimensions, form: "float16", literal: "double" });

/** OpenAI's `POST /v1/embeddings`. */
export const openaiShape: WireShape = {
  basePath: "/v1",
  models: {
    "text-embedding-3-small": scaled(1536),
    "text-embedding-3-large": scaled(3072),
    "text-embedding-ada-002": scaled(1536),
  },
  maxTexts: 2048,
  tooManyTexts: (maxTexts, got) =>
    new Refusal(
      400,
      `Invalid 'input': array too long. Expected an array with maximum length ${maxTexts}, but got an array with length ${got} instead.`,
      "array_above_max_length",
    ),
  indexed: true,
  encodings: ["float", "base64"],
  keyHeaders: ["authorization"],
  matches: (path) => path === "/v1/embeddings",
  authorize: (request, { apiKey }) =>
    requireHeader(
      request,
      "authorization",
      "Bearer ",
      apiKey,
      new Refusal(401, "Incorrect API key provided.", "invalid_api_key"),
    ),
  read: readOpenAI,
  answer: (vectors, { model }, tokens) => dataAnswer(vectors, model, { prompt_tokens: tokens, total_tokens: tokens }),
  error: ({ message, status, code }) => {
    const type = status >= 500 ? "server_error" : "invalid_request_error";
    return { body: JSON.stringify({ error: { message, type, param: null, code: code ?? null } }) };
  },
};

/** OpenRouter, where OpenAI's models come in half precision and e5 without its prefixes. */
export const openrouterShape: WireShape = {
  ...openaiShape,
  basePath: "/api/v1",
  matches: (path) => path === "/api/v1/embeddings",
  maxTexts: 96,
  models: {
    "openai/text-embedding-3-small": half(1536),
    "openai/text-embedding-3-large": half(3072),
    "intfloat/e5-base-v2": { dimensions: 768, choices: [768], form: "float32", literal: "float32" },
  },
  error: ({ message, status }) => ({ body: JSON.stringify({ error: { message, code: status } }) }),
};

export const vercelShape: WireShape = {
  ...openaiShape,
  maxTexts: 96,
  models: { "openai/text-embedding-3-small": scaled(1536), "openai/text-embedding-3-large": scaled(3072) },
  answer: (vectors, { model }, tokens) => {
    const { body } = dataAnswer(vectors, model, { prompt_tokens: tokens, total_tokens: tokens });
    return { body: `${body.slice(0, -1)},"providerMetadata":{"gateway":{"cost":"0"}}}` };
  },
};

export function readOpenAI({ body }: ReceivedRequest): ReturnType<WireShape["read"]> {
  const texts = readInput(body.input);
  if (texts === undefined || texts.length === 0) throw new Refusal(400, "'$.input' is invalid.", "invalid_value");
  return {
    model: String(body.model),
    texts,
    dimensions: readDimensions(body, "dimensions"),
    encoding: body.encoding_format === "base64" ? "base64" : "float",
    truncate: false,
  };
}

/** Strings stay as they are; arrays of tokens, which OpenAI takes as well, count as the text of their numbers. */
function readInput(input: unknown): string[] | undefined {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input)) return undefined;
  if (input.every((item) => typeof item === "string")) return input;
  if (input.every((item) => typeof item === "number")) return [input.join(" ")];
  return input.every(Array.isArray) ? input.map((tokens: unknown[]) => tokens.join(" ")) : undefined;
}
