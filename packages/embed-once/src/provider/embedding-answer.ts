import type { EmbeddingResponse } from "../core/embedder.ts";
import { EmbeddingResponseError } from "../core/errors.ts";

/** What a request asked for, against which its answer is checked. */
export interface AskedEmbeddings {
  /** How many texts were sent. */
  count: number;
  /** Index of the first of them in the caller's array, for messages. */
  firstIndex: number;
  encoding: "base64" | "float";
  /** Length that every vector must have, where it is known. */
  dimensions?: number | undefined;
  /** Whether the provider leaves no choice of encoding, for messages. @default false */
  fixedEncoding?: boolean | undefined;
  /** Whose API was asked, for messages. @default "an OpenAI-compatible API (often it ends in /v1)" */
  api?: string | undefined;
}

const DEFAULT_API = "an OpenAI-compatible API (often it ends in /v1)";

interface AnswerItem {
  embedding?: unknown;
  index?: unknown;
}

/**
 * Reads the answer of an OpenAI-compatible `/embeddings`: `{ data: [{ embedding, index }], usage }`. The vectors come
 * back in the order of the texts, whatever the order of `data`. Throws an EmbeddingResponseError, which names the
 * index of the text concerned, for another count, an index that is missing or there twice, vectors of another length,
 * numbers that are none, or another encoding than the one asked for. Nothing of such an answer is used.
 */
export function readEmbeddingAnswer(answer: unknown, asked: AskedEmbeddings): EmbeddingResponse {
  const data = (answer as { data?: unknown } | null)?.data;
  checkList(data, "data", asked);
  const embeddings = readVectors(orderByIndex(data, asked.firstIndex), "data", asked);
  const usage = readUsage((answer as { usage?: unknown }).usage);
  return usage === undefined ? { embeddings } : { embeddings, usage };
}

/**
 * Reads vectors that stand in the order of the texts. Throws an EmbeddingResponseError as `readEmbeddingAnswer` does.
 *
 * @param list arrays of numbers, or base64 where that was asked for
 * @param field where the list stood in the answer, for messages
 */
export function readVectors(list: unknown, field: string, asked: AskedEmbeddings): number[][] {
  checkList(list, field, asked);
  const embeddings: number[][] = [];
  for (let i = 0; i < list.length; i++) {
    const item: unknown = list[i];
    const textIndex = asked.firstIndex + i;
    const vector = asked.encoding === "base64" ? decodeBase64(item, textIndex) : checkNumbers(item, textIndex, asked);
    checkLength(vector, textIndex, asked.dimensions ?? embeddings[0]?.length, asked);
    embeddings.push(vector);
  }
  return embeddings;
}

function checkList(list: unknown, field: string, asked: AskedEmbeddings): asserts list is unknown[] {
  if (!Array.isArray(list)) {
    throw new EmbeddingResponseError(
      `The answer has no array \`${field}\` of embeddings. Does baseURL point to ${asked.api ?? DEFAULT_API}?`,
    );
  }
  if (list.length !== asked.count) {
    throw new EmbeddingResponseError(
      `Sent ${asked.count} texts (from index ${asked.firstIndex}) and got ${list.length} vectors: the answer cannot be matched to the texts.`,
    );
  }
}

/** Puts the items where their `index` says; answers that have none at all are taken in the order given. */
function orderByIndex(data: readonly unknown[], firstIndex: number): unknown[] {
  const indexes = data.map((item) => (item as AnswerItem | null)?.index ?? undefined);
  if (indexes.every((index) => index === undefined)) return data.map(embeddingOf);
  const ordered: unknown[] = new Array(data.length);
  const seen = new Array<boolean>(data.length).fill(false);
  for (const [i, index] of indexes.entries()) {
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= data.length) {
      const came = typeof index === "number" ? String(index) : index === undefined ? "none" : `a ${typeof index}`;
      throw new EmbeddingResponseError(
        `Vector ${i} of the answer has the index ${came}, expected 0 to ${data.length - 1}: the answer cannot be matched to the texts.`,
      );
    }
    if (seen[index]) {
      throw new EmbeddingResponseError(
        (text) => `The answer has two vectors for the text at index ${text}: it cannot be matched to the texts.`,
        firstIndex + index,
      );
    }
    seen[index] = true;
    ordered[index] = embeddingOf(data[i]);
  }
  return ordered;
}

