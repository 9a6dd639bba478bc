import { emptyNumbers } from "../codec/empty-numbers.ts";
import { MAX_DIMENSIONS } from "../codec/index.ts";
import type { EmbeddingResponse, Usage } from "../core/embedder.ts";
import { EmbeddingResponseError } from "../core/errors.ts";

/** An answer as it is used from here on: nothing of it belongs to the base. */
export interface CheckedResponse {
  /** Plain arrays that nobody else has. */
  vectors: number[][];
  /** Absent where the base did not say, or said something that is no count of tokens. */
  usage: Usage | undefined;
}

/**
 * Checks an answer before anything of it is used or stored: one vector a text, all of one length, all numbers finite.
 * What is checked is a copy, read once: the base may use its arrays again, and arrays of classes of its own may
 * answer otherwise the next time.
 * @param name the embedder's name, for messages
 * @param dimensions the length that was asked for
 * @throws EmbeddingResponseError that names the first wrong vector by its index
 */
export function checkResponse(
  response: EmbeddingResponse,
  textCount: number,
  name: string,
  dimensions?: number | undefined,
): CheckedResponse {
  const embeddings: unknown = response?.embeddings;
  if (!Array.isArray(embeddings) || embeddings.length !== textCount) {
    const got = Array.isArray(embeddings) ? embeddings.length : typeof embeddings;
    throw new EmbeddingResponseError(`${name} gave ${got} embeddings for ${textCount} texts`);
  }
  const vectors: number[][] = [];
  let expected = dimensions;
  for (let index = 0; index < textCount; index++) {
    const vector = copyVector(embeddings[index], index, name, expected);
    expected ??= vector.length;
    vectors.push(vector);
  }
  return { vectors, usage: usageOf(response) };
}

function copyVector(vector: unknown, index: number, name: string, expected: number | undefined): number[] {
  if (!Array.isArray(vector) && !(vector instanceof Float32Array || vector instanceof Float64Array)) {
    throw new EmbeddingResponseError(
      (text) => `${name} gave ${typeof vector} instead of an array of numbers for text ${text}`,
      index,
    );
  }
  const { length } = vector;
  if (!(length >= 1 && length <= MAX_DIMENSIONS) || length !== (expected ?? length)) {
    const possible = expected !== undefined && expected >= 1 && expected <= MAX_DIMENSIONS;
    throw new EmbeddingResponseError(
      (text) =>
        `${name} gave a vector of ${length} dimensions for text ${text}, expected ${possible ? expected : `1 to ${MAX_DIMENSIONS}`}`,
      index,
    );
  }
  // Number by number: the array's own methods may be another class's, which make something else than a plain array.
  const copy = emptyNumbers(length);
  for (let i = 0; i < length; i++) {
    const value: unknown = vector[i];
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw new EmbeddingResponseError(
        (text) => `${name} gave ${String(value)} at dimension ${i} of text ${text}`,
        index,
      );
    }
    copy[i] = value;
  }
  return copy;
}

/** An answer is good without it, so whatever is no usage, or cannot be read, is one that was not told. */
function usageOf(response: EmbeddingResponse): Usage | undefined {
  try {
    const { promptTokens, totalTokens } = response.usage as Partial<Record<keyof Usage, unknown>>;
    return isCount(promptTokens) && isCount(totalTokens) ? { promptTokens, totalTokens } : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
