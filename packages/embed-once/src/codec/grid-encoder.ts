import { ByteWriter } from "./byte-io.ts";
import type { Corrections } from "./corrections.ts";
import type { EncoderMemory } from "./encoder-memory.ts";
import { type FarList, type NearList, NO_FLOOR, putGridParts } from "./grid-payload.ts";
import { EIGHTHS_AT, TOLD_AT, WIDTHS_AT } from "./kernel-layout.ts";
import { kernels, reserveMemory } from "./kernel-module.ts";
import { carriedBytes, chooseTable, putSymbols, type TableChoice, ZERO_EXPONENT } from "./octave-coder.ts";
import { depthOfSymbol, OCTAVES, significandBitsOfDepth, ZERO_SYMBOL } from "./octave-tables.ts";
import type { SumWidths } from "./sum-grid.ts";
import { putWidths } from "./width-coder.ts";

/** One way to write a vector, settled but for the bytes. Its grid values h lie in the encoder's memory. */
export interface GridPlan {
  readonly memory: EncoderMemory;
  readonly count: number;
  /** Values other than 0 that have no place on the grid. */
  readonly lost: number;
  /** Whether the second 32 fraction bits of all values are zero. */
  readonly isLowZero: boolean;
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
  /** Set when each value tells its own width; the precision and the floor then say nothing. */
  readonly sums: SumWidths | undefined;
}

/** Bits that the plan's values cost, exceptions left out. */
export function valueBits(plan: GridPlan, choice: TableChoice): number {
  const { memory, count, precision, floorExponent, sums } = plan;
  if (sums !== undefined) return choice.bits + sums.bits;
  const widest = precision - 1;
  let bits = choice.bits;
  if (floorExponent === undefined) {
    bits += count * (1 + Math.max(0, widest - 3));
  } else {
    for (let i = 0; i < count; i++) {
      const width = Math.min(widest, memory.exponents[i]! - floorExponent);
      bits += width > 3 ? width - 2 : 1;
    }
  }
  return bits;
}

export function chooseTableFor(plan: GridPlan): TableChoice {
  return chooseTable(plan.memory, plan.count);
}

const writer = new ByteWriter();
let payload: Uint8Array = new Uint8Array(0);

/**
 * Writes the payload of a plan.
 *
 * @param exceptions Ascending indices of values that the plan does not reproduce.
 * @returns A view that is valid until the next call.
 */
export function putGrid(
  plan: GridPlan,
  choice: TableChoice,
  decimals: number | undefined,
  exceptions: readonly number[],
): Uint8Array {
  const { memory, count, precision, floorExponent, sums } = plan;
  const floorDepth = floorExponent === undefined ? NO_FLOOR : choice.topExponent - floorExponent;
  const unreached = nameSymbols(plan, choice.topExponent);
  const far = farList(memory.exactWords, exceptions, unreached);
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
        model: sums?.model,
      },
      hasCorrections: plan.corrections !== undefined,
      fine: plan.fine,
      near: plan.near,
      far,
    },
    decimals !== undefined,
  );
  const parts = writer.view();
  const end =
    sums === undefined
      ? putFixedWidths(plan, choice.table, floorDepth)
      : putWidths(memory, sums.widths, count, choice.table, sums.model);
  const length = parts.length + end;
  if (payload.length < length) payload = new Uint8Array(2 * length);
  payload.set(parts);
  payload.set(memory.output.subarray(0, end), parts.length);
  return payload.subarray(0, length);
}

/** Writes raw bits and symbols of a plan whose values all have the same width in an octave. Returns where they end. */
function putFixedWidths(plan: GridPlan, table: number, floorDepth: number): number {
  const rawEnd = putRawBits(plan, floorDepth);
  const corrected = plan.corrections && { steps: plan.corrections, scale: plan.scale };
  return putSymbols(plan.memory, plan.count, table, corrected, rawEnd);
}

/** Fills `symbols`; values that the alphabet does not reach get the zero's symbol and are returned. */
function nameSymbols({ memory, count }: GridPlan, topExponent: number): number[] {
  const { exponents, fractions, symbols } = memory;
  const beyond = kernels().nameSymbols(
    exponents.byteOffset,
    fractions.byteOffset,
    count,
    topExponent,
    OCTAVES,
    EIGHTHS_AT,
    ZERO_SYMBOL,
    symbols.byteOffset,
  );
  const unreached: number[] = [];
  if (beyond > 0) {
    for (let i = 0; i < count; i++) {
      if (symbols[i] === ZERO_SYMBOL && exponents[i] !== ZERO_EXPONENT) unreached.push(i);
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

/** Writes the raw bits to the beginning of `output`. Returns the position after them. */
function putRawBits({ memory, count, precision, isLowZero }: GridPlan, floorDepth: number): number {
  const { exact, fractions, lowFractions, symbols, output } = memory;
  const { bytes } = reserveMemory(0);
  let widest = 0;
  for (let symbol = 0; symbol < ZERO_SYMBOL; symbol++) {
    const depth = depthOfSymbol(symbol);
    const width = rawWidth(precision, floorDepth, depth);
    bytes[TOLD_AT + symbol] = significandBitsOfDepth(depth);
    bytes[WIDTHS_AT + symbol] = width;
    widest = Math.max(widest, width);
  }
  bytes[TOLD_AT + ZERO_SYMBOL] = 0;
  bytes[WIDTHS_AT + ZERO_SYMBOL] = 0;
  const end = kernels().encodeRawBits(
    exact.byteOffset,
    fractions.byteOffset,
    isLowZero ? 0 : lowFractions.byteOffset,
    symbols.byteOffset,
    TOLD_AT,
    WIDTHS_AT,
    widest,
    count,
    output.byteOffset,
  );
  const position = end - output.byteOffset;
  const carried = carriedBytes(count);
  if (position < carried) output.fill(0, position, carried);
  return Math.max(position, carried);
}
