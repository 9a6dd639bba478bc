import type { Corrections } from "./corrections.ts";
import type { EncoderMemory } from "./encoder-memory.ts";
import { chooseTableFor, type GridPlan, valueBits } from "./grid-encoder.ts";
import { MAX_CORRECTED_PRECISION, MIN_CORRECTED_PRECISION, type NearList, nearListBits } from "./grid-payload.ts";
import { PRECISIONS_AT } from "./kernel-layout.ts";
import { kernels, reserveMemory } from "./kernel-module.ts";
import type { Numbers } from "./number-form.ts";
import { ZERO_EXPONENT } from "./octave-coder.ts";
import { fitRoundedScale, fitScale, takeSamples } from "./scale-fit.ts";
import { roundToDecimals } from "./shortest-decimal.ts";
import { placeSums, type SumWidths } from "./sum-grid.ts";
import { fitWideGrid, type Grid } from "./wide-grid.ts";

/**
 * Plans for vectors of float32s, whatever decimal form they came in: with as few significand bits as can be found, and
 * with all 24 of them.
 */

const FULL_PRECISION = 24;
/** So few bits without any scale cannot be chance. */
const CERTAIN_PRECISION = 12;
/** The two widths that models compute in: bfloat16 and float16. */
const BFLOAT16_PRECISION = 8;
const FLOAT16_PRECISION = 11;
const HALF_PRECISIONS = [BFLOAT16_PRECISION, FLOAT16_PRECISION] as const;
/** Scaled half-precision vectors repeat significands; so many values show whether this one may. */
const REPEAT_SAMPLE = 256;

/**
 * The cheapest exact plan found for the float32s of `numbers`. The plan's arrays are valid until the next call.
 *
 * @param rounding Half the step of the decimals that the float32s were rounded to afterwards; 0 for none. With
 *   rounding, the plan's float32s may differ from those of `numbers`; the caller compares what they decode to.
 * @returns undefined only with `rounding`, when no hidden grid was found.
 */
export function planFloat32(numbers: Numbers, rounding: number): GridPlan | undefined {
  const { count, memory } = numbers;
  const { float32s, float32Bits: bits } = memory;
  const unscaled: Grid = { scale: 1, divisor: 1, precision: FULL_PRECISION, floorExponent: undefined };
  const plain = rounding === 0 ? narrowest(memory, count, unscaled) : undefined;
  if (plain !== undefined && plain.precision <= CERTAIN_PRECISION) {
    const scale = usesFewSignificands(plain, bits, count)
      ? fitRoundedScale(float32s, bits, count, BFLOAT16_PRECISION)
      : undefined;
    if (scale !== undefined) {
      const grid: Grid = { ...unscaled, scale, precision: BFLOAT16_PRECISION, isFloat16: true };
      const plan = gridPlan(grid, numbers);
      if (exceptionBits(plan) < count * (plain.precision - BFLOAT16_PRECISION)) return plan;
    }
    return gridPlan(plain, numbers);
  }
  if (repeatsSignificands(bits, count, REPEAT_SAMPLE, rounding)) {
    const samples = takeSamples(float32s, bits, count, rounding);
    for (const precision of HALF_PRECISIONS) {
      const scale = fitScale(float32s, bits, count, samples, precision, rounding);
      if (scale === undefined) continue;
      const plan = gridPlan({ scale, divisor: 1, precision, floorExponent: undefined }, numbers, rounding);
      if (rounding > 0 || exceptionBits(plan) < count * (FULL_PRECISION - precision)) return plan;
    }
  }
  if (repeatsSignificands(bits, count, count, rounding)) {
    const grid = fitWideGrid(float32s, bits, count, rounding);
    if (grid !== undefined) return cheapestOf(grid, plain, numbers, rounding);
  }
  return plain && gridPlan(plain, numbers);
}

/** A wide grid's values can all have the width of their octave, or each its own; or the grid does not pay. */
function cheapestOf(wide: Grid, plain: Grid | undefined, numbers: Numbers, rounding: number): GridPlan {
  const ways = [() => gridPlan(wide, numbers, rounding), () => sumPlan(wide, numbers, rounding)];
  if (plain !== undefined) ways.unshift(() => gridPlan(plain, numbers));
  let last: GridPlan | undefined;
  const costs = ways.map((make) => {
    last = make();
    return valueBits(last, chooseTableFor(last)) + exceptionBits(last);
  });
  const cheapest = costs.indexOf(Math.min(...costs));
  // All use the same memory: only the last one still stands there.
  return cheapest === ways.length - 1 ? last! : ways[cheapest]!();
}

