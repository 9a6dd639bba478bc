/** On average one in 16.5 is chosen. */
const MAX_GAP = 32;

/**
 * Chooses about one in 16 at random, so that nothing that recurs regularly is always or never chosen. What asking
 * costs: `npm run bench:statistics`.
 */
export class Sampler {
  #state = 0x9e3779b9;
  /** The first lookups pay for loading and compiling, which says nothing of the others. */
  #remaining = MAX_GAP;

  isChosen(): boolean {
    if (--this.#remaining > 0) return false;
    // Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003).
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#remaining = 1 + (this.#state & (MAX_GAP - 1));
    return true;
  }
}
