/** BM25's usual constants. */
const K1 = 1.2;
const B = 0.75;

/**
 * The baseline: BM25 (Robertson and Zaragoza, 2009) over runs of letters, digits and underscores in lower case. It knows
 * nothing of identifiers, grammar, paths or files.
 */
export class PlainBm25 {
  readonly #postings = new Map<string, { document: number; count: number }[]>();
  readonly #lengths: number[] = [];

  constructor(texts: readonly string[]) {
    for (const [document, text] of texts.entries()) {
      const counts = new Map<string, number>();
      const tokens = plainTokens(text);
      for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
      for (const [token, count] of counts) {
        const postings = this.#postings.get(token);
        if (postings === undefined) this.#postings.set(token, [{ document, count }]);
        else postings.push({ document, count });
      }
      this.#lengths.push(tokens.length);
    }
  }

  /** @returns for each text with one of the question's words its index and score, best first */
  search(question: string): { document: number; score: number }[] {
    const documents = this.#lengths.length;
    const average = this.#lengths.reduce((sum, length) => sum + length, 0) / documents;
    const scores = new Map<number, number>();
    for (const token of new Set(plainTokens(question))) {
      const postings = this.#postings.get(token) ?? [];
      const rarity = Math.log(1 + (documents - postings.length + 0.5) / (postings.length + 0.5));
      for (const { document, count } of postings) {
        const length = 1 - B + (B * this.#lengths[document]!) / average;
        const score = (rarity * count * (K1 + 1)) / (count + K1 * length);
        scores.set(document, (scores.get(document) ?? 0) + score);
      }
    }
    return Array.from(scores, ([document, score]) => ({ document, score })).sort((a, b) => b.score - a.score);
  }
}

function plainTokens(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}