function exceptionBits(plan: GridPlan): number {
  const { fine, near, corrections, count } = plan;
  const largest = near === undefined ? 0 : near.differences.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  const nearBits = nearListBits(near?.indices.length ?? 0, largest, count);
  return (corrections?.length ?? 0) * 1.6 + (fine?.indices.length ?? 0) * 10 + nearBits;
}

/** A bfloat16 significand has 128 values, and so has what becomes of it, but for an octave's edge. */
const FEW_SIGNIFICANDS = 132;

/** Whether float16s of many values have no more significands than bfloat16s. */
function usesFewSignificands(plain: Grid, bits: Uint32Array, count: number): boolean {
  if (plain.precision !== FLOAT16_PRECISION || count < 2 * FEW_SIGNIFICANDS) return false;
  const used = new Uint8Array(2 ** (FLOAT16_PRECISION - 1));
  let different = 0;
  for (let i = 0; i < count; i++) {
    const significand = (bits[i]! & 0x7fffff) >>> (FULL_PRECISION - FLOAT16_PRECISION);
    if (used[significand] === 0) {
      used[significand] = 1;
      if (++different > FEW_SIGNIFICANDS) return false;
    }
  }
  return true;
}

const seen = new Uint32Array(4096);
const SEEN_MASK = seen.length - 1;

/** Whether more significands repeat among the first `limit` values than 23 random bits would. */
function repeatsSignificands(bits: Uint32Array, count: number, limit: number, rounding: number): boolean {
  const taken = Math.min(count, limit);
  // Few numbers repeat too seldom, and rounded decimals blur their repeats: the fit itself has to tell.
  if (taken < 192 || rounding > 0) return true;
  seen.fill(0);
  let repeats = 0;
  for (let i = 0; i < taken; i++) {
    const key = (bits[i]! & 0x7fffff) + 1;
    let slot = Math.imul(key, 0x9e3779b1) >>> 20;
    // One probe more on a collision; a forgotten significand costs one count of many.
    if (seen[slot] !== 0 && seen[slot] !== key) slot = (slot + 1) & SEEN_MASK;
    if (seen[slot] === key) repeats++;
    seen[slot] = key;
  }
  return repeats > 3 + taken / 128;
}

/** The unscaled grid with the precision that costs least: all that is finer becomes an exception. */
function narrowest({ float32s }: EncoderMemory, count: number, grid: Grid): Grid {
  kernels().countPrecisions(float32s.byteOffset, count, PRECISIONS_AT);
  const precisionCounts = reserveMemory(0).int32s.subarray(PRECISIONS_AT / 4);
  let best = FULL_PRECISION;
  let leastBits = Number.POSITIVE_INFINITY;
  let finer = 0;
  for (let precision = FULL_PRECISION; precision >= 1; precision--) {
    const cost =
      count * precision + (finer === 0 ? 0 : nearListBits(finer, 2 ** (FULL_PRECISION - 1 - precision), count));
    if (cost < leastBits) {
      leastBits = cost;
      best = precision;
    }
    finer += precisionCounts[precision]!;
  }
  return { ...grid, precision: best };
}

/** Rounds the bits of a positive float32 to a multiple of 2^floorExponent. */
function roundToFloor(bits: number, floorExponent: number): number {
  const width = (bits >>> 23) - 127 - floorExponent;
  if (width >= 23) return bits;
  if (width < -1) return 0;
  if (width === -1) return (floorExponent + 127) << 23;
  const dropped = 23 - width;
  return ((bits + (1 << (dropped - 1))) >>> dropped) << dropped;
}

/** Puts the values on the grid and lists what the grid does not reproduce. */
function gridPlan(grid: Grid, numbers: Numbers, rounding = 0): GridPlan {
  const { memory, count } = numbers;
  const placed =
    grid.floorExponent === undefined ? placeOnGrid(grid, memory, count) : placeOnSteps(grid, memory, count, rounding);
  return planOfPlaced(grid, placed, numbers, rounding);
}

