import { CorruptRecordError } from "../core/errors.ts";
import { type Corrections, correctionModel } from "./corrections.ts";
import {
  OCTAVES,
  octaveTable,
  PROBABILITY_BITS,
  PROBABILITY_SCALE,
  SPREAD_DEPTH,
  STEPS_PER_OCTAVE,
  SYMBOLS,
  significandBitsOfDepth,
  symbolOf,
  TABLES,
  ZERO_SYMBOL,
} from "./octave-tables.ts";

/** The exponent of a lane's zeros; smaller than that of any float64. */
export const ZERO_EXPONENT = -2000;

const LOWEST_EXPONENT = -1100;
const HIGHEST_EXPONENT = 1024;
/** What a value costs that the alphabet does not reach: its place and its 64 bits. */
const OUTLIER_BITS = 90;

/** rANS states are kept in [2^16, 2^32) and renormalised in words of 16 bits. */
export const STATE_FLOOR = 0x10000;

/** Interleaved states: four hide each other's latency, but a short vector cannot afford their bytes. */
export function laneCount(dimensions: number): 1 | 4 {
  return dimensions < 512 ? 1 : 4;
}

export interface TableChoice {
  readonly table: number;
  readonly topExponent: number;
  /** Estimated cost of the symbols, and of the significand bits that coarse symbols leave to be sent raw. */
  readonly bits: number;
}

const eighthCounts = new Uint32Array((HIGHEST_EXPONENT - LOWEST_EXPONENT + 1) * 8);
const symbolCounts = new Uint32Array(SYMBOLS);

/**
 * Finds the cheapest static table by its actual cost for these values, not by their root mean square: a few large
 * dimensions inflate that by half an octave.
 *
 * @param exponents Per value: floor(log2 |h|), or ZERO_EXPONENT.
 * @param fractions Per value: the significand's fraction, left-aligned in 32 bits.
 */
export function chooseTable(exponents: Int16Array, fractions: Uint32Array, count: number): TableChoice {
  let lowestCell = eighthCounts.length;
  let highestCell = -1;
  let zeros = 0;
  for (let i = 0; i < count; i++) {
    const exponent = exponents[i]!;
    if (exponent === ZERO_EXPONENT) {
      zeros++;
      continue;
    }
    const cell = 8 * (exponent - LOWEST_EXPONENT) + (fractions[i]! >>> 29);
    if (cell < lowestCell) lowestCell = cell;
    if (cell > highestCell) highestCell = cell;
    eighthCounts[cell]!++;
  }
  if (zeros === count) return { table: 0, topExponent: 0, bits: count * PROBABILITY_BITS };

  const lowest = (lowestCell >> 3) + LOWEST_EXPONENT;
  const highest = (highestCell >> 3) + LOWEST_EXPONENT;
  let logSum = 0;
  for (let cell = lowestCell; cell <= highestCell; cell++) {
    logSum += eighthCounts[cell]! * (cell + 8 * LOWEST_EXPONENT);
  }
  let best: TableChoice = { table: 0, topExponent: 0, bits: Number.POSITIVE_INFINITY };
  // The mean of log2 |x| of a Gaussian lies 0.916 octaves below its spread.
  const guess = Math.round(logSum / (count - zeros) + 0.5 + 8 * (0.916 - 1 + SPREAD_DEPTH));
  let countedTop = Number.NaN;
  let outliers = 0;
  let coarse = 0;
  const costOf = (shape: number, place: number): number => {
    const topExponent = Math.ceil(place / STEPS_PER_OCTAVE);
    if (topExponent !== countedTop) {
      countedTop = topExponent;
      symbolCounts.fill(0);
      outliers = 0;
      coarse = 0;
      for (let exponent = lowest; exponent <= highest; exponent++) {
        const depth = topExponent - exponent;
        const at = (exponent - LOWEST_EXPONENT) * 8;
        for (let eighth = 0; eighth < 8; eighth++) {
          const number = eighthCounts[at + eighth]!;
          if (depth < 0 || depth >= OCTAVES) {
            outliers += number;
          } else {
            symbolCounts[symbolOf(depth, eighth)]! += number;
            if (significandBitsOfDepth(depth) === 0) coarse += number;
          }
        }
      }
      symbolCounts[ZERO_SYMBOL]! += zeros + outliers;
    }
    const table = shape * STEPS_PER_OCTAVE + (topExponent * STEPS_PER_OCTAVE - place);
    const { costs } = octaveTable(table);
    let bits = outliers * OUTLIER_BITS + 3 * coarse;
    for (let symbol = 0; symbol < SYMBOLS; symbol++) bits += symbolCounts[symbol]! * costs[symbol]!;
    if (bits < best.bits) best = { table, topExponent, bits };
    return bits;
  };
  for (let shape = 0; shape < TABLES / STEPS_PER_OCTAVE; shape++) {
    const here = costOf(shape, guess);
    for (const direction of [1, -1]) {
      let last = here;
      for (let place = guess + direction; Math.abs(place - guess) < 160; place += direction) {
        const next = costOf(shape, place);
        if (next >= last) break;
        last = next;
      }
      if (last < here) break;
    }
  }
  eighthCounts.fill(0, lowestCell, highestCell + 1);
  return best;
}

