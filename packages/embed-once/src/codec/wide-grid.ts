import { IntervalCover } from "./interval-cover.ts";
import { fitCommonScale, normaliseOctave, toleranceOf } from "./scale-fit.ts";
import { fitStep } from "./step-fit.ts";

/**
 * Grids of wider significands. A mean over a few half-precision vectors is an integer of many different widths, divided
 * by their count in float32 and normalised in float32 once more: `fround(fround(h / divisor) * scale)`.
 */
export interface Grid {
  /** In [1, 2). */
  readonly scale: number;
  /** 1 for most; the count of vectors of which h is the sum, as far as it is not a power of two. */
  readonly divisor: number;
  /** Significand bits of h. */
  readonly precision: number;
  /** h is a multiple of 2^floorExponent; undefined when only its precision is bounded. */
  readonly floorExponent: number | undefined;
  /** Values off the grid are still multiples of 2^stepExponent, most of them; undefined when there is no such step. */
  readonly stepExponent?: number;
  /** Whether the float32s were rounded to float16 in the end. */
  readonly isFloat16?: boolean;
}

const DIVISORS = [1, 3, 5, 7, 9, 11, 13, 15] as const;
/** Values that choose the divisor, and then the scale. */
const MAX_COMPARED = 128;
const MAX_COVERED = 1024;
/** The largest value's k lies below 2^this. */
const LARGEST_EXPONENT = 19;
/** Stands for the width of a value that no multiple of the step explains. */
const OFF_GRID = 31;
/** What a value off the grid costs beside the bits that it lacks: its place, and the length of its difference. */
const PLACE_BITS = 8;

/** @param rounding Half the step of the decimals that the float32s were rounded to afterwards; 0 for none. */
export function fitWideGrid(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  rounding: number,
): Grid | undefined {
  const step =
    rounding === 0
      ? fitStep(sortedMagnitudes(float32s, count))
      : stepOfScale(fitCommonScale(float32s, float32Bits, count, rounding), float32s, count);
  if (step === undefined || !(step > 1e-37 && step < 1e30)) return undefined;
  const { divisor, scale: wholeScale } = chooseDivisor(float32s, float32Bits, count, step, rounding);
  const scale = normaliseOctave(wholeScale);
  const shape = cheapestShape(float32s, float32Bits, count, wholeScale / divisor, rounding);
  const stepExponent = Math.round(Math.log2(wholeScale / scale));
  return { scale, divisor, precision: shape.precision, floorExponent: shape.floor + stepExponent, stepExponent };
}

function sortedMagnitudes(float32s: Float32Array, count: number): Float32Array {
  const magnitudes = new Float32Array(count);
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const magnitude = Math.abs(float32s[i]!);
    if (magnitude > 1e-30 && magnitude < 1e30) magnitudes[taken++] = magnitude;
  }
  return magnitudes.subarray(0, taken).sort();
}

/** The scale divided by a power of two so that the largest value has 17 bits. */
function stepOfScale(scale: number | undefined, float32s: Float32Array, count: number): number | undefined {
  if (scale === undefined) return undefined;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const magnitude = Math.abs(float32s[i]!);
    // An infinity or a NaN is an exception, whatever the grid.
    if (magnitude > largest && magnitude < 1e30) largest = magnitude;
  }
  return scale * 2 ** (Math.floor(Math.log2(largest / scale)) - 16);
}

/** Tries each divisor: under the right one the most values agree on one scale. */
function chooseDivisor(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  step: number,
  rounding: number,
): { divisor: number; scale: number } {
  let best = 1;
  let leastAstray = Number.POSITIVE_INFINITY;
  for (const divisor of DIVISORS) {
    const { astray } = coveredScale(float32s, float32Bits, Math.min(count, MAX_COMPARED), step, divisor, rounding);
    // Half as many: chance favours one divisor or another by a few values.
    if (2 * astray < leastAstray) {
      leastAstray = astray;
      best = divisor;
    }
    if (astray === 0) break;
  }
  const { scale } = coveredScale(float32s, float32Bits, Math.min(count, MAX_COVERED), step, best, rounding);
  return { divisor: best, scale };
}

/** The scale on which the most values agree under a divisor, and how many do not. */
function coveredScale(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  step: number,
  divisor: number,
  rounding: number,
): { scale: number; astray: number } {
  const cover = new IntervalCover();
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const magnitude = Math.abs(float32s[i]!);
    const k = Math.round(magnitude / step);
    const tolerance = toleranceOf(float32Bits[i]!, rounding);
    // Said so that an infinity and a NaN are left out too.
    if (!(k > 0 && Math.abs(magnitude - k * step) <= 6 * tolerance && tolerance <= 0.001 * magnitude)) continue;
    const divided = Math.fround(k / divisor);
    taken++;
    cover.add((magnitude - tolerance) / divided, (magnitude + tolerance) / divided);
  }
  return { scale: cover.simplest() ?? step * divisor, astray: taken - cover.depth };
}

/** Precision and floor (the exponent of k's step) under which values and exceptions together cost least. */
function cheapestShape(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  step: number,
  rounding: number,
): { precision: number; floor: number } {
  const needed = new Uint32Array((LARGEST_EXPONENT + 1) * 32);
  const octaves = new Uint32Array(LARGEST_EXPONENT + 1);
  for (let i = 0; i < count; i++) {
    const magnitude = Math.abs(float32s[i]!);
    const k = Math.round(magnitude / step);
    if (!(k > 0 && k < 2 ** (LARGEST_EXPONENT + 1))) continue;
    const exponent = 31 - Math.clz32(k);
    const tolerance = toleranceOf(float32Bits[i]!, rounding);
    const isOnGrid = Math.abs(magnitude - k * step) <= 4 * tolerance;
    const width = isOnGrid ? exponent - (31 - Math.clz32(k & -k)) : OFF_GRID;
    needed[32 * exponent + width]!++;
    octaves[exponent]!++;
  }
  let best = { precision: LARGEST_EXPONENT, floor: 0 };
  let leastBits = Number.POSITIVE_INFINITY;
  for (let floor = 0; floor <= 12; floor++) {
    for (let precision = 6; precision <= LARGEST_EXPONENT; precision++) {
      let bits = 0;
      for (let exponent = 0; exponent <= LARGEST_EXPONENT; exponent++) {
        const width = Math.max(0, Math.min(precision - 1, exponent - floor));
        bits += octaves[exponent]! * width;
        if (octaves[exponent] === 0) continue;
        for (let wider = width + 1; wider <= LARGEST_EXPONENT; wider++) {
          bits += needed[32 * exponent + wider]! * (PLACE_BITS + wider - width);
        }
        bits += needed[32 * exponent + OFF_GRID]! * (PLACE_BITS + 25 - width);
      }
      if (bits < leastBits) {
        leastBits = bits;
        best = { precision, floor };
      }
    }
  }
  return best;
}
