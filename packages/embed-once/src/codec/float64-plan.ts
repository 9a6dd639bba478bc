import type { GridPlan } from "./grid-encoder.ts";
import type { Numbers } from "./number-form.ts";
import { ZERO_EXPONENT } from "./octave-coder.ts";
import { powerOfTen } from "./shortest-decimal.ts";

/** Plans for vectors of float64s: as they are, or as integers of a power of ten. */

const FULL_PRECISION = 53;

let gridValues = new Float64Array(0);
let gridWords = new Uint32Array(0);

/** @param decimals When given, the grid holds round(value · 10^decimals), else the value itself. */
export function planFloat64(numbers: Numbers, decimals: number | undefined): GridPlan {
  const { count, memory } = numbers;
  const { exact, exponents, fractions, lowFractions } = memory;
  if (gridValues.length < count) {
    gridValues = new Float64Array(count);
    gridWords = new Uint32Array(gridValues.buffer);
  }
  if (decimals === undefined) {
    gridValues.set(exact.subarray(0, count));
  } else {
    const power = powerOfTen(decimals);
    for (let i = 0; i < count; i++) gridValues[i] = Math.round(exact[i]! * power);
  }
  let lowAny = 0;
  let highAny = 0;
  let lost = 0;
  for (let i = 0; i < count; i++) {
    const high = gridWords[2 * i + 1]!;
    const low = gridWords[2 * i]!;
    const biased = (high >>> 20) & 0x7ff;
    // Zeros, and what has no normal significand: subnormals, infinities and NaN become exceptions.
    const isNormal = biased !== 0 && biased !== 0x7ff;
    exponents[i] = isNormal ? biased - 1023 : ZERO_EXPONENT;
    fractions[i] = isNormal ? (high << 12) | (low >>> 20) : 0;
    lowFractions[i] = isNormal ? low << 12 : 0;
    if (!isNormal && gridValues[i] !== 0) lost++;
    lowAny |= lowFractions[i]!;
    highAny |= fractions[i]!;
  }
  const zeros = trailingZeros(lowAny) < 32 ? trailingZeros(lowAny) : 32 + trailingZeros(highAny);
  return {
    memory,
    count,
    lost,
    isLowZero: lowAny === 0,
    // 64 fraction bits, the last 12 of which are always zero.
    precision: Math.min(FULL_PRECISION, 65 - Math.min(64, zeros)),
    floorExponent: decimals === undefined ? undefined : 0,
    scale: 1,
    divisor: 1,
    isFloat16: false,
    corrections: undefined,
    fine: undefined,
    near: undefined,
    sums: undefined,
  };
}

function trailingZeros(word: number): number {
  return word === 0 ? 32 : 31 - Math.clz32(word & -word);
}