/** Corrections, with the scale that their distributions depend on. */
export interface CorrectedScale {
  readonly steps: Corrections;
  readonly scale: number;
}

const states = new Float64Array(4);
/** Keeps the product of a state and a frequency's reciprocal from falling below a whole quotient. */
const ROUNDED_UP = 1 + 2 ** -50;

/** Bytes of the raw bits' end that the states carry: each state's 16 bits above its floor would be empty otherwise. */
export function carriedBytes(dimensions: number): number {
  return 2 * laneCount(dimensions);
}

/**
 * Codes symbols with rANS, last symbol first, so that a decoder reads the words backwards from the end of the payload.
 * The states begin with the last `carriedBytes` bytes before `position`, which the words then overwrite.
 *
 * @returns The position after the last byte written to `output`.
 */
export function putSymbols(
  symbols: Uint8Array,
  count: number,
  tableIndex: number,
  corrections: CorrectedScale | undefined,
  output: Uint8Array,
  position: number,
): number {
  const { frequencies, starts } = octaveTable(tableIndex);
  const lanes = laneCount(count);
  let at = position - carriedBytes(count);
  for (let lane = 0; lane < lanes; lane++) {
    states[lane] = STATE_FLOOR + output[at + 2 * lane]! + 256 * output[at + 2 * lane + 1]!;
  }
  const put = (lane: number, start: number, frequency: number): void => {
    let state = states[lane]!;
    if (state >= frequency * 0x100000) {
      const word = state & 0xffff;
      output[at++] = word & 255;
      output[at++] = word >>> 8;
      state = (state - word) / 0x10000;
    }
    // Whole, as the product exceeds the true quotient by less than the 1 / frequency that it may lack to the next one.
    const quotient = Math.floor(state * (ROUNDED_UP / frequency));
    states[lane] = state + quotient * (PROBABILITY_SCALE - frequency) + start;
  };
  for (let i = count - 1; i >= 0; i--) {
    const symbol = symbols[i]!;
    put(i & (lanes - 1), starts[symbol]!, frequencies[symbol]!);
  }
  if (corrections !== undefined) {
    const { steps, scale } = corrections;
    for (let index = steps.length - 1; index >= 0; index--) {
      const { towards, towardsShare, awayShare } = correctionModel(steps.length + index, scale);
      if (steps[index] === 0) put(0, towardsShare + awayShare, PROBABILITY_SCALE - towardsShare - awayShare);
      else if (steps[index] === towards) put(0, 0, towardsShare);
      else put(0, towardsShare, awayShare);
    }
  }
  for (let lane = lanes - 1; lane >= 0; lane--) {
    const state = states[lane]!;
    for (let shift = 0; shift < 32; shift += 8) output[at++] = (state >>> shift) & 255;
  }
  return at;
}

/** The states of a coded stream, and where its words end. */
export interface OpenSymbols {
  readonly states: Float64Array;
  /** The next word lies before this position. */
  end: number;
}

/** Reads the states from the end of a payload. @throws {CorruptRecordError} when they are not all there. */
export function openSymbols(payload: Uint8Array, rawStart: number, dimensions: number): OpenSymbols {
  const lanes = laneCount(dimensions);
  const end = payload.length - 4 * lanes;
  if (end < rawStart) throw new CorruptRecordError("A grid record ends before the states of its coder.");
  const opened = new Float64Array(4);
  for (let lane = 0; lane < lanes; lane++) {
    const at = payload.length - 4 * (lane + 1);
    opened[lane] = (payload[at]! | (payload[at + 1]! << 8) | (payload[at + 2]! << 16) | (payload[at + 3]! << 24)) >>> 0;
  }
  return { states: opened, end };
}

/** Reads the corrections, which come before all symbols in the first lane; advances `opened`. */
export function takeCorrections(
  payload: Uint8Array,
  rawStart: number,
  opened: OpenSymbols,
  precision: number,
  scale: number,
): Corrections {
  const steps = new Int8Array(2 ** (precision - 1));
  let state = opened.states[0]!;
  for (let index = 0; index < steps.length; index++) {
    const { towards, towardsShare, awayShare } = correctionModel(steps.length + index, scale);
    const slot = state % PROBABILITY_SCALE;
    let start = towardsShare + awayShare;
    let frequency = PROBABILITY_SCALE - start;
    if (slot < towardsShare) {
      steps[index] = towards;
      start = 0;
      frequency = towardsShare;
    } else if (slot < towardsShare + awayShare) {
      steps[index] = -towards;
      start = towardsShare;
      frequency = awayShare;
    }
    state = frequency * Math.floor(state / PROBABILITY_SCALE) + slot - start;
    if (state < STATE_FLOOR) {
      opened.end -= 2;
      if (opened.end < rawStart) throw new CorruptRecordError("A grid record ends inside its corrections.");
      state = state * 0x10000 + payload[opened.end]! + 256 * payload[opened.end + 1]!;
    }
  }
  opened.states[0] = state;
  return steps;
}
