import {
  depthOfSymbol,
  eighthOfSymbol,
  gaussianMass,
  octaveEdge,
  PROBABILITY_BITS,
  PROBABILITY_SCALE,
  STEPS_PER_OCTAVE,
  significandBitsOfDepth,
  spreadOfStep,
  ZERO_SYMBOL,
} from "./octave-tables.ts";

/**
 * The static tables of significand widths, for values that are sums of a few half-precision numbers: such sums have
 * significands of many different widths. A value's *width* is the count of bits from its leading bit, which is not
 * counted, down to its lowest set bit.
 *
 * How low that bit lies follows from the addends. They are taken as Gaussians of one spread, correlated by 0.3, whose
 * significand bits are random. Given the sum of n of them, each addend is a Gaussian around the sum's n-th part; the
 * lowest bits of two addends are that of their sum, unless they lie in the same place and carry.
 *
 * The tables belong to the record format and are computed, like those of the octaves, from exactly rounded float64
 * arithmetic alone. A test pins their checksum.
 */

/** What the values of a vector are sums of. */
export interface SumModel {
  /** 2 to 8. */
  readonly addends: number;
  /** Significand bits of an addend, leading one included: 8 (bfloat16) or 11 (float16). */
  readonly precision: number;
}

export const MAX_ADDENDS = 8;
/** A float32 has no more fraction bits. */
export const MAX_WIDTH = 23;

/** The widths of the values of one symbol. */
export interface WidthTable {
  /** Share of each width in PROBABILITY_SCALE; 0 for one that no value of this symbol has. */
  readonly frequencies: Uint16Array;
  /** Sum of the frequencies of the widths before. */
  readonly starts: Uint16Array;
  /** Bits that each width costs. Only the encoder's choice depends on it. */
  readonly costs: Float64Array;
}

const CORRELATION = 0.3;
/** Octaves that are looked at: below those of the symbols, as far as bits of addends may lie. */
const DEPTHS = 48;
/** A share for widths that the model holds for all but impossible. */
const LEAST = 2 ** -16;

const built = new Map<number, readonly WidthTable[]>();

/** The tables of a model beside that octave table: one for each symbol but the zero's. Built on first use. */
export function widthTables(octaveTableIndex: number, model: SumModel): readonly WidthTable[] {
  const step = octaveTableIndex % STEPS_PER_OCTAVE;
  const name = (model.precision * 16 + model.addends) * STEPS_PER_OCTAVE + step;
  let tables = built.get(name);
  if (tables === undefined) {
    tables = buildTables(step, model);
    built.set(name, tables);
  }
  return tables;
}

function buildTables(step: number, { addends, precision }: SumModel): WidthTable[] {
  const spread = spreadOfStep(step);
  const addendSpread = spread / Math.sqrt(addends + addends * (addends - 1) * CORRELATION);
  const deviation = addendSpread * Math.sqrt(((1 - CORRELATION) * (addends - 1)) / addends);
  const tables: WidthTable[] = [];
  for (let symbol = 0; symbol < ZERO_SYMBOL; symbol++) {
    const depth = depthOfSymbol(symbol);
    const told = significandBitsOfDepth(depth);
    const middle = told === 3 ? 1 + (eighthOfSymbol(symbol) + 0.5) / 8 : 1.5;
    const addend = lowestBits((octaveEdge(depth) * middle) / addends, deviation, precision);
    let sum = addend;
    for (let added = 1; added < addends; added++) sum = lowestBitsOfSum(sum, addend);
    tables.push(quantise(widthShares(symbol, depth, told, sum)));
  }
  return tables;
}

/** For each depth, how likely it is that the lowest set bit of a Gaussian, rounded to so many bits, lies there. */
function lowestBits(mean: number, deviation: number, precision: number): Float64Array {
  const shares = new Float64Array(DEPTHS);
  for (let depth = 0; depth + precision <= DEPTHS; depth++) {
    const edge = octaveEdge(depth);
    const width = edge / deviation;
    let share = gaussianMass((edge - mean) / deviation, width, 1) + gaussianMass((edge + mean) / deviation, width, 1);
    // The lowest of the fraction bits is set in half of all numbers, else the next one in half of the rest.
    for (let bit = precision - 1; bit > 0; bit--) {
      share /= 2;
      shares[depth + bit]! += share;
    }
    shares[depth]! += share;
  }
  return shares;
}

function lowestBitsOfSum(left: Float64Array, right: Float64Array): Float64Array {
  const shares = new Float64Array(DEPTHS);
  let leftAbove = 0;
  let rightAbove = 0;
  for (let depth = 0; depth < DEPTHS; depth++) {
    shares[depth] = left[depth]! * rightAbove + leftAbove * right[depth]!;
    leftAbove += left[depth]!;
    rightAbove += right[depth]!;
  }
  // Two lowest bits in one place carry: half of those sums have theirs one place higher, half of the rest one more …
  let carried = 0;
  for (let depth = DEPTHS - 1; depth > 0; depth--) {
    carried = (carried + left[depth]! * right[depth]!) / 2;
    shares[depth - 1]! += carried;
  }
  return shares;
}

/** The share of each width among the values of a symbol, by the shares of where lowest bits lie. */
function widthShares(symbol: number, depth: number, told: number, lowest: Float64Array): Float64Array {
  const shares = new Float64Array(MAX_WIDTH + 1);
  for (let width = told + 1; width <= MAX_WIDTH; width++) {
    shares[width] = LEAST + (depth + width < DEPTHS ? lowest[depth + width]! : 0);
  }
  // Of numbers whose lowest bit is one of those that the symbol tells, it names a single one. They lie apart by twice
  // that bit, so that each has the mass of so much of the density: more than the room that the symbol has.
  let significand = (1 << told) + eighthOfSymbol(symbol);
  let width = told;
  let room = 2;
  while (significand % 2 === 0) {
    significand /= 2;
    width--;
    room *= 2;
  }
  shares[width] = LEAST + lowest[depth + width]! * room;
  return shares;
}

function quantise(shares: Float64Array): WidthTable {
  const frequencies = new Uint16Array(shares.length);
  const possible = shares.reduce((count, share) => count + (share > 0 ? 1 : 0), 0);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const spare = PROBABILITY_SCALE - possible;
  let used = 0;
  let likeliest = 0;
  shares.forEach((share, width) => {
    if (share === 0) return;
    const frequency = 1 + Math.floor((share / total) * spare);
    frequencies[width] = frequency;
    used += frequency;
    if (share > shares[likeliest]!) likeliest = width;
  });
  frequencies[likeliest]! += PROBABILITY_SCALE - used;
  const starts = new Uint16Array(shares.length);
  const costs = new Float64Array(shares.length);
  let start = 0;
  frequencies.forEach((frequency, width) => {
    starts[width] = start;
    costs[width] = PROBABILITY_BITS - Math.log2(frequency);
    start += frequency;
  });
  return { frequencies, starts, costs };
}
