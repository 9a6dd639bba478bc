import { CorruptRecordError } from "../core/errors.ts";
import { rawWidth } from "./grid-encoder.ts";
import type { GridHeader } from "./grid-payload.ts";
import { laneCount, type OpenSymbols, STATE_FLOOR } from "./octave-coder.ts";
import {
  depthOfSymbol,
  eighthOfSymbol,
  octaveTable,
  PROBABILITY_BITS,
  PROBABILITY_SCALE,
  significandBitsOfDepth,
  ZERO_SYMBOL,
} from "./octave-tables.ts";

/** Plain reference of the grid decoder: fills `target` with ±m · 2^x · scale as float64s, before any rounding. */
export function decodeGridReference(
  header: GridHeader,
  payload: Uint8Array,
  rawStart: number,
  opened: OpenSymbols,
  count: number,
  target: Float64Array,
  significands?: Float64Array,
): void {
  const { slots } = octaveTable(header.table);
  const lanes = laneCount(count);
  let { end } = opened;
  const states = Array.from(opened.states.subarray(0, lanes));
  const byteAt = (at: number): number => {
    if (at < rawStart) throw new CorruptRecordError("A grid record's payload is too short.");
    return payload[at]!;
  };
  const symbols = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const lane = i & (lanes - 1);
    let state = states[lane]!;
    const slot = slots[state & (PROBABILITY_SCALE - 1)]!;
    symbols[i] = slot >>> 24;
    const frequency = ((slot >>> PROBABILITY_BITS) & (PROBABILITY_SCALE - 1)) + 1;
    state = frequency * (state >>> PROBABILITY_BITS) + (slot & (PROBABILITY_SCALE - 1));
    if (state < STATE_FLOOR) {
      end -= 2;
      state = state * 0x10000 + (byteAt(end) | (byteAt(end + 1) << 8));
    }
    states[lane] = state;
  }
  const carried = states.map((state) => state - STATE_FLOOR);
  if (carried.some((rest) => rest < 0 || rest >= STATE_FLOOR)) {
    throw new CorruptRecordError("A grid record's symbols do not end where they began.");
  }
  const raw = Uint8Array.from([
    ...payload.subarray(rawStart, end),
    ...carried.flatMap((rest) => [rest & 255, rest >> 8]),
  ]);
  let bit = 0;
  const takeBit = (): number => {
    const value = ((raw[bit >> 3] ?? 0) >> (bit & 7)) & 1;
    bit++;
    return value;
  };
  for (let i = 0; i < count; i++) {
    const symbol = symbols[i]!;
    const sign = takeBit();
    let value = 0;
    if (symbol !== ZERO_SYMBOL) {
      const depth = depthOfSymbol(symbol);
      const width = rawWidth(header.precision, header.floorDepth, depth);
      let rest = 0;
      for (let place = 0; place < width; place++) rest += takeBit() * 2 ** place;
      const told = significandBitsOfDepth(depth);
      const significand = (2 ** told + eighthOfSymbol(symbol)) * 2 ** width + rest;
      if (significands) significands[i] = significand;
      value = significand * (header.scale * 2 ** (header.topExponent - depth - told - width));
    } else if (significands) significands[i] = 0;
    target[i] = sign === 1 ? -value : value;
  }
  if (Math.max(Math.ceil(bit / 8), 2 * lanes) !== raw.length) {
    throw new CorruptRecordError("A grid record's raw bits do not end where its symbols do.");
  }
}
