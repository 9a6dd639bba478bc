import {
  type ReceivedRequest,
  Refusal,
  readDimensions,
  readName,
  readStrings,
  requireHeader,
  type WireShape,
  type WrittenVector,
} from "./wire-shape.ts";

/** Cohere's `POST /v2/embed`. */
export const cohereShape: WireShape = {
  basePath: "/v2",
  models: {
    "embed-v4.0": {
      dimensions: 1536,
      choices: [256, 512, 1024, 1536],
      form: "twice-scaled-bfloat16",
      literal: "float32",
    },
    "embed-english-v3.0": { dimensions: 1024, choices: [1024], form: "float16", literal: "float32" },
  },
  maxTexts: 96,
  tooManyTexts: (maxTexts, got) =>
    new Refusal(400, `invalid request: total number of texts must be at most ${maxTexts} - received ${got}`),
  indexed: false,
  encodings: ["float", "base64"],
  keyHeaders: ["authorization"],
  matches: (path) => path === "/v2/embed",
  authorize: (request, { apiKey }) =>
    requireHeader(request, "authorization", "Bearer ", apiKey, new Refusal(401, "invalid api token")),
  read: (request) => readCohere(request, String(request.body.model), ["NONE", "START", "END"]),
  answer: (vectors, { texts, encoding }, tokens) => ({
    body: `{"id":"0","embeddings":${byType(vectors)},"texts":${JSON.stringify(texts)},"response_type":"embeddings_by_type","meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":${tokens}},"asked":"${encoding}"}}`,
  }),
  error: ({ message }) => ({ body: JSON.stringify({ id: "0", message }) }),
};

/** What Cohere's models ask for, at Cohere and on Bedrock. */
export function readCohere(
  { body }: ReceivedRequest,
  model: string,
  truncations: readonly string[],
): ReturnType<WireShape["read"]> {
  const task = readName(body, "input_type", ["search_document", "search_query", "classification", "clustering"]);
  if (task === undefined)
    throw new Refusal(400, "invalid request: valid input_type must be provided with the provided model");
  const types = body.embedding_types;
  const encoding = Array.isArray(types) ? types[0] : "float";
  if (encoding !== "float" && encoding !== "base64") throw new Refusal(400, "invalid request: embedding_types");
  return {
    model,
    texts: readStrings(body.texts, "texts"),
    dimensions: readDimensions(body, "output_dimension"),
    encoding,
    task,
    truncate: (readName(body, "truncate", truncations) ?? "END") !== "NONE",
  };
}

/** A list for each type of number; strings are base64. */
export function byType(vectors: readonly WrittenVector[]): string {
  const type = vectors[0]?.json.startsWith('"') ? "base64" : "float";
  return `{"${type}":[${vectors.map(({ json }) => json).join(",")}]}`;
}
