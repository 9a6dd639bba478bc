const BITS = 32;

/** A set of row numbers, of a `VectorStore` or of chunks: a bit for each, so that a million of them take 125 kB. */
export class RowSet {
  #words = new Uint32Array(32);
  #size = 0;

  constructor(rows: Iterable<number> = []) {
    for (const row of rows) this.add(row);
  }

  /** How many rows are in it. */
  get size(): number {
    return this.#size;
  }

  /** @throws RangeError for what is no whole number from 0 to 2^32 − 1 */
  add(row: number): void {
    if (row >>> 0 !== row) throw new RangeError(`A row is a whole number from 0 to 4294967295, got ${row}`);
    const word = row >>> 5;
    if (word >= this.#words.length) {
      const grown = new Uint32Array(Math.max(2 * this.#words.length, word + 1));
      grown.set(this.#words);
      this.#words = grown;
    }
    const bit = 1 << (row % BITS);
    if ((this.#words[word]! & bit) !== 0) return;
    this.#words[word]! |= bit;
    this.#size++;
  }

  has(row: number): boolean {
    return ((this.#words[row >>> 5] ?? 0) & (1 << (row % BITS))) !== 0;
  }

  /** Whether any row from `first` up to, but not including, `end` is in it; both are multiples of 32. */
  hasAnyOf(first: number, end: number): boolean {
    for (let word = first / BITS; word < end / BITS; word++) if (this.#words[word]) return true;
    return false;
  }
}
