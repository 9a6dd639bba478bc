import { EmbeddingResponseError } from "../core/errors.ts";

/**
 * Which text each item of an OpenAI-shaped answer belongs to, by the items' own `index`.
 *
 * @param name who answered, for messages
 * @returns one place an item; `undefined` where no item has an index, so that the order given is all there is
 * @throws EmbeddingResponseError where the indexes do not name each text once
 */
export function placesOf(items: readonly unknown[], name: string): number[] | undefined {
  const indexes = items.map((item) => (item as { index?: unknown } | null)?.index ?? undefined);
  if (indexes.every((index) => index === undefined)) return undefined;
  const seen = new Set<number>();
  for (const [i, index] of indexes.entries()) {
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= items.length) {
      const came = index === undefined ? "no index" : `the index ${JSON.stringify(index)}`;
      throw new EmbeddingResponseError(
        `${name} gave ${came} for vector ${i}, expected 0 to ${items.length - 1}: the answer cannot be matched to the texts`,
      );
    }
    if (seen.has(index)) {
      throw new EmbeddingResponseError(
        (text) => `${name} gave two vectors for text ${text}: the answer cannot be matched to the texts`,
        index,
      );
    }
    seen.add(index);
  }
  return indexes as number[];
}

/** Puts each item where its place says. */
export function putInPlace<Item>(items: readonly Item[], places: readonly number[]): Item[] {
  const ordered = new Array<Item>(items.length);
  for (const [i, place] of places.entries()) ordered[place] = items[i]!;
  return ordered;
}
