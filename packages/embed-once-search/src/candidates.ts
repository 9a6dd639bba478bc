/** A row, and the greatest similarity that it may have. */
export interface Candidate {
  row: number;
  highest: number;
}

/** Candidates between two clearings. */
const ROOM = 512;

/**
 * Keeps of many rows, of whose similarity only bounds are known, those that may be among the best `limit`: a row is out
 * when `limit` others are certain to be better.
 */
export class Candidates {
  readonly #limit: number;
  #rows: number[] = [];
  #lowest: number[] = [];
  #highest: number[] = [];
  /** The similarity that `limit` rows have for certain. */
  #threshold = Number.NEGATIVE_INFINITY;
  #clearAt: number;

  /** @param limit at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
    this.#clearAt = limit + ROOM;
  }

  /** Bounds that are NaN stand for a row that does not exist. */
  offer(row: number, lowest: number, highest: number): void {
    if (!(highest >= this.#threshold)) return;
    this.#rows.push(row);
    this.#lowest.push(lowest);
    this.#highest.push(highest);
    if (this.#rows.length === this.#clearAt) this.#clear();
  }

  /** Those that are left, the one with the greatest bound first. */
  sorted(): Candidate[] {
    this.#clear();
    return this.#rows
      .map((row, index) => ({ row, highest: this.#highest[index]! }))
      .sort((a, b) => b.highest - a.highest || a.row - b.row);
  }

  /** What is dropped was below the threshold, so the rest alone tells the next one. */
  #clear(): void {
    if (this.#rows.length >= this.#limit) {
      this.#threshold = Float64Array.from(this.#lowest).sort().at(-this.#limit)!;
    }
    let kept = 0;
    for (let index = 0; index < this.#rows.length; index++) {
      if (this.#highest[index]! < this.#threshold) continue;
      this.#rows[kept] = this.#rows[index]!;
      this.#lowest[kept] = this.#lowest[index]!;
      this.#highest[kept] = this.#highest[index]!;
      kept++;
    }
    for (const column of [this.#rows, this.#lowest, this.#highest]) column.length = kept;
    // Each clearing is paid by as many offers that were accepted.
    this.#clearAt = 2 * kept + ROOM;
  }
}
