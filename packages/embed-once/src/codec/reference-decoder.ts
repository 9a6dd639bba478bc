import { CorruptRecordError } from "../core/errors.ts";
import type { GridHeader } from "./grid-payload.ts";
import { rawWidth } from "./grid-encoder.ts";
import { laneCount, STATE_FLOOR } from "./octave-coder.ts";
import { depthOfSymbol, eighthOfSymbol, octaveTable, PROBABILITY_BITS, PROBABILITY_SCALE, significandBitsOfDepth, ZERO_SYMBOL } from "./octave-tables.ts";

/** Plain reference of the grid decoder: fills `target` with ±m · 2^x · scale as float64s, before any rounding. */
export function decodeGridReference(
  header: GridHeader,
  payload: Uint8Array,
  rawStart: number,
  count: number,
  target: Float64Array,
  significands?: Float64Array,
): void {
  const { slots } = octaveTable(header.table);
  const lanes = laneCount(count);
  let end = payload.length;
  const byteAt = (at: number): number => {
    if (at < rawStart || at >= payload.length) throw new CorruptRecordError("A grid record's payload is too short.");
    return payload[at]!;
  };
  const states: number[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    end -= 4;
    states.push((byteAt(end) | (byteAt(end + 1) << 8) | (byteAt(end + 2) << 16) | (byteAt(end + 3) << 24)) >>> 0);
  }
  let bit = 8 * rawStart;
  for (let i = 0; i < count; i++) {
    const lane = i & (lanes - 1);
    let state = states[lane]!;
    const slot = slots[state & (PROBABILITY_SCALE - 1)]!;
    const symbol = slot >>> 24;
    const frequency = ((slot >>> PROBABILITY_BITS) & (PROBABILITY_SCALE - 1)) + 1;
    state = frequency * (state >>> PROBABILITY_BITS) + (slot & (PROBABILITY_SCALE - 1));
    if (state < STATE_FLOOR) {
      end -= 2;
      state = state * 0x10000 + (byteAt(end) | (byteAt(end + 1) << 8));
    }
    states[lane] = state;
    const takeBit = (): number => {
      const value = (byteAt(bit >> 3) >> (bit & 7)) & 1;
      bit++;
      return value;
    };
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
  if (Math.ceil(bit / 8) !== end || states.some((state) => state !== STATE_FLOOR)) {
    throw new CorruptRecordError("A grid record's payload does not end where its numbers do.");
  }
}
