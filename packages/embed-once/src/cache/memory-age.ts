/** A vector with a smaller part of its time left is not taken into memory, so that memory lasts at least this long. */
const LEAST_PART_LEFT = 1 / 8;

/**
 * Says when the tiers in memory must be emptied so that nothing too old is served from them: as soon as the oldest vector
 * that was taken in since the last time has had its time. That costs a look at the clock for each batch, and no room for
 * ages; vectors on disk have theirs beside them and come back by the next hit.
 */
export class MemoryAge {
  readonly #ttlMs: number;
  #oldestMs: number = Number.POSITIVE_INFINITY;

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  /** Whether a vector that was stored then may be taken into memory; if so, it is reckoned with. */
  admits(storedMs: number, nowMs: number = Date.now()): boolean {
    if (nowMs - storedMs > this.#ttlMs * (1 - LEAST_PART_LEFT)) return false;
    this.#oldestMs = Math.min(this.#oldestMs, storedMs);
    return true;
  }

  /** Whether memory must be emptied now; if so, it is taken for empty from here on. */
  isOver(nowMs: number = Date.now()): boolean {
    if (!(nowMs - this.#oldestMs > this.#ttlMs)) return false;
    this.#oldestMs = Number.POSITIVE_INFINITY;
    return true;
  }
}