/** The same with values that tell their own widths. */
function sumPlan(grid: Grid, numbers: Numbers, rounding: number): GridPlan {
  const placed = { ...placeSums(grid, numbers, rounding), fine: undefined };
  return planOfPlaced({ ...grid, floorExponent: undefined }, placed, numbers, rounding);
}

function planOfPlaced(grid: Grid, { lost, fine, sums }: Placed, numbers: Numbers, rounding: number): GridPlan {
  const { scale, divisor, precision, floorExponent } = grid;
  const { count, memory } = numbers;
  const { float32s, gridValues, predicted, exact } = memory;
  const rounded = rounding > 0;
  predicted.set(gridValues.subarray(0, count));
  kernels().normalise(predicted.byteOffset, count, divisor, scale);
  if (grid.isFloat16) kernels().roundToFloat16(predicted.byteOffset, count);
  let mismatches = 0;
  if (rounded) {
    for (let i = 0; i < count; i++) if (Math.abs(predicted[i]! - Math.abs(exact[i]!)) > rounding) mismatches++;
  } else {
    mismatches = kernels().countDifferent(predicted.byteOffset, float32s.byteOffset, count);
  }
  const corrections =
    mismatches > count / 32 &&
    !grid.isFloat16 &&
    sums === undefined &&
    floorExponent === undefined &&
    divisor === 1 &&
    precision >= MIN_CORRECTED_PRECISION &&
    precision <= MAX_CORRECTED_PRECISION
      ? correct(memory, count, precision, rounded)
      : undefined;
  const near = mismatches === 0 ? undefined : rounded ? nearDecimals(memory, count, rounding) : nearList(memory, count);
  return {
    memory,
    count,
    lost,
    isLowZero: true,
    precision,
    floorExponent,
    scale,
    divisor,
    isFloat16: grid.isFloat16 === true,
    corrections,
    fine,
    near,
    sums,
  };
}

interface Placed {
  readonly lost: number;
  readonly fine: NearList | undefined;
  readonly sums?: SumWidths;
}

function placeOnGrid({ divisor, scale, precision }: Grid, memory: EncoderMemory, count: number): Placed {
  const { float32s, gridValues, exponents, fractions } = memory;
  const lost = kernels().placeOnGrid(
    float32s.byteOffset,
    count,
    divisor,
    scale,
    FULL_PRECISION - precision,
    gridValues.byteOffset,
    exponents.byteOffset,
    fractions.byteOffset,
  );
  return { lost, fine: undefined };
}

/** The same for a grid with a floor. Lists what lies on its finer steps. */
function placeOnSteps(grid: Grid, memory: EncoderMemory, count: number, rounding: number): Placed {
  const { divisor, scale, precision, floorExponent, stepExponent: step } = grid;
  const { float32s, float32Bits, gridValues, gridBits, exponents, fractions } = memory;
  const dropped = FULL_PRECISION - precision;
  const half = dropped === 0 ? 0 : 1 << (dropped - 1);
  const mask = -1 << dropped;
  const indices: number[] = [];
  const differences: number[] = [];
  let lost = 0;
  for (let i = 0; i < count; i++) {
    gridValues[i] = Math.abs((float32s[i]! * divisor) / scale);
    let h = gridBits[i]!;
    if (h >= 0x7f800000 || h < 0x00800000) h = 0;
    const whole = step === undefined ? 0 : roundToFloor(h, step);
    h = (h + half) & mask;
    if (floorExponent !== undefined) h = roundToFloor(h, floorExponent);
    gridBits[i] = h;
    if (step !== undefined && whole !== h && h !== 0 && isNear(grid, whole, float32Bits[i]! & 0x7fffffff, rounding)) {
      indices.push(i);
      differences.push(whole - h);
    }
    if (h === 0 && float32s[i] !== 0) lost++;
    exponents[i] = h === 0 ? ZERO_EXPONENT : (h >>> 23) - 127;
    fractions[i] = h << 9;
  }
  if (indices.length === 0) return { lost, fine: undefined };
  indices.forEach((index, item) => {
    gridBits[index]! += differences[item]!;
  });
  return { lost, fine: { indices: Uint32Array.from(indices), differences: Int32Array.from(differences) } };
}

