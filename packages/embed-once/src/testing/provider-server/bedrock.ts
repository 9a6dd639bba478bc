import { byType, readCohere } from "./cohere.ts";
import { verifySignature } from "./signature-v4.ts";
import {
  type ReceivedRequest,
  Refusal,
  readDimensions,
  requireHeader,
  type ServedModel,
  type WireShape,
} from "./wire-shape.ts";

const INVOKE = /^\/model\/([^/]+)\/invoke$/;
const COHERE_V4: ServedModel = {
  dimensions: 1536,
  choices: [256, 512, 1024, 1536],
  form: "twice-scaled-bfloat16",
  literal: "float32",
};
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "ValidationException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  429: "ThrottlingException",
  503: "ServiceUnavailableException",
};

/** Bedrock's `POST /model/<id>/invoke` for Titan and Cohere, with an API key or Signature Version 4. */
export const bedrockShape: WireShape = {
  basePath: "",
  models: {
    "amazon.titan-embed-text-v1": { dimensions: 1536, choices: [1536], form: "bfloat16", literal: "float32" },
    "amazon.titan-embed-text-v2:0": {
      dimensions: 1024,
      choices: [256, 512, 1024],
      form: "float32",
      literal: "double",
    },
    "cohere.embed-english-v3": { dimensions: 1024, choices: [1024], form: "float16", literal: "float32" },
    "cohere.embed-v4:0": COHERE_V4,
    "us.cohere.embed-v4:0": COHERE_V4,
  },
  maxTexts: 96,
  indexed: false,
  encodings: ["float"],
  keyHeaders: ["authorization", "x-amz-security-token"],
  matches: (path) => INVOKE.test(path),
  authorize: (request, { apiKey, aws }) => {
    if (aws !== undefined) return verifySignature(request, aws, "bedrock");
    const refusal = new Refusal(
      403,
      "The security token included in the request is invalid.",
      "UnrecognizedClientException",
    );
    return requireHeader(request, "authorization", "Bearer ", apiKey, refusal);
  },
  read: (request) => {
    const model = decodeURIComponent(INVOKE.exec(request.path)![1]!);
    if (!model.includes("cohere")) return readTitan(request, model);
    return readCohere(request, model, model.includes("v4") ? ["NONE", "LEFT", "RIGHT"] : ["NONE", "START", "END"]);
  },
  answer: (vectors, { model, texts }, tokens) => {
    const [first] = vectors;
    if (!model.includes("cohere")) {
      const embedding = first?.json ?? "null";
      const types = model.includes("v2") ? `,"embeddingsByType":{"float":${embedding}}` : "";
      return { body: `{"embedding":${embedding}${types},"inputTextTokenCount":${tokens}}` };
    }
    return {
      body: `{"id":"0","embeddings":${byType(vectors)},"texts":${JSON.stringify(texts)},"response_type":"embeddings_by_type"}`,
      headers: { "x-amzn-bedrock-input-token-count": String(tokens) },
    };
  },
  error: ({ status, message, code }) => ({
    body: JSON.stringify({ message }),
    headers: { "x-amzn-errortype": code ?? ERROR_TYPES[status] ?? "InternalServerException" },
  }),
};

function readTitan({ body }: ReceivedRequest, model: string): ReturnType<WireShape["read"]> {
  const known = model.includes("v1") ? ["inputText"] : ["inputText", "dimensions", "normalize", "embeddingTypes"];
  const extra = Object.keys(body).find((name) => !known.includes(name));
  if (extra !== undefined)
    throw new Refusal(400, `Malformed input request: #: extraneous key [${extra}] is not permitted`);
  if (typeof body.inputText !== "string") {
    throw new Refusal(400, "Malformed input request: #: required key [inputText] not found");
  }
  return {
    model,
    texts: [body.inputText],
    dimensions: readDimensions(body, "dimensions"),
    encoding: "float",
    truncate: false,
  };
}
