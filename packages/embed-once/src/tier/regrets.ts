/** The budget's bytes for each slot of two: more slots than there are entries, of all but the smallest. */
const BUDGET_PER_SLOT = 256;
const LEAST_SLOTS = 16;

/**
 * Notices when a tier keeps evicting what is wanted again.
 *
 * SIEVE's hand can come to rest among the newest entries: each new one is evicted before it is asked for a second time,
 * while older ones that nobody wants any more lie behind the hand for ever. What was hot before then stays, and what is
 * hot now never comes in. When half of a tier's worth of new entries had been evicted shortly before, the hand has to
 * start over at the oldest.
 */
export class Regrets {
  /** Half of each evicted key's hash, in the slot that the other half names. */
  readonly #evicted: Uint16Array;
  #entered = 0;
  #regretted = 0;

  constructor(budgetBytes: number) {
    this.#evicted = new Uint16Array(slotCount(budgetBytes));
  }

  /** What remembering takes for a tier of that budget; a part of it. */
  static bytes(budgetBytes: number): number {
    return Uint16Array.BYTES_PER_ELEMENT * slotCount(budgetBytes);
  }

  evicted(hash: number): void {
    this.#evicted[this.#slotOf(hash)] = hash >>> 16;
  }

  /**
   * Counts an entry that comes in.
   *
   * @param size Entries of the tier.
   * @returns Whether the hand should start over.
   */
  entered(hash: number, size: number): boolean {
    const slot = this.#slotOf(hash);
    if (this.#evicted[slot] === hash >>> 16) {
      this.#evicted[slot] = 0;
      this.#regretted++;
    }
    if (++this.#entered < size) return false;
    const startsOver = 2 * this.#regretted >= this.#entered;
    this.#entered = 0;
    this.#regretted = 0;
    return startsOver;
  }

  #slotOf(hash: number): number {
    return hash & (this.#evicted.length - 1);
  }
}

function slotCount(budgetBytes: number): number {
  return Math.max(LEAST_SLOTS, 2 ** Math.floor(Math.log2(Math.max(1, budgetBytes / BUDGET_PER_SLOT))));
}

/** A hash of a key's words, 32 bits, good for keys that are no hashes, too. */
export function hashWords(words: Int32Array, start: number, end: number): number {
  let hash = 0x9e3779b9;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b);
    // A product's low bits know nothing of the high ones.
    hash ^= hash >>> 15;
  }
  return hash;
}
