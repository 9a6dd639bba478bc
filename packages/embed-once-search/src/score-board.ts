/** Ids of one block; a power of two. */
const BLOCK_SIZE = 4096;

/**
 * Sums by chunk id, for lists of ids in ascending order. Ids grow with an index's history and leave gaps, so the sums lie
 * in blocks that are made when they are needed: less time than a `Map` takes, and no memory for what is long gone.
 */
export class ScoreBoard {
  readonly #blocks = new Map<number, Block>();
  #size = 0;

  /** How many ids have a sum. */
  get size(): number {
    return this.#size;
  }

  /** Takes all sums back. Blocks that had some are kept: new ones take longer than the adding. */
  clear(): void {
    this.#size = 0;
    for (const [number, block] of this.#blocks) {
      if (!block.isUsed) this.#blocks.delete(number);
      else {
        block.isUsed = false;
        block.scores.fill(0);
        block.terms.fill(0);
      }
    }
  }

  /**
   * Adds `score` to each id that `isAllowed`, at most once for each `term` (0 to 31): the first, so lists come best first.
   */
  add(ids: readonly number[], term: number, score: number, isAllowed?: (id: number) => boolean): void {
    const bit = 1 << term;
    let number = -1;
    let block: Block | undefined;
    for (const id of ids) {
      if (isAllowed !== undefined && !isAllowed(id)) continue;
      const wanted = Math.floor(id / BLOCK_SIZE);
      if (wanted !== number || block === undefined) {
        number = wanted;
        block = this.#block(number);
      }
      const at = id % BLOCK_SIZE;
      const before = block.terms[at]!;
      if ((before & bit) !== 0) continue;
      if (before === 0) this.#size++;
      block.terms[at]! |= bit;
      block.scores[at]! += score;
    }
  }

  /**
   * The `limit` best ids, the best first, and all that are as good as the last of them: which of these have the lower ids
   * depends on the index's history, which no answer should.
   */
  best(limit: number): { id: number; score: number }[] {
    let kept: { id: number; score: number }[] = [];
    let threshold = 0;
    const cut = (): void => {
      kept.sort((a, b) => b.score - a.score);
      threshold = kept[limit - 1]?.score ?? 0;
      kept = kept.filter(({ score }) => score >= threshold);
    };
    let cutAt = 2 * limit;
    for (const [number, { scores, terms, isUsed }] of this.#blocks) {
      if (!isUsed) continue;
      for (let at = 0; at < BLOCK_SIZE; at++) {
        if (terms[at] === 0 || scores[at]! < threshold) continue;
        kept.push({ id: number * BLOCK_SIZE + at, score: scores[at]! });
        if (kept.length < cutAt) continue;
        cut();
        cutAt = 2 * Math.max(limit, kept.length);
      }
    }
    cut();
    return kept;
  }

  #block(number: number): Block {
    let block = this.#blocks.get(number);
    if (block === undefined) {
      block = { scores: new Float32Array(BLOCK_SIZE), terms: new Int32Array(BLOCK_SIZE), isUsed: true };
      this.#blocks.set(number, block);
    }
    block.isUsed = true;
    return block;
  }
}

interface Block {
  scores: Float32Array;
  /** One bit for each term that has scored. */
  terms: Int32Array;
  /** Whether there are sums in it since it was cleared. */
  isUsed: boolean;
}