function embeddingOf(item: unknown): unknown {
  return (item as AnswerItem | null)?.embedding;
}

function decodeBase64(embedding: unknown, textIndex: number): number[] {
  if (Array.isArray(embedding)) {
    throw new EmbeddingResponseError(
      (text) =>
        `Asked for base64 and got numbers for the text at index ${text}: the server ignores the encoding. Set the option encoding: "float".`,
      textIndex,
    );
  }
  if (typeof embedding !== "string") throw missing(embedding, textIndex);
  const bytes = Buffer.from(embedding, "base64");
  // Buffer skips what is no base64 instead of refusing it; the length tells.
  const digits = embedding.replace(/={1,2}$/, "").length;
  if (bytes.length !== Math.floor((digits * 3) / 4) || bytes.length % 4 !== 0) {
    throw new EmbeddingResponseError(
      (text) =>
        `The vector of the text at index ${text} is no base64 of float32 values. Try the option encoding: "float".`,
      textIndex,
    );
  }
  const values = new Array<number>(bytes.length / 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < values.length; i++) {
    const value = view.getFloat32(i * 4, true);
    if (!Number.isFinite(value)) throw notFinite(value, i, textIndex);
    values[i] = value;
  }
  return values;
}

function checkNumbers(embedding: unknown, textIndex: number, { fixedEncoding }: AskedEmbeddings): number[] {
  if (typeof embedding === "string") {
    throw new EmbeddingResponseError(
      (text) =>
        `Asked for numbers and got a string for the text at index ${text}: ${fixedEncoding ? "this is not how the provider answers. Check the option baseURL" : 'the server ignores the encoding. Set the option encoding: "base64"'}.`,
      textIndex,
    );
  }
  if (!Array.isArray(embedding)) throw missing(embedding, textIndex);
  for (let i = 0; i < embedding.length; i++) {
    if (!Number.isFinite(embedding[i])) throw notFinite(embedding[i], i, textIndex);
  }
  return embedding as number[];
}

function missing(embedding: unknown, textIndex: number): EmbeddingResponseError {
  const came =
    embedding === null || embedding === undefined ? String(embedding) : `a value of type ${typeof embedding}`;
  return new EmbeddingResponseError((text) => `The vector of the text at index ${text} is ${came}.`, textIndex);
}

function notFinite(value: unknown, position: number, textIndex: number): EmbeddingResponseError {
  const came = typeof value === "number" || value === null ? String(value) : `of type ${typeof value}`;
  return new EmbeddingResponseError(
    (text) => `Value ${position} of the vector of the text at index ${text} is ${came}, expected a finite number.`,
    textIndex,
  );
}

function checkLength(vector: number[], textIndex: number, expected: number | undefined, asked: AskedEmbeddings): void {
  if (vector.length === 0) {
    throw new EmbeddingResponseError((text) => `The vector of the text at index ${text} is empty.`, textIndex);
  }
  if (expected === undefined || vector.length === expected) return;
  const advice =
    asked.dimensions === undefined
      ? "the vectors of one answer must be alike"
      : "the server ignores `dimensions`, or another model answers. Check the options model and dimensions";
  throw new EmbeddingResponseError(
    (text) => `The vector of the text at index ${text} has ${vector.length} values, expected ${expected}: ${advice}.`,
    textIndex,
  );
}

/** Tokens as a provider with a single number reports them. */
export function tokenUsage(tokens: unknown): EmbeddingResponse["usage"] {
  if (typeof tokens !== "number" || !Number.isSafeInteger(tokens) || tokens < 0) return undefined;
  return { promptTokens: tokens, totalTokens: tokens };
}

/** Usage as reported, where it is; a missing part is never made up. */
function readUsage(usage: unknown): EmbeddingResponse["usage"] {
  const { prompt_tokens: prompt, total_tokens: total } = (usage ?? {}) as Record<string, unknown>;
  if (typeof prompt !== "number" && typeof total !== "number") return undefined;
  const either = (typeof prompt === "number" ? prompt : total) as number;
  return { promptTokens: either, totalTokens: typeof total === "number" ? total : either };
}
