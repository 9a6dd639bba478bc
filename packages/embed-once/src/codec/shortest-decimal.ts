/**
 * The float64 nearest to the shortest decimal that names a float32: what a provider's JSON holds when its server wrote
 * float32s. The shortest decimal has the smallest p in 1 to 9 digits for which the float32, rounded to p digits,
 * parses back to the same float32. Everything stays in exactly rounded float64 arithmetic: `f · 10^q` is below 2^30, a
 * power of ten up to 10^22 is exact, so `k / 10^q` is the double nearest to the decimal.
 */

const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Adding and subtracting 2^52 rounds a smaller positive float64 to an integer, ties to even. */
const TWO_TO_52 = 2 ** 52;

/** 10^`exponent` for 0 to 22, where it is exact. */
export function powerOfTen(exponent: number): number {
  return POWERS_OF_TEN[exponent]!;
}

/** @param tiesUp How an exact tie between two decimals is broken: upward as JavaScript does, or to even as servers do. */
function roundToInteger(value: number, tiesUp: boolean): number {
  return tiesUp ? Math.floor(value + 0.5) : value + TWO_TO_52 - TWO_TO_52;
}

/** `value` rounded to that many decimals, ties to even. Exact for |value · 10^decimals| below 2^52. */
export function roundToDecimals(value: number, decimals: number): number {
  const power = powerOfTen(decimals);
  const magnitude = (Math.abs(value) * power + TWO_TO_52 - TWO_TO_52) / power;
  return value < 0 || Object.is(value, -0) ? -magnitude : magnitude;
}

/**
 * Shortest decimal of one float32 as a float64. Zeros, infinities and NaN, and magnitudes so small or large that a
 * power of ten beyond 10^22 would be needed, come back as they are.
 */
export function shortestDecimal(float32: number, tiesUp: boolean): number {
  const magnitude = Math.abs(float32);
  if (!(magnitude >= 1e-13 && magnitude < 1e22)) return float32;
  const decade = decadeOf(magnitude);
  let shortest = magnitude;
  for (let digits = 9; digits >= 1; digits--) {
    const decimals = digits - 1 - decade;
    const power = powerOfTen(Math.abs(decimals));
    const integer = roundToInteger(decimals >= 0 ? magnitude * power : magnitude / power, tiesUp);
    const candidate = decimals >= 0 ? integer / power : integer * power;
    if (Math.fround(candidate) !== magnitude) break;
    shortest = candidate;
  }
  return float32 < 0 ? -shortest : shortest;
}

/** The largest d with 10^d ≤ magnitude, for magnitudes from 1e-13 to 1e22. */
function decadeOf(magnitude: number): number {
  let decade = Math.floor(Math.log10(magnitude));
  if (decade >= 0 ? magnitude < powerOfTen(decade) : magnitude * powerOfTen(-decade) < 1) decade--;
  const next = decade + 1;
  if (next >= 0 ? magnitude >= powerOfTen(next) : magnitude * powerOfTen(-next) >= 1) decade++;
  return decade;
}
