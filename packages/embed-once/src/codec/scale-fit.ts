import { IntervalCover, simplestBetween } from "./interval-cover.ts";
import { kernels } from "./kernel-module.ts";

/**
 * Finding the hidden scale: most hosted models compute in half precision and normalise at the end in float32, so that
 * a vector is `Math.fround(h[i] * s)` with few significand bits in h and one double s.
 *
 * For one value try every significand k that h could have; each gives a small interval for s, which the other values
 * narrow, as each must be an integer multiple of s after an octave shift. An empty interval ends the try, most after
 * one or two values.
 */

/** Half a float32 step of a significand in [1, 2), with a little room for the arithmetic here. */
const HALF_STEP = 2 ** -24 * 1.001;
/** Normalising twice moves a value by up to one further step. */
const TWICE_ROUNDED = 3.1;
/** Half the step of a float16's significand in [1, 2), with a little room. */
const HALF_FLOAT16_STEP = 2 ** -11 * 1.0001;
const SMALLEST_NORMAL_FLOAT16 = 2 ** -14;
const SAMPLES = 40;
/** Values that a scale is chosen by when none reproduces all of them. */
const MAX_COVERED = 512;

const significands = new Float64Array(SAMPLES);
const tolerances = new Float64Array(SAMPLES);
const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** |float32| scaled by a power of two into [1, 2). */
function significandOf(bits: number): number {
  bitsView[0] = (bits & 0x7fffff) | 0x3f800000;
  return floatView[0]!;
}

/**
 * The scale in [1, 2) for which all of the vector's values are close to `h · scale` with h of `precision` significant
 * bits, or undefined. The caller verifies it over the whole vector.
 *
 * @param float32s The values, or for fixed decimals the float32s nearest to them; in the kernels' memory.
 * @param taken How many samples `takeSamples` has taken of these values.
 * @param rounding Half the step of the decimals that the values were rounded to afterwards; 0 for none.
 */
export function fitScale(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  taken: number,
  precision: number,
  rounding: number,
): number | undefined {
  if (taken < 2) return undefined;
  const low = 2 ** (precision - 1);
  const high = 2 * low;
  const first = significands[0]!;
  const ratio = significands[1]! / first;
  const reach = tolerances[0]! / first + tolerances[1]! / significands[1]!;
  const { nextMultiple } = kernels();
  const next = (from: number): number => nextMultiple(from, low, high, ratio, reach);
  for (let k = next(low); k < high; k = next(k + 1)) {
    const scale = narrow(k, low, high, taken);
    if (scale !== undefined) return refine(float32s, float32Bits, count, scale, precision, rounding);
  }
  return undefined;
}

const ANCHORS = 4;
const COARSEST_TOLERANCE = 2 ** -17;
/** Share of the samples that may lie beside the grid. */
const MAX_ASTRAY = 0.35;

/**
 * A scale, up to a power of two, for which most values have 11 significant bits, though not all. Slower than `fitScale`
 * as a single value off the grid decides nothing.
 */
export function fitCommonScale(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  rounding: number,
): number | undefined {
  const taken = takeSamples(float32s, float32Bits, count, rounding);
  // Decimals so coarse that everything lies on some grid of 11 bits tell nothing.
  if (taken < SAMPLES / 2 || tolerances.subarray(0, taken).some((each) => each > COARSEST_TOLERANCE)) return undefined;
  const low = 2 ** 10;
  const high = 2 ** 11;
  const allowed = Math.floor(MAX_ASTRAY * taken);
  for (let anchor = 0; anchor < ANCHORS; anchor++) {
    const first = significands[anchor]!;
    const reach = tolerances[anchor]! / first;
    for (let k = low; k < high; k++) {
      let astray = 0;
      for (let sample = 0; sample < taken && astray <= allowed; sample++) {
        let multiple = (k * significands[sample]!) / first;
        if (multiple >= high) multiple /= 2;
        else if (multiple < low) multiple *= 2;
        const distance = Math.abs(multiple - Math.round(multiple));
        if (distance > multiple * (reach + tolerances[sample]! / significands[sample]!)) astray++;
      }
      if (astray <= allowed) return first / k;
    }
  }
  return undefined;
}

/**
 * The scale in [1, 2) for which all values are `h · scale`, h of `precision` bits, rounded to float16: what a model gives
 * that computes in bfloat16, normalises, and answers in float16. Undefined when there is none.
 */
export function fitRoundedScale(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  precision: number,
): number | undefined {
  const taken = takeSamples(float32s, float32Bits, count, 0);
  if (taken < SAMPLES / 2) return undefined;
  tolerances.fill(HALF_FLOAT16_STEP, 0, taken);
  const low = 2 ** (precision - 1);
  for (let k = low; k < 2 * low; k++) {
    const rough = narrow(k, low, 2 * low, taken);
    const scale = rough && intersectRounded(float32s, float32Bits, count, rough, precision);
    if (scale !== undefined) return normaliseOctave(scale);
  }
  return undefined;
}

/** The simplest scale near `rough` that every value allows. */
function intersectRounded(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  rough: number,
  precision: number,
): number | undefined {
  const splitter = 2 ** (53 - precision) + 1;
  let least = 0;
  let most = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const magnitude = Math.abs(float32s[i]!);
    const octave = HALF_STEPS[(float32Bits[i]! >>> 23) & 255]! * 2 ** 24;
    const tolerance = HALF_FLOAT16_STEP * octave;
    // Subnormal float16s have another step; they are few, and become exceptions.
    if (!(magnitude >= SMALLEST_NORMAL_FLOAT16 && magnitude < 1e30)) continue;
    const value = magnitude / rough;
    const split = value * splitter;
    const grid = split - (split - value);
    least = Math.max(least, (magnitude - tolerance) / grid);
    most = Math.min(most, (magnitude + tolerance) / grid);
    if (least > most) return undefined;
  }
  return most === Number.POSITIVE_INFINITY ? undefined : simplestBetween(least, most);
}

