import type { VerificationOutcome } from "../statistics/statistics.ts";

const JITTER_COSINE = 0.999;

/** Compares a stored vector with one that was made anew from the same text. */
export function compareVectors(
  stored: readonly number[],
  fresh: readonly number[],
): { outcome: VerificationOutcome; cosine: number } {
  if (stored.length !== fresh.length) return { outcome: "changed", cosine: 0 };
  let [dot, storedSquares, freshSquares, same] = [0, 0, 0, true];
  for (let i = 0; i < stored.length; i++) {
    const [a, b] = [stored[i]!, fresh[i]!];
    dot += a * b;
    storedSquares += a * a;
    freshSquares += b * b;
    same &&= Object.is(a, b);
  }
  if (same) return { outcome: "same", cosine: 1 };
  const cosine = dot / Math.sqrt(storedSquares * freshSquares) || 0;
  return { outcome: cosine > JITTER_COSINE ? "jitter" : "changed", cosine };
}
