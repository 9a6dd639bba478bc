import {
  byNearness,
  checkEntries,
  type Neighbour,
  type TextKey,
  type VectorEntry,
  type VectorStore,
} from "../../src/vector-store.ts";

/** The contract in its plainest form, in float64: what other implementations are compared with. */
export class MemoryVectorStore implements VectorStore {
  readonly #vectors = new Map<TextKey, number[]>();

  count(): number {
    return this.#vectors.size;
  }

  dimensions(): number | undefined {
    return this.#vectors.values().next().value?.length;
  }

  missing(keys: readonly TextKey[]): TextKey[] {
    return keys.filter((key) => !this.#vectors.has(key));
  }

  put(entries: readonly VectorEntry[]): void {
    checkEntries(entries, this.dimensions());
    for (const { key, vector } of entries) this.#vectors.set(key, [...vector]);
  }

  get(key: TextKey): number[] | undefined {
    const vector = this.#vectors.get(key);
    return vector && [...vector];
  }

  delete(keys: readonly TextKey[]): void {
    for (const key of keys) this.#vectors.delete(key);
  }

  keys(): TextKey[] {
    return [...this.#vectors.keys()];
  }

  nearest(query: readonly number[], limit: number): Neighbour[] {
    const dimensions = this.dimensions() ?? query.length;
    if (query.length !== dimensions) throw new RangeError(`expected ${dimensions} numbers, got ${query.length}`);
    return Array.from(this.#vectors, ([key, vector]) => ({ key, similarity: cosine(query, vector) }))
      .sort(byNearness)
      .slice(0, limit);
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const product = Math.hypot(...a) * Math.hypot(...b);
  return product === 0 ? 0 : a.reduce((sum, value, index) => sum + value * b[index]!, 0) / product;
}
