import { DECADES_AT, POWERS_AT, vectorLayout } from "./kernel-layout.ts";
import { kernels } from "./kernel-module.ts";
import { powerOfTen, roundToDecimals, shortestDecimal } from "./shortest-decimal.ts";

/**
 * Which kind of float64 a vector is made of, tested by bits and never assumed. A few values may be exceptions: the form
 * is what explains the rest.
 */
export type NumberForm =
  | { readonly name: "float32" | "shortest" | "shortestTiesUp" | "float64" }
  | { readonly name: "fixed"; readonly decimals: number };

/** A form may leave one value in so many unexplained. */
const VALUES_PER_EXCEPTION = 32;
const MAX_DECIMALS = 15;
const SAMPLES = 16;

/** The numbers of one vector as float64s and as the float32s nearest to them. */
export interface Numbers {
  readonly count: number;
  readonly exact: Float64Array;
  readonly exactWords: Uint32Array;
  readonly float32s: Float32Array;
}

/**
 * Recognises the form of a vector.
 *
 * @param decoded Room for `count` float64s: what the form makes of the float32s, valid for every form on float32s.
 */
export function recogniseForm(numbers: Numbers, decoded: Float64Array): NumberForm {
  const { count, float32s } = numbers;
  const allowed = Math.floor(count / VALUES_PER_EXCEPTION);
  if (sampleAgrees(numbers, (float32) => float32)) {
    for (let i = 0; i < count; i++) decoded[i] = float32s[i]!;
    if (countMismatches(numbers, decoded, allowed) <= allowed) return { name: "float32" };
  }
  const decimals = recogniseDecimals(numbers, allowed);
  if (decimals !== undefined) return { name: "fixed", decimals };
  for (const name of ["shortest", "shortestTiesUp"] as const) {
    const tiesUp = name === "shortestTiesUp";
    if (!sampleAgrees(numbers, (float32) => shortestDecimal(float32, tiesUp))) continue;
    takeShortestDecimals(float32s, decoded, count, tiesUp);
    if (countMismatches(numbers, decoded, allowed) <= allowed) return { name };
  }
  return { name: "float64" };
}

/** Whether a form explains at least half of some values: what most vectors of other forms fail at once. */
function sampleAgrees(numbers: Numbers, form: (float32: number) => number): boolean {
  const { count, exact, float32s } = numbers;
  const stride = Math.max(1, Math.floor(count / SAMPLES));
  let taken = 0;
  let agreeing = 0;
  for (let i = 0; i < count; i += stride) {
    taken++;
    if (form(float32s[i]!) === exact[i]!) agreeing++;
  }
  return 2 * agreeing >= taken;
}

/** Fills `decimals` with the shortest decimals of the first `count` float32s. */
function takeShortestDecimals(float32s: Float32Array, decimals: Float64Array, count: number, tiesUp: boolean): void {
  const { memory, float32sAt, float64sAt } = vectorLayout(count);
  memory.float32s.set(float32s.subarray(0, count), float32sAt / 4);
  kernels().shortestDecimals(float32sAt, float64sAt, count, DECADES_AT, POWERS_AT, tiesUp ? 1 : 0);
  decimals.set(memory.float64s.subarray(float64sAt / 8, float64sAt / 8 + count));
}

/** Counts the values of which `decoded` differs in any bit; stops when it exceeds `limit`. */
function countMismatches(numbers: Numbers, decoded: Float64Array, limit: number): number {
  const { count, exact } = numbers;
  let mismatches = 0;
  for (let i = 0; i < count; i++) {
    // Not Object.is: zeros keep their sign through every form, and NaN is an exception wherever it stands.
    if (decoded[i]! !== exact[i]! && ++mismatches > limit) break;
  }
  return mismatches;
}

/** The smallest count of decimals to which all values but the allowed exceptions are rounded. */
function recogniseDecimals(numbers: Numbers, allowed: number): number | undefined {
  const { count, exact } = numbers;
  let decimals = 1;
  let largest = 0;
  const stride = Math.max(1, Math.floor(count / SAMPLES));
  for (let i = 0; i < count; i += stride) {
    const value = exact[i]!;
    largest = Math.max(largest, Math.abs(value));
    while (decimals <= MAX_DECIMALS && roundToDecimals(value, decimals) !== value) decimals++;
    // Above this a float64 has no decimals to spare: everything would be "rounded".
    if (decimals > MAX_DECIMALS || !(largest * powerOfTen(decimals) < 2 ** 40)) return undefined;
  }
  // One in ten ends in a zero by chance. Shortest decimals too have some largest count, which few of them need.
  let coarser = 0;
  for (let i = 0; i < count; i += stride) if (roundToDecimals(exact[i]!, decimals - 1) === exact[i]!) coarser++;
  if (coarser > SAMPLES / 2) return undefined;
  coarser = 0;
  let exceptions = 0;
  for (let i = 0; i < count; i++) {
    const value = exact[i]!;
    if (roundToDecimals(value, decimals) !== value && ++exceptions > allowed) return undefined;
    if (roundToDecimals(value, decimals - 1) === value) coarser++;
  }
  return coarser <= count / 4 ? decimals : undefined;
}
