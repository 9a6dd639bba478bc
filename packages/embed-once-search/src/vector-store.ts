import type { RowSet } from "./row-set.ts";

/** The name of a text: its SHA-256 as 64 hexadecimal digits. Nothing of the text can be read from it. */
export type TextKey = string;

export interface VectorEntry {
  key: TextKey;
  vector: readonly number[];
}

export interface Neighbour {
  key: TextKey;
  /** Cosine of the angle to the query as a float32, −1 to 1 but for rounding; 0 where either vector has no length. */
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
 * - `nearest` considers every vector, and gives exact similarities, rounded to float32. It may miss a true neighbour that
 *   is about as near as the last one of the answer: with a chance of less than 1 in 1,000 as long as few are, more often
 *   where hundreds are, of which some have to be left out anyway. It never does so for the order in which vectors came,
 *   for who wrote them, for how they are made, or for whom the answer is confined to.
 * - `nearest` orders by similarity, and equal ones by key, so that the order does not depend on history. A query of another
 *   length than the store's, or with a number that is not finite, is a RangeError, as is a limit that is no whole number
 *   of at least 0; an empty store answers any query with nothing.
 * - With `among`, `nearest` answers as a store would that holds those rows' vectors only.
 * - Every vector has a row, a whole number from 0 on, which it keeps until it is deleted, also when its key is put again.
 *   Another vector may have the row afterwards, so ask for rows and for `nearest` in one transaction or snapshot.
 * - All calls are synchronous, so that a caller can put them into one transaction with its own rows. What they see is what
 *   the transaction sees, of others too, and nothing of one that was rolled back.
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
  /** The rows of these keys' vectors. Keys without a vector are passed over. */
  rowsOf(keys: Iterable<TextKey>): RowSet;
  /** The best `limit` of all, or of those in `among`, the most similar one first. */
  nearest(query: readonly number[], limit: number, among?: RowSet): Neighbour[];
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

/** Raises what the contract demands of `nearest`. */
export function checkQuery(query: readonly number[], limit: number, dimensions: number): void {
  if (!Number.isInteger(limit) || limit < 0) {
    throw new RangeError(`limit must be a whole number of at least 0, got ${limit}`);
  }
  if (query.length !== dimensions) {
    throw new RangeError(
      `The query must have the vectors' length: expected ${dimensions} numbers, got ${query.length}`,
    );
  }
  const wrong = query.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) throw new RangeError(`Numbers of a query must be finite, got ${query[wrong]} at index ${wrong}`);
}

/** The vector with length 1; one without length stays so. */
export function unitVector(vector: ArrayLike<number>): Float64Array {
  const unit = new Float64Array(vector.length);
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]!));
  if (largest === 0) return unit;
  // Scaled first: squares of very large or very small numbers leave the range of a float64.
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += (vector[i]! / largest) ** 2;
  const length = Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) unit[i] = vector[i]! / largest / length;
  return unit;
}

/** Squares of lengths between these are far from where a float64 loses digits or has no room. */
const LEAST_SQUARES = 1e-200;
const MOST_SQUARES = 1e200;

/** The similarity of a vector of length 1 to another vector, rounded to float32; 0 where either has no length. */
export function cosine(unit: Float64Array, vector: Float64Array): number {
  let product = 0;
  let squares = 0;
  for (let i = 0; i < unit.length; i++) {
    product += unit[i]! * vector[i]!;
    squares += vector[i]! * vector[i]!;
  }
  if (squares > LEAST_SQUARES && squares < MOST_SQUARES) return roundSimilarity(product / Math.sqrt(squares));
  const scaled = unitVector(vector);
  product = 0;
  for (let i = 0; i < unit.length; i++) product += unit[i]! * scaled[i]!;
  return roundSimilarity(product);
}

function roundSimilarity(value: number): number {
  return Math.fround(value) + 0; // a similarity of −0 would only look like another one
}

/** Orders neighbours as the contract says. */
export function byNearness(a: Neighbour, b: Neighbour): number {
  return b.similarity - a.similarity || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}
