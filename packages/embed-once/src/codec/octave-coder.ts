import { CorruptRecordError } from "../core/errors.ts";
import { type Corrections, correctionModel } from "./corrections.ts";
import type { EncoderMemory } from "./encoder-memory.ts";
import { codesAt, costsAt, EIGHTHS, LOWEST_EXPONENT, STATES_AT, SUMMARY_AT } from "./kernel-layout.ts";
import { kernels, reserveMemory } from "./kernel-module.ts";
import {
  OCTAVES,
  octaveTable,
  PROBABILITY_BITS,
  PROBABILITY_SCALE,
  SPREAD_DEPTH,
  STEPS_PER_OCTAVE,
  TABLES,
  ZERO_SYMBOL,
} from "./octave-tables.ts";
import { RansReader, RansWriter, STATE_FLOOR } from "./rans.ts";

/** The exponent of a lane's zeros; smaller than that of any float64. */
export const ZERO_EXPONENT = -2000;

/** What a value costs that the alphabet does not reach: its place and its 64 bits. */
const OUTLIER_BITS = 90;

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

/**
 * Finds the cheapest static table by its actual cost for these values, not by their root mean square: a few large
 * dimensions inflate that by half an octave.
 *
 * @param memory The grid values' exponents and fractions; its counts of eighths are zero before and after.
 */
export function chooseTable(memory: EncoderMemory, count: number): TableChoice {
  const { exponents, fractions, eighthCounts } = memory;
  kernels().countEighths(
    exponents.byteOffset,
    fractions.byteOffset,
    count,
    LOWEST_EXPONENT,
    eighthCounts.byteOffset,
    SUMMARY_AT,
  );
  const { int32s } = reserveMemory(0);
  const lowestCell = int32s[SUMMARY_AT / 4]!;
  const highestCell = int32s[SUMMARY_AT / 4 + 1]!;
  const zeros = int32s[SUMMARY_AT / 4 + 2]!;
  if (zeros === count) return { table: 0, topExponent: 0, bits: count * PROBABILITY_BITS };

  let logSum = 0;
  for (let cell = lowestCell; cell <= highestCell; cell++) {
    logSum += eighthCounts[cell]! * (cell + 8 * LOWEST_EXPONENT);
  }
  let best: TableChoice = { table: 0, topExponent: 0, bits: Number.POSITIVE_INFINITY };
  // The mean of log2 |x| of a Gaussian lies 0.916 octaves below its spread.
  const guess = Math.round(logSum / (count - zeros) + 0.5 + 8 * (0.916 - 1 + SPREAD_DEPTH));
  const costOf = (shape: number, place: number): number => {
    const topExponent = Math.ceil(place / STEPS_PER_OCTAVE);
    const table = shape * STEPS_PER_OCTAVE + (topExponent * STEPS_PER_OCTAVE - place);
    const lowestReached = 8 * (topExponent - OCTAVES + 1 - LOWEST_EXPONENT);
    const countsAt = eighthCounts.byteOffset + 4 * lowestReached;
    const reached = kernels().costOfEighths(countsAt, costsAt(table), EIGHTHS, SUMMARY_AT);
    const outliers = count - zeros - int32s[SUMMARY_AT / 4]!;
    const bits = reached + outliers * OUTLIER_BITS + (outliers + zeros) * octaveTable(table).costs[ZERO_SYMBOL]!;
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

/** Bytes of the raw bits' end that the states carry: each state's 16 bits above its floor would be empty otherwise. */
export function carriedBytes(dimensions: number): number {
  return 2 * laneCount(dimensions);
}

/**
 * Codes the vector's symbols with rANS, last symbol first, so that a decoder reads the words backwards from the end of
 * the payload. The states begin with the last `carriedBytes` bytes before `position`, which the words then overwrite.
 *
 * @param position In the memory's `output`, behind the raw bits.
 * @returns The position after the last byte written there.
 */
export function putSymbols(
  memory: EncoderMemory,
  count: number,
  tableIndex: number,
  corrections: CorrectedScale | undefined,
  position: number,
): number {
  const { symbols, output } = memory;
  const { int32s } = reserveMemory(0);
  const lanes = laneCount(count);
  let at = position - carriedBytes(count);
  for (let lane = 0; lane < lanes; lane++) {
    int32s[STATES_AT / 4 + lane] = STATE_FLOOR + output[at + 2 * lane]! + 256 * output[at + 2 * lane + 1]!;
  }
  const start = output.byteOffset;
  at = kernels().encodeSymbols(codesAt(tableIndex), STATES_AT, lanes, symbols.byteOffset, count, start + at) - start;
  if (corrections !== undefined) at = putCorrections(corrections, output, at);
  for (let lane = lanes - 1; lane >= 0; lane--) {
    const state = int32s[STATES_AT / 4 + lane]!;
    for (let shift = 0; shift < 32; shift += 8) output[at++] = state >>> shift;
  }
  return at;
}

/** Codes the corrections in the first lane, last one first, after all symbols. Returns the position after the last word. */
function putCorrections({ steps, scale }: CorrectedScale, output: Uint8Array, position: number): number {
  const { int32s } = reserveMemory(0);
  const lane = new RansWriter(output, position, int32s[STATES_AT / 4]! >>> 0);
  for (let index = steps.length - 1; index >= 0; index--) {
    const { towards, towardsShare, awayShare } = correctionModel(steps.length + index, scale);
    const leaning = towardsShare + awayShare;
    if (steps[index] === towards) lane.put(0, towardsShare);
    else if (steps[index] !== 0) lane.put(towardsShare, awayShare);
    else lane.put(leaning, PROBABILITY_SCALE - leaning);
  }
  int32s[STATES_AT / 4] = lane.state;
  return lane.position;
}

/** The states of a coded stream, and where its words end. */
export interface OpenSymbols {
  readonly states: Float64Array;
  /** The next word lies before this position. */
  end: number;
}

/** Reads the states from the end of a payload. @throws {CorruptRecordError} when they are not all there. */
export function openSymbols(payload: Uint8Array, rawStart: number, lanes: 1 | 4): OpenSymbols {
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
  const lane = new RansReader(payload, rawStart, opened.end, opened.states[0]!);
  for (let index = 0; index < steps.length; index++) {
    const { towards, towardsShare, awayShare } = correctionModel(steps.length + index, scale);
    const leaning = towardsShare + awayShare;
    const { slot } = lane;
    if (slot < towardsShare) {
      steps[index] = towards;
      lane.advance(0, towardsShare);
    } else if (slot < leaning) {
      steps[index] = -towards;
      lane.advance(towardsShare, awayShare);
    } else {
      lane.advance(leaning, PROBABILITY_SCALE - leaning);
    }
  }
  opened.states[0] = lane.state;
  opened.end = lane.end;
  return steps;
}