const nearView = new Float32Array(2);
const nearBits = new Uint32Array(nearView.buffer);

/** Whether h, normalised, comes within two steps of the float32, or of what its decimals leave open. */
function isNear(grid: Grid, h: number, wanted: number, rounding: number): boolean {
  nearBits[0] = h;
  nearBits[1] = wanted;
  const value = Math.fround(Math.fround(nearView[0]! / grid.divisor) * grid.scale);
  return Math.abs(value - nearView[1]!) <= 2 ** -22 * nearView[1]! + 2 * rounding;
}

/** Chooses a correction of −1, 0 or +1 float32 steps for each significand, and applies them to the prediction. */
function correct(memory: EncoderMemory, count: number, precision: number, rounded: boolean): Corrections | undefined {
  const { float32Bits: bits, gridBits, exponents, predicted, predictedBits } = memory;
  const significands = 2 ** (precision - 1);
  const votes = new Float64Array(3 * significands);
  const shift = FULL_PRECISION - precision;
  for (let i = 0; i < count; i++) {
    if (exponents[i] === ZERO_EXPONENT) continue;
    const difference = (bits[i]! & 0x7fffffff) - predictedBits[i]!;
    if (difference < -1 || difference > 1) continue;
    // Rounded to decimals afterwards, only large values still tell their last float32 bit: they weigh more.
    const weight = rounded ? predicted[i]! ** 2 : 1;
    votes[3 * ((gridBits[i]! & 0x7fffff) >>> shift) + difference + 1]! += weight;
  }
  const corrections = new Int8Array(significands);
  for (let significand = 0; significand < significands; significand++) {
    const down = votes[3 * significand]!;
    const none = votes[3 * significand + 1]!;
    const up = votes[3 * significand + 2]!;
    if (down > none && down >= up) corrections[significand] = -1;
    else if (up > none) corrections[significand] = 1;
  }
  if (corrections.every((correction) => correction === 0)) return undefined;
  for (let i = 0; i < count; i++) {
    if (exponents[i] !== ZERO_EXPONENT) predictedBits[i]! += corrections[(gridBits[i]! & 0x7fffff) >>> shift]!;
  }
  return corrections;
}

function nearList(memory: EncoderMemory, count: number): NearList | undefined {
  const { float32Bits: bits, exponents, predictedBits } = memory;
  const indices: number[] = [];
  const differences: number[] = [];
  for (let i = 0; i < count; i++) {
    const difference = (bits[i]! & 0x7fffffff) - predictedBits[i]!;
    if (difference === 0 || exponents[i] === ZERO_EXPONENT) continue;
    indices.push(i);
    differences.push(difference);
  }
  if (indices.length === 0) return undefined;
  return { indices: Uint32Array.from(indices), differences: Int32Array.from(differences) };
}

/** Differences of at most so many float32 steps are looked for; the step of the decimals may hold many of them. */
const MAX_STEPS_TRIED = 64;

/** The near list of float32s that were rounded to decimals: the smallest difference that gives the same decimals. */
function nearDecimals(memory: EncoderMemory, count: number, rounding: number): NearList | undefined {
  const { exact, float32Bits: bits, exponents, predicted, predictedBits } = memory;
  const decimals = Math.round(Math.log10(0.5 / rounding));
  const indices: number[] = [];
  const differences: number[] = [];
  for (let i = 0; i < count; i++) {
    const wanted = Math.abs(exact[i]!);
    if (exponents[i] === ZERO_EXPONENT || roundToDecimals(predicted[i]!, decimals) === wanted) continue;
    const start = predictedBits[i]!;
    const nearest = bits[i]! & 0x7fffffff;
    const towards = nearest > start ? -1 : 1;
    let found: number | undefined;
    for (let tried = 0; tried < MAX_STEPS_TRIED; tried++) {
      predictedBits[i] = nearest + tried * towards;
      if (roundToDecimals(predicted[i]!, decimals) !== wanted) break;
      found = predictedBits[i]!;
    }
    predictedBits[i] = found ?? start;
    if (found === undefined) continue;
    indices.push(i);
    differences.push(found - start);
  }
  if (indices.length === 0) return undefined;
  return { indices: Uint32Array.from(indices), differences: Int32Array.from(differences) };
}
