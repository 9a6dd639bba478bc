/** One way to order candidates: more is better. */
export interface Ranking<Candidate> {
  /** 0 and more: what each candidate is worth; a candidate that is not among them is worth nothing. */
  scores: ReadonlyMap<Candidate, number>;
  /** What the ranking says counts so much beside the others. */
  weight: number;
}

/**
 * Joins rankings that measure different things: each one's scores are divided by its best, so that each says "how good
 * beside the best of my kind", then averaged by weight. Bruch, Gai and Ingber, An Analysis of Fusion Functions for Hybrid
 * Retrieval, 2023, find such a sum better than one of reciprocal ranks, which forgets by how much a place was won.
 *
 * The result is then scaled by the weighted average of the best scores themselves, so that it also tells how good the
 * best are.
 *
 * @returns for each candidate 0 to the highest score that came in; rankings without candidates have no say
 */
export function fuse<Candidate>(rankings: readonly Ranking<Candidate>[]): Map<Candidate, number> {
  const fused = new Map<Candidate, number>();
  const speaking = rankings
    .map(({ scores, weight }) => ({ scores, weight, best: highest(scores) }))
    .filter(({ best, weight }) => best > 0 && weight > 0);
  const total = speaking.reduce((sum, { weight }) => sum + weight, 0);
  const strength = speaking.reduce((sum, { weight, best }) => sum + weight * best, 0) / total;
  for (const { scores, weight, best } of speaking) {
    for (const [candidate, score] of scores) {
      const share = (strength * weight * score) / (best * total);
      fused.set(candidate, (fused.get(candidate) ?? 0) + share);
    }
  }
  return fused;
}

/** There may be more scores than a call takes arguments. */
function highest(scores: ReadonlyMap<unknown, number>): number {
  let best = 0;
  for (const score of scores.values()) best = Math.max(best, score);
  return best;
}
