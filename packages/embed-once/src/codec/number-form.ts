import type { EncoderMemory } from "./encoder-memory.ts";
import { DECIMALS_AT } from "./kernel-layout.ts";
import { kernels } from "./kernel-module.ts";
import { powerOfTen, roundToDecimals, shortestDecimal } from "./shortest-decimal.ts";

/**
 * Which kind of float64 a vector is made of, tested by bits and never assumed. A few values may be exceptions: the form
 * is what explains the rest.
 */
export type NumberForm =
  /** `unexplained`: values that the form does not give. */
  | { readonly name: "float32" | "shortest" | "shortestTiesUp"; readonly unexplained: number }
  | { readonly name: "float64" }
  | { readonly name: "fixed"; readonly decimals: number };

/** A form may leave one value in so many unexplained. */
const VALUES_PER_EXCEPTION = 32;
const MAX_DECIMALS = 15;
const SAMPLES = 16;

/** The numbers of one vector, in the first `count` places of the encoder's arrays. */
export interface Numbers {
  readonly count: number;
  readonly memory: EncoderMemory;
  /** How many float64s are no float32s; NaN is none. */
  readonly notFloat32: number;
}

/**
 * Recognises the form of a vector, and for every form on float32s leaves in `decoded` what the form makes of them.
 */
export function recogniseForm(numbers: Numbers): NumberForm {
  const { count, notFloat32, memory } = numbers;
  const { exact, float32s, decoded } = memory;
  const allowed = Math.floor(count / VALUES_PER_EXCEPTION);
  if (notFloat32 <= allowed) {
    kernels().widen(float32s.byteOffset, decoded.byteOffset, count);
    return { name: "float32", unexplained: notFloat32 };
  }
  const decimals = recogniseDecimals(numbers, allowed);
  if (decimals !== undefined) return { name: "fixed", decimals };
  for (const name of ["shortest", "shortestTiesUp"] as const) {
    const tiesUp = name === "shortestTiesUp";
    if (!sampleAgrees(numbers, (float32) => shortestDecimal(float32, tiesUp))) continue;
    kernels().shortestDecimals(float32s.byteOffset, decoded.byteOffset, count, DECIMALS_AT, tiesUp ? 1 : 0);
    // Zeros keep their sign through every form, and NaN is an exception wherever it stands.
    const unexplained = kernels().countUnequal(decoded.byteOffset, exact.byteOffset, count);
    if (unexplained <= allowed) return { name, unexplained };
  }
  return { name: "float64" };
}

/** Whether a form explains at least half of some values: what most vectors of other forms fail at once. */
function sampleAgrees(numbers: Numbers, form: (float32: number) => number): boolean {
  const { count, memory } = numbers;
  const { exact, float32s } = memory;
  const stride = Math.max(1, Math.floor(count / SAMPLES));
  let taken = 0;
  let agreeing = 0;
  for (let i = 0; i < count; i += stride) {
    taken++;
    if (form(float32s[i]!) === exact[i]!) agreeing++;
  }
  return 2 * agreeing >= taken;
}

/** The smallest count of decimals to which all values but the allowed exceptions are rounded. */
function recogniseDecimals(numbers: Numbers, allowed: number): number | undefined {
  const { count, memory } = numbers;
  const { exact } = memory;
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
