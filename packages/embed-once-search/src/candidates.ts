/** A row, and the greatest similarity that it may have. */
export interface Candidate {
  row: number;
  highest: number;
}

/** Of many rows, of whose similarity only a bound is known, the given number with the greatest bounds: a binary heap. */
export class Candidates {
  readonly #rows: Uint32Array;
  readonly #bounds: Float32Array;
  #count = 0;
  /** The least bound that is kept; what is not above it is not wanted any more. */
  #least = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#rows = new Uint32Array(most);
    this.#bounds = new Float32Array(most);
  }

  /** A bound of NaN stands for a row that does not exist. */
  offer(row: number, highest: number): void {
    if (!(highest > this.#least)) return;
    if (this.#count < this.#rows.length) this.#rise(this.#count++, row, highest);
    else this.#sink(row, highest);
    if (this.#count === this.#rows.length) this.#least = this.#bounds[0]!;
  }

  /** The one with the greatest bound first. */
  sorted(): Candidate[] {
    return Array.from(this.#rows.subarray(0, this.#count), (row, index) => ({
      row,
      highest: this.#bounds[index]!,
    })).sort((a, b) => b.highest - a.highest || a.row - b.row);
  }

  /** Puts a row at a free place or above it, where its parent's bound is not greater. */
  #rise(place: number, row: number, bound: number): void {
    let at = place;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#bounds[parent]! <= bound) break;
      this.#set(at, this.#rows[parent]!, this.#bounds[parent]!);
      at = parent;
    }
    this.#set(at, row, bound);
  }

  /** Puts a row in the place of the first one, or below it, where its children's bounds are not less. */
  #sink(row: number, bound: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#count) break;
      if (child + 1 < this.#count && this.#bounds[child + 1]! < this.#bounds[child]!) child++;
      if (this.#bounds[child]! >= bound) break;
      this.#set(at, this.#rows[child]!, this.#bounds[child]!);
      at = child;
    }
    this.#set(at, row, bound);
  }

  #set(at: number, row: number, bound: number): void {
    this.#rows[at] = row;
    this.#bounds[at] = bound;
  }
}
