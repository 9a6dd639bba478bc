import { isTooOld } from "../tier/entry-age.ts";

/** A vector with a smaller part of its time left is not taken into memory, so that memory lasts at least this long. */
const LEAST_PART_LEFT = 1 / 8;

/**
 * Says when the tiers in memory must be emptied so that nothing too old is served from them: as soon as the oldest vector
 * that was taken in since the last time has had its time, or the clock was set back behind the newest. That costs a look
 * at the clock for each batch, and no room for ages; vectors on disk have theirs beside them and come back by the next
 * hit.
 */
export class MemoryAge {
  readonly #ttlMs: number;
  /** Of what was taken in, where anything was. */
  #taken: { oldestMs: number; newestMs: number } | undefined;

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  /** Whether a vector that was stored then may be taken into memory; if so, it is reckoned with. */
  admits(storedMs: number, nowMs: number = Date.now()): boolean {
    if (isTooOld(storedMs, nowMs, this.#ttlMs * (1 - LEAST_PART_LEFT))) return false;
    const { oldestMs, newestMs } = this.#taken ?? { oldestMs: storedMs, newestMs: storedMs };
    this.#taken = { oldestMs: Math.min(oldestMs, storedMs), newestMs: Math.max(newestMs, storedMs) };
    return true;
  }

  /** Whether memory must be emptied now; if so, it is taken for empty from here on. */
  isOver(nowMs: number = Date.now()): boolean {
    if (!this.#taken) return false;
    const { oldestMs, newestMs } = this.#taken;
    if (!isTooOld(oldestMs, nowMs, this.#ttlMs) && !isTooOld(newestMs, nowMs, this.#ttlMs)) return false;
    this.#taken = undefined;
    return true;
  }
}
