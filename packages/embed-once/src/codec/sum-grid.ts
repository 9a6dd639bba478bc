import type { Numbers } from "./number-form.ts";
import { chooseTable, ZERO_EXPONENT } from "./octave-coder.ts";
import { OCTAVES, symbolOf } from "./octave-tables.ts";
import { toleranceOf } from "./scale-fit.ts";
import { roundToDecimals } from "./shortest-decimal.ts";
import type { Grid } from "./wide-grid.ts";
import { rawBitsOfWidth } from "./width-coder.ts";
import { MAX_ADDENDS, MAX_WIDTH, type SumModel, widthTables } from "./width-tables.ts";

/**
 * Wide grids whose values tell their own widths: each value becomes the number with the fewest significand bits that
 * the float32, or its decimals, can have come from.
 */

/** Widths of the grid values, and what they cost. */
export interface SumWidths {
  readonly model: SumModel;
  readonly widths: Uint8Array;
  /** Signs, widths and raw bits of all values. */
  readonly bits: number;
}

export interface PlacedSums {
  /** Values other than 0 that have no place on the grid. */
  readonly lost: number;
  readonly sums: SumWidths;
}

/** Models tried where the divisor, a power of two, does not tell the addends. */
const USUAL_MODELS: readonly SumModel[] = [
  { addends: 2, precision: 8 },
  { addends: 8, precision: 8 },
  { addends: 5, precision: 11 },
];

/** Fills the grid values, exponents and fractions of the memory. */
export function placeSums({ divisor, scale }: Grid, numbers: Numbers, rounding: number): PlacedSums {
  const { memory, count } = numbers;
  const { exact, float32s, float32Bits, gridValues, gridBits, exponents, fractions } = memory;
  const decimals = rounding === 0 ? undefined : Math.round(Math.log10(0.5 / rounding));
  const widths = new Uint8Array(count);
  let lost = 0;
  for (let i = 0; i < count; i++) {
    const wanted = Math.abs(decimals === undefined ? float32s[i]! : exact[i]!);
    const middle = (wanted * divisor) / scale;
    if (!(middle >= 2 ** -126 && middle < 2 ** 127)) {
      if (wanted !== 0) lost++;
      gridBits[i] = 0;
      exponents[i] = ZERO_EXPONENT;
      fractions[i] = 0;
      continue;
    }
    // Two roundings to float32 and one to decimals, and as much room again.
    const reach = ((4 * toleranceOf(float32Bits[i]!, 0) + 2 * rounding) * divisor) / scale;
    gridValues[i] = narrowest(middle, reach, (h) => {
      const value = Math.fround(Math.fround(h / divisor) * scale);
      return (decimals === undefined ? value : roundToDecimals(value, decimals)) === wanted;
    });
    const bits = gridBits[i]!;
    exponents[i] = (bits >>> 23) - 127;
    fractions[i] = bits << 9;
    widths[i] = widthOf(bits);
  }
  return { lost, sums: cheapestModel(divisor, numbers, widths) };
}

/** Fraction bits of a normal float32 down to the lowest that is set. */
function widthOf(bits: number): number {
  const significand = (bits & 0x7fffff) | 0x800000;
  return MAX_WIDTH - (31 - Math.clz32(significand & -significand));
}

/** The number within `reach` of the middle with the fewest significand bits that is accepted; the middle if none is. */
function narrowest(middle: number, reach: number, isAccepted: (h: number) => boolean): number {
  let step = 2 ** Math.floor(Math.log2(middle));
  for (let width = 0; width <= MAX_WIDTH; width++) {
    const nearest = Math.round(middle / step) * step;
    if (Math.abs(nearest - middle) <= reach && nearest > 0) {
      if (isAccepted(nearest)) return nearest;
      // As finer steps are tried, these become numbers in between.
      const beside = nearest < middle ? nearest + step : nearest - step;
      if (beside > 0 && isAccepted(beside)) return beside;
    }
    step /= 2;
  }
  return middle;
}

function cheapestModel(divisor: number, { memory, count }: Numbers, widths: Uint8Array): SumWidths {
  const { exponents, fractions } = memory;
  const { table, topExponent } = chooseTable(memory, count);
  const isOdd = divisor > 1 && divisor <= MAX_ADDENDS;
  const models = isOdd ? [8, 11].map((precision) => ({ addends: divisor, precision })) : USUAL_MODELS;
  let best: SumWidths | undefined;
  for (const model of models) {
    const tables = widthTables(table, model);
    let bits = count;
    for (let i = 0; i < count; i++) {
      const depth = topExponent - exponents[i]!;
      // Zeros, and what goes to the far list.
      if (depth < 0 || depth >= OCTAVES) continue;
      const symbol = symbolOf(depth, fractions[i]! >>> 29);
      bits += tables[symbol]!.costs[widths[i]!]! + rawBitsOfWidth(symbol, widths[i]!);
    }
    if (best === undefined || bits < best.bits) best = { model, widths, bits };
  }
  return best!;
}
