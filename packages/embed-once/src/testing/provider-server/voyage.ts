import { openaiShape } from "./openai.ts";
import {
  dataAnswer,
  Refusal,
  readDimensions,
  readName,
  readStrings,
  type ServedModel,
  type WireShape,
} from "./wire-shape.ts";

const flexible: ServedModel = {
  dimensions: 1024,
  choices: [256, 512, 1024, 2048],
  form: "float32",
  literal: "nine-decimals",
};

/** Voyage's `POST /v1/embeddings`. */
export const voyageShape: WireShape = {
  ...openaiShape,
  models: {
    "voyage-4": flexible,
    "voyage-4-lite": { ...flexible, form: "twice-scaled-bfloat16" },
    "voyage-code-3": flexible,
    "voyage-3-lite": { dimensions: 512, choices: [512], form: "scaled-float16", literal: "nine-decimals" },
  },
  maxTexts: 1000,
  tooManyTexts: (maxTexts, got) => new Refusal(400, `The batch size limit is ${maxTexts}. Your batch size is ${got}.`),
  read: ({ body }) => {
    const format = readName(body, "encoding_format", ["base64"]);
    if (body.output_dtype !== undefined && body.output_dtype !== "float") {
      throw new Refusal(400, `output_dtype ${JSON.stringify(body.output_dtype)} is not served here`);
    }
    return {
      model: String(body.model),
      texts: readStrings(body.input, "input"),
      dimensions: readDimensions(body, "output_dimension"),
      encoding: format === "base64" ? "base64" : "float",
      task: readName(body, "input_type", ["query", "document"]),
      truncate: body.truncation !== false,
    };
  },
  answer: (vectors, { model }, tokens) => dataAnswer(vectors, model, { total_tokens: tokens }),
  error: ({ message }) => ({ body: JSON.stringify({ detail: message }) }),
};
