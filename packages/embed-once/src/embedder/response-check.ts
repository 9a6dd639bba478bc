import { MAX_DIMENSIONS } from "../codec/index.ts";
import type { EmbeddingResponse } from "../core/embedder.ts";
import { EmbeddingResponseError } from "../core/errors.ts";

/**
 * Checks an answer before anything of it is used or stored: one vector a text, all of one length, all numbers finite.
 * @param name the embedder's name, for messages
 * @param dimensions the length that was asked for
 * @throws EmbeddingResponseError that names the first wrong vector by its index
 */
export function checkResponse(
  response: EmbeddingResponse,
  textCount: number,
  name: string,
  dimensions?: number | undefined,
): number[][] {
  const embeddings: unknown = response?.embeddings;
  if (!Array.isArray(embeddings) || embeddings.length !== textCount) {
    const got = Array.isArray(embeddings) ? embeddings.length : typeof embeddings;
    throw new EmbeddingResponseError(`${name} gave ${got} embeddings for ${textCount} texts`);
  }
  const expected = dimensions ?? embeddings[0]?.length;
  for (const [index, vector] of embeddings.entries()) {
    if (!Array.isArray(vector) && !(vector instanceof Float32Array || vector instanceof Float64Array)) {
      throw new EmbeddingResponseError(
        (text) => `${name} gave ${typeof vector} instead of an array of numbers for text ${text}`,
        index,
      );
    }
    if (vector.length !== expected || vector.length === 0 || vector.length > MAX_DIMENSIONS) {
      throw new EmbeddingResponseError(
        (text) =>
          `${name} gave a vector of ${vector.length} dimensions for text ${text}, expected ${expected || `1 to ${MAX_DIMENSIONS}`}`,
        index,
      );
    }
    for (let i = 0; i < vector.length; i++) {
      if (!Number.isFinite(vector[i])) {
        throw new EmbeddingResponseError(
          (text) => `${name} gave ${String(vector[i])} at dimension ${i} of text ${text}`,
          index,
        );
      }
    }
  }
  return embeddings.map((vector) => (Array.isArray(vector) ? vector : Array.from(vector)));
}
