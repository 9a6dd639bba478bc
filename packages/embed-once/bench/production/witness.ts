/** What the provider of the production test sends for a text, and the comparison with what came out of the cache. */
import { makeVector } from "../../src/testing/vector-forms.ts";

export const MODEL = "text-embedding-3-small";
export const DIMENSIONS = 1_536;

/** @returns which of the texts have other vectors than the provider sends, to the bit */
export function compare(
  texts: readonly string[],
  vectors: readonly (readonly number[])[],
): { compared: number; wrong: string[] } {
  const sent = (text: string) => makeVector(text, MODEL, DIMENSIONS, "scaled-float16");
  return { compared: texts.length, wrong: texts.filter((text, i) => !sameBits(vectors[i], sent(text))) };
}

export function sameBits(vector: readonly number[] | undefined, wanted: readonly number[]): boolean {
  return vector?.length === wanted.length && vector.every((value, i) => Object.is(value, wanted[i]));
}
