/** Clocks of machines that share vectors differ by a little, and a clock is put right by a little now and then. */
export const CLOCK_TOLERANCE_MS = 5_000;

/**
 * Whether what was stored at a time is too old. What was stored further ahead than clocks differ is: one of the two clocks
 * was wrong, so nobody can say how old it is, and an age is asked for so that nothing older is ever given out.
 */
export function isTooOld(storedMs: number, nowMs: number, ttlMs: number): boolean {
  const ageMs = nowMs - storedMs;
  return ageMs > ttlMs || ageMs < -CLOCK_TOLERANCE_MS;
}
