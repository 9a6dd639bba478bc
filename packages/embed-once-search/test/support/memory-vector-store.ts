import { RowSet } from "../../src/row-set.ts";
import {
  byNearness,
  checkEntries,
  checkQuery,
  type Neighbour,
  type TextKey,
  type VectorEntry,
  type VectorStore,
} from "../../src/vector-store.ts";

/** The contract in its plainest form, in float64: what other implementations are compared with. */
export class MemoryVectorStore implements VectorStore {
  readonly #vectors = new Map<TextKey, { row: number; vector: number[] }>();
  #nextRow = 0;

  count(): number {
    return this.#vectors.size;
  }

  dimensions(): number | undefined {
    return this.#vectors.values().next().value?.vector.length;
  }

  missing(keys: readonly TextKey[]): TextKey[] {
    return keys.filter((key) => !this.#vectors.has(key));
  }

  put(entries: readonly VectorEntry[]): void {
    checkEntries(entries, this.dimensions());
    for (const { key, vector } of entries) {
      this.#vectors.set(key, { row: this.#vectors.get(key)?.row ?? this.#nextRow++, vector: [...vector] });
    }
  }

  get(key: TextKey): number[] | undefined {
    const held = this.#vectors.get(key);
    return held && [...held.vector];
  }

  delete(keys: readonly TextKey[]): void {
    for (const key of keys) this.#vectors.delete(key);
  }

  keys(): TextKey[] {
    return [...this.#vectors.keys()];
  }

  rowsOf(keys: Iterable<TextKey>): RowSet {
    return new RowSet(Array.from(keys).flatMap((key) => this.#vectors.get(key)?.row ?? []));
  }

  nearest(query: readonly number[], limit: number, among?: RowSet): Neighbour[] {
    const dimensions = this.dimensions();
    if (dimensions === undefined) return [];
    checkQuery(query, limit, dimensions);
    return [...this.#vectors]
      .filter(([, { row }]) => among === undefined || among.has(row))
      .map(([key, { vector }]) => ({ key, similarity: Math.fround(cosine(query, vector)) }))
      .sort(byNearness)
      .slice(0, limit);
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const [lengthOfA, lengthOfB] = [Math.hypot(...a), Math.hypot(...b)];
  if (lengthOfA === 0 || lengthOfB === 0) return 0;
  return a.reduce((sum, value, index) => sum + (value / lengthOfA) * (b[index]! / lengthOfB), 0);
}
