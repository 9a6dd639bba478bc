/** The name of a text: its SHA-256 as 64 hexadecimal digits. Nothing of the text can be read from it. */
export type TextKey = string;

export interface VectorEntry {
  key: TextKey;
  vector: readonly number[];
}

export interface Neighbour {
  key: TextKey;
  /** Cosine of the angle to the query, −1 to 1 but for rounding; 0 where either vector has no length. */
  similarity: number;
}

/**
 * The contract of what holds an index's vectors and finds the nearest ones.
 *
 * The law:
 * - `get` gives the float64s of the last `put` of that key, bit for bit, or `undefined`.
 * - All vectors of a store have one length, which the first one sets; a store that was emptied is free again. `put` of
 *   another length, of no numbers, or of one that is not finite throws a RangeError and stores nothing of its entries.
 * - When `put` returns, its entries are as safe as this store makes anything, all of them or none. Putting the same again
 *   changes nothing. What is handed in is copied; what is handed out is the caller's.
 * - `nearest` looks at every vector (or proves that it need not), so a true neighbour is only missed within the rounding
 *   of float32. It orders by similarity, and equal ones by key, so that the order does not depend on history. A query of
 *   another length than the store's is a RangeError; an empty store answers any query with nothing.
 * - All calls are synchronous, so that a caller can put them into one transaction with its own rows.
 * - What is not checked: whether a key is the name of the text that the vector was made of, and whether all vectors come
 *   from one model. Both are the caller's.
 */
export interface VectorStore {
  /** Vectors held. */
  count(): number;
  /** The length of the vectors; `undefined` while there are none. */
  dimensions(): number | undefined;
  /** Those of the keys that have no vector, in their order. */
  missing(keys: readonly TextKey[]): TextKey[];
  put(entries: readonly VectorEntry[]): void;
  get(key: TextKey): number[] | undefined;
  /** Keys without a vector are passed over. */
  delete(keys: readonly TextKey[]): void;
  /** All keys, in no order. */
  keys(): TextKey[];
  /** The best `limit` (at least 0), the most similar one first. */
  nearest(query: readonly number[], limit: number): Neighbour[];
}

/** Raises what the contract demands of `put`. */
export function checkEntries(entries: readonly VectorEntry[], dimensions: number | undefined): void {
  let expected = dimensions;
  for (const { vector } of entries) {
    if (vector.length === 0) throw new RangeError("A vector must hold at least one number, got none");
    expected ??= vector.length;
    if (vector.length !== expected) {
      throw new RangeError(
        `All vectors of a store have one length: expected ${expected} numbers, got ${vector.length}`,
      );
    }
    const wrong = vector.findIndex((value) => !Number.isFinite(value));
    if (wrong !== -1)
      throw new RangeError(`Numbers of a vector must be finite, got ${vector[wrong]} at index ${wrong}`);
  }
}

/** The vector with length 1, as float32; one without length stays so. */
export function unitVector(vector: readonly number[]): Float32Array {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]!));
  const unit = new Float32Array(vector.length);
  if (largest === 0) return unit;
  // Scaled first: squares of very large or very small numbers leave the range of a float64.
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += (vector[i]! / largest) ** 2;
  const length = Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) unit[i] = vector[i]! / largest / length;
  return unit;
}

/** Orders neighbours as the contract says. */
export function byNearness(a: Neighbour, b: Neighbour): number {
  return b.similarity - a.similarity || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}
