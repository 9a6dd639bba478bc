import { ByteWriter } from "./byte-io.ts";
import type { Corrections } from "./corrections.ts";
import { type FarList, type NearList, NO_FLOOR, putGridParts } from "./grid-payload.ts";
import { carriedBytes, chooseTable, putSymbols, type TableChoice, ZERO_EXPONENT } from "./octave-coder.ts";
import { OCTAVES, significandBitsOfDepth, symbolOf, ZERO_SYMBOL } from "./octave-tables.ts";

/** The grid values h of one vector, as the coder takes them. */
export interface GridValues {
  readonly count: number;
  /** floor(log2 |h|), or ZERO_EXPONENT. */
  readonly exponents: Int16Array;
  /** The significand's fraction, left-aligned in 32 bits. */
  readonly fractions: Uint32Array;
  /** The 32 fraction bits after those; undefined when all are zero. */
  readonly lowFractions: Uint32Array | undefined;
}

/** One way to write a vector, settled but for the bytes. */
export interface GridPlan {
  readonly values: GridValues;
  readonly precision: number;
  /** The exponent of the grid's step; undefined when the grid has none. */
  readonly floorExponent: number | undefined;
  readonly scale: number;
  /** 1 to 255; see GridHeader. */
  readonly divisor: number;
  readonly isFloat16: boolean;
  readonly corrections: Corrections | undefined;
  readonly fine: NearList | undefined;
  readonly near: NearList | undefined;
}

/** Bits that the plan's values cost, exceptions left out. */
export function valueBits(plan: GridPlan, choice: TableChoice): number {
  const { values, precision, floorExponent } = plan;
  const widest = precision - 1;
  let bits = choice.bits;
  if (floorExponent === undefined) {
    bits += values.count * (1 + Math.max(0, widest - 3));
  } else {
    for (let i = 0; i < values.count; i++) {
      const width = Math.min(widest, values.exponents[i]! - floorExponent);
      bits += width > 3 ? width - 2 : 1;
    }
  }
  return bits;
}

export function chooseTableFor(plan: GridPlan): TableChoice {
  return chooseTable(plan.values.exponents, plan.values.fractions, plan.values.count);
}

const writer = new ByteWriter();
let symbols: Uint8Array = new Uint8Array(0);
let output: Uint8Array = new Uint8Array(0);

/**
 * Writes the payload of a plan.
 *
 * @param exactWords The vector's float64s as word pairs, low word first: signs are taken from it, and exceptions.
 * @param exceptions Ascending indices of values that the plan does not reproduce.
 * @returns A view that is valid until the next call.
 */
export function putGrid(
  plan: GridPlan,
  choice: TableChoice,
  decimals: number | undefined,
  exactWords: Uint32Array,
  exceptions: readonly number[],
): Uint8Array {
  const { values, precision, floorExponent } = plan;
  const { count } = values;
  const floorDepth = floorExponent === undefined ? NO_FLOOR : choice.topExponent - floorExponent;
  if (symbols.length < count) symbols = new Uint8Array(count);
  const unreached = fillSymbols(values, choice.topExponent);
  const far = farList(exactWords, exceptions, unreached);
  writer.clear();
  putGridParts(
    writer,
    {
      header: {
        precision,
        // A floor further down than the alphabet reaches is none.
        floorDepth: floorDepth >= OCTAVES + precision ? NO_FLOOR : Math.max(0, floorDepth),
        table: choice.table,
        topExponent: choice.topExponent,
        decimals: decimals ?? 0,
        scale: plan.scale,
        divisor: plan.divisor,
        isFloat16: plan.isFloat16,
      },
      hasCorrections: plan.corrections !== undefined,
      fine: plan.fine,
      near: plan.near,
      far,
    },
    decimals !== undefined,
  );
  const parts = writer.view();
  const largest = parts.length + 10 * count + 2 * (plan.corrections?.length ?? 0) + 64;
  if (output.length < largest) output = new Uint8Array(largest);
  output.set(parts);
  const rawEnd = putRawBits(values, precision, floorDepth, choice.topExponent, exactWords, parts.length);
  const corrected = plan.corrections && { steps: plan.corrections, scale: plan.scale };
  return output.subarray(0, putSymbols(symbols, count, choice.table, corrected, output, rawEnd));
}

