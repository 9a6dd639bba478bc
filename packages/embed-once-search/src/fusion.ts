/** One way to order candidates: the score may be in any unit, more is better. */
export interface Scored<Candidate> {
  candidate: Candidate;
  score: number;
}

/** The constant of the method's paper: how little the first places differ. */
const RANK_CONSTANT = 60;

/**
 * Joins rankings of which each knows something else, by reciprocal rank fusion: Cormack, Clarke and Büttcher, Reciprocal
 * Rank Fusion outperforms Condorcet and individual Rank Learning Methods, SIGIR 2009. Only places count, so scores of
 * different units need no common scale. Candidates with equal scores share a place.
 *
 * @returns for each candidate 0 to 1: 1 for the first place in every ranking, 1/n for the first place in one of n
 * rankings and none in the others; from place to place it falls by 1/61 and less
 */
export function fuse<Candidate>(rankings: readonly (readonly Scored<Candidate>[])[]): Map<Candidate, number> {
  const fused = new Map<Candidate, number>();
  for (const ranking of rankings) {
    const ordered = ranking.toSorted((a, b) => b.score - a.score);
    let place = 0;
    for (const [index, { candidate, score }] of ordered.entries()) {
      if (index === 0 || score !== ordered[index - 1]!.score) place = index;
      const share = (RANK_CONSTANT + 1) / (RANK_CONSTANT + 1 + place) / rankings.length;
      fused.set(candidate, (fused.get(candidate) ?? 0) + share);
    }
  }
  return fused;
}