/**
 * Takes values of the upper half: there decimals are the finest, and subnormal float16s do not occur. They stay until
 * the next call. Returns how many.
 */
export function takeSamples(float32s: Float32Array, float32Bits: Uint32Array, count: number, rounding: number): number {
  const threshold = kernels().sumMagnitudes(float32s.byteOffset, count) / count;
  if (!(threshold > 1e-30 && threshold < 1e30)) return 0;
  let taken = 0;
  for (let i = 0; i < count && taken < SAMPLES; i++) {
    const magnitude = Math.abs(float32s[i]!);
    if (magnitude < threshold) continue;
    const significand = significandOf(float32Bits[i]!);
    significands[taken] = significand;
    tolerances[taken] = HALF_STEP * TWICE_ROUNDED + (rounding * significand) / magnitude;
    taken++;
  }
  return taken;
}

/** Narrows the interval of the scale that makes the first sample k; undefined when it becomes empty. */
function narrow(k: number, low: number, high: number, taken: number): number | undefined {
  let least = (significands[0]! - tolerances[0]!) / k;
  let most = (significands[0]! + tolerances[0]!) / k;
  for (let sample = 1; sample < taken; sample++) {
    let significand = significands[sample]!;
    let tolerance = tolerances[sample]!;
    const middle = (least + most) / 2;
    let multiple = significand / middle;
    const octave = multiple < low - 0.25 ? 2 : multiple >= high - 0.25 ? 0.5 : 1;
    significand *= octave;
    tolerance *= octave;
    multiple = Math.round(multiple * octave);
    least = Math.max(least, (significand - tolerance) / multiple);
    most = Math.min(most, (significand + tolerance) / multiple);
    if (least > most) return undefined;
  }
  return (least + most) / 2;
}

/** 2^-24 times the power of two at or below a float32, by its exponent field: half its step. */
const HALF_STEPS: Float64Array = Float64Array.from({ length: 256 }, (_, field) => 2 ** (field - 127 - 24));

/**
 * How far the unrounded number may lie from a float32, or from the float32 nearest to its decimals: those name it as long
 * as their step is the finer one.
 */
export function toleranceOf(float32Bits: number, rounding: number): number {
  const halfStep = HALF_STEPS[(float32Bits >>> 23) & 255]!;
  return rounding < halfStep ? halfStep : 2 * halfStep + rounding;
}

/**
 * From a rough scale to the one that reproduces the most values exactly; in [1, 2).
 *
 * Each value bounds the scale by the ends of the interval that rounds to it, over its grid value. Most values allow all
 * that the earlier ones have left, which a multiplication tells.
 */
function refine(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  rough: number,
  precision: number,
  rounding: number,
): number {
  // Adding and subtracting h · 2^(53 − p) rounds h to p bits (Veltkamp's splitting).
  const splitter = 2 ** (53 - precision) + 1;
  const perRough = 1 / rough;
  let least = rough * (1 - 2 ** -20);
  let most = rough * (1 + 2 ** -20);
  let middle = rough;
  let reach = most - middle;
  const { nextBeyond } = kernels();
  const next = (from: number): number =>
    nextBeyond(float32s.byteOffset, from, count, perRough, splitter, middle, reach, rounding);
  for (let i = next(0); i < count; i = next(i + 1)) {
    const magnitude = Math.abs(float32s[i]!);
    const value = magnitude * perRough;
    const split = value * splitter;
    const grid = split - (split - value);
    const tolerance = toleranceOf(float32Bits[i]!, rounding);
    const distance = Math.abs(magnitude - grid * middle);
    // Off the grid, or on no step that decimals still tell: an exception, which must not speak here.
    if (distance > 4 * tolerance + grid * reach || tolerance > 0.002 * magnitude) continue;
    const from = (magnitude - tolerance) / grid;
    const to = (magnitude + tolerance) / grid;
    if (from > least) least = from;
    if (to < most) most = to;
    if (least > most) return normaliseOctave(bestCovered(float32s, float32Bits, count, splitter, rounding, middle));
    middle = (least + most) / 2;
    reach = most - middle;
  }
  return normaliseOctave(simplestBetween(least, most));
}

/** No scale reproduces all values: the one that reproduces the most of some hundred. */
function bestCovered(
  float32s: Float32Array,
  float32Bits: Uint32Array,
  count: number,
  splitter: number,
  rounding: number,
  scale: number,
): number {
  const cover = new IntervalCover();
  for (let i = 0; i < Math.min(count, MAX_COVERED); i++) {
    const magnitude = Math.abs(float32s[i]!);
    const value = magnitude / scale;
    const split = value * splitter;
    const grid = split - (split - value);
    const tolerance = toleranceOf(float32Bits[i]!, rounding);
    if (!(Math.abs(magnitude - grid * scale) <= 4 * tolerance && tolerance <= 0.002 * magnitude)) continue;
    cover.add((magnitude - tolerance) / grid, (magnitude + tolerance) / grid);
  }
  return cover.simplest() ?? scale;
}

/** A positive number times the power of two that brings it into [1, 2). */
export function normaliseOctave(scale: number): number {
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) throw new RangeError(`A scale is positive; got ${scale}.`);
  let normalised = scale;
  while (normalised >= 2) normalised /= 2;
  while (normalised < 1) normalised *= 2;
  return normalised;
}