/** The symbol of each eighth of each octave, from the top octave downward. */
const SYMBOL_OF_EIGHTH: Uint8Array = Uint8Array.from({ length: 8 * OCTAVES }, (_, i) => symbolOf(i >> 3, i & 7));

/** Fills `symbols`; values that the alphabet does not reach get the zero's symbol and are returned. */
function fillSymbols(values: GridValues, topExponent: number): number[] {
  const { count, exponents, fractions } = values;
  const unreached: number[] = [];
  for (let i = 0; i < count; i++) {
    const exponent = exponents[i]!;
    const depth = topExponent - exponent;
    if (depth >= 0 && depth < OCTAVES) {
      symbols[i] = SYMBOL_OF_EIGHTH[8 * depth + (fractions[i]! >>> 29)]!;
    } else {
      symbols[i] = ZERO_SYMBOL;
      if (exponent !== ZERO_EXPONENT) unreached.push(i);
    }
  }
  return unreached;
}

function farList(
  exactWords: Uint32Array,
  exceptions: readonly number[],
  unreached: readonly number[],
): FarList | undefined {
  if (exceptions.length + unreached.length === 0) return undefined;
  const indices = Uint32Array.from(new Set([...exceptions, ...unreached])).sort();
  const words = new Uint32Array(2 * indices.length);
  indices.forEach((index, item) => {
    words[2 * item] = exactWords[2 * index]!;
    words[2 * item + 1] = exactWords[2 * index + 1]!;
  });
  return { indices, words };
}

/** Low significand bits of a value at that depth that the symbol does not tell. */
export function rawWidth(precision: number, floorDepth: number, depth: number): number {
  const width = floorDepth === NO_FLOOR ? precision - 1 : Math.min(precision - 1, floorDepth - depth);
  return Math.max(0, width - significandBitsOfDepth(depth));
}

function putRawBits(
  values: GridValues,
  precision: number,
  floorDepth: number,
  topExponent: number,
  exactWords: Uint32Array,
  position: number,
): number {
  const { count, exponents, fractions, lowFractions } = values;
  const told = new Uint8Array(OCTAVES);
  const widths = new Uint8Array(OCTAVES);
  for (let depth = 0; depth < OCTAVES; depth++) {
    told[depth] = significandBitsOfDepth(depth);
    widths[depth] = rawWidth(precision, floorDepth, depth);
  }
  let at = position;
  let buffer = 0;
  let filled = 0;
  const put = (value: number, width: number): void => {
    buffer |= value << filled;
    filled += width;
    if (filled >= 32) {
      output[at] = buffer;
      output[at + 1] = buffer >>> 8;
      output[at + 2] = buffer >>> 16;
      output[at + 3] = buffer >>> 24;
      at += 4;
      filled -= 32;
      buffer = filled === 0 ? 0 : value >>> (width - filled);
    }
  };
  for (let i = 0; i < count; i++) {
    const sign = exactWords[2 * i + 1]! >>> 31;
    const depth = topExponent - exponents[i]!;
    const width = symbols[i] === ZERO_SYMBOL ? 0 : widths[depth]!;
    if (width === 0) {
      put(sign, 1);
      continue;
    }
    const skipped = told[depth]!;
    const high = fractions[i]! << skipped;
    if (width <= 28) {
      put(sign | ((high >>> (32 - width)) << 1), width + 1);
      continue;
    }
    // Lowest bits first: of the 64 fraction bits from `skipped` on, the top `width`.
    const low = lowFractions === undefined ? 0 : lowFractions[i]!;
    const joined = skipped === 0 ? high : high | (low >>> (32 - skipped));
    const tail = low << skipped;
    put(sign, 1);
    if (width <= 32) {
      put(joined >>> (32 - width), width);
    } else {
      // The two words as one number of `width` bits: the lower 32 of it, then the rest.
      const cut = 64 - width;
      put((tail >>> cut) | (cut === 0 ? 0 : joined << (32 - cut)), 32);
      put(joined >>> cut, width - 32);
    }
  }
  while (filled > 0) {
    output[at++] = buffer;
    buffer >>>= 8;
    filled -= 8;
  }
  const carried = carriedBytes(count);
  while (at < position + carried) output[at++] = 0;
  return at;
}
