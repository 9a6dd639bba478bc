import {
  type ReceivedRequest,
  Refusal,
  readDimensions,
  readName,
  requireHeader,
  tokensOf,
  type WireShape,
} from "./wire-shape.ts";

const BATCH = /^\/v1beta\/models\/([^/:]+):batchEmbedContents$/;
const COUNT = /^\/v1beta\/models\/([^/:]+):countTokens$/;
const TASKS = ["RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION", "CLUSTERING"];
const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

/** The Gemini API's `POST /v1beta/models/<model>:batchEmbedContents` and `:countTokens`. */
export const geminiShape: WireShape = {
  basePath: "/v1beta",
  models: {
    "gemini-embedding-001": { dimensions: 3072, form: "float32", literal: "float32-loose" },
    "gemini-embedding-2": { dimensions: 3072, form: "float32", literal: "float32-loose" },
  },
  maxTexts: 100,
  tooManyTexts: (maxTexts) =>
    new Refusal(400, `* BatchEmbedContentsRequest.requests: at most ${maxTexts} requests can be in one batch`),
  indexed: false,
  encodings: ["float"],
  keyHeaders: ["x-goog-api-key"],
  matches: (path) => BATCH.test(path) || COUNT.test(path),
  aside: ({ path, body }) => {
    if (!COUNT.test(path)) return undefined;
    const contents = body.contents as { parts?: { text?: unknown }[] }[] | undefined;
    const text = contents?.[0]?.parts?.[0]?.text;
    if (typeof text !== "string") throw new Refusal(400, "contents is not specified");
    return { body: JSON.stringify({ totalTokens: tokensOf(text) }) };
  },
  authorize: (request, { apiKey }) =>
    // Google answers a wrong key with 400.
    requireHeader(
      request,
      "x-goog-api-key",
      "",
      apiKey,
      new Refusal(400, "API key not valid. Please pass a valid API key.", "API_KEY_INVALID"),
    ),
  read: ({ path, body }: ReceivedRequest) => {
    const model = decodeURIComponent(BATCH.exec(path)![1]!);
    const requests = body.requests;
    if (!Array.isArray(requests) || requests.length === 0) throw new Refusal(400, "requests must not be empty");
    const parts = requests.map((entry) => readRequest(entry, model));
    return { ...parts[0]!, model, texts: parts.map(({ text }) => text), encoding: "float", truncate: true };
  },
  answer: (vectors, _asked, tokens) => ({
    body: `{"embeddings":[${vectors.map(({ json }) => `{"values":${json}}`).join(",")}],"usageMetadata":{"promptTokenCount":${tokens}}}`,
  }),
  error: ({ status, message, code }) => ({
    body: JSON.stringify({
      error: {
        code: status,
        message,
        status: STATUS_NAMES[status] ?? "UNKNOWN",
        ...(code === undefined
          ? {}
          : { details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: code }] }),
      },
    }),
  }),
};

function readRequest(entry: unknown, model: string) {
  const request = (entry ?? {}) as Record<string, unknown>;
  if (request.model !== `models/${model}`) throw new Refusal(400, "model in request must match the model in the URL");
  const { parts } = (request.content ?? {}) as { parts?: { text?: unknown }[] };
  const text = parts?.[0]?.text;
  if (typeof text !== "string" || parts?.length !== 1) throw new Refusal(400, "content must have one text");
  return {
    text,
    task: readName(request, "taskType", TASKS),
    dimensions: readDimensions(request, "outputDimensionality"),
  };
}
