import type { ByteReader } from "../../src/codec/byte-io.ts";
import { formHasDecimals } from "../../src/codec/grid-decoder.ts";
import { rawWidth } from "../../src/codec/grid-encoder.ts";
import { type GridHeader, takeGridParts } from "../../src/codec/grid-payload.ts";
import { laneCount, type OpenSymbols, openSymbols, takeCorrections } from "../../src/codec/octave-coder.ts";
import {
  depthOfSymbol,
  eighthOfSymbol,
  octaveTable,
  PROBABILITY_SCALE,
  significandBitsOfDepth,
  ZERO_SYMBOL,
} from "../../src/codec/octave-tables.ts";
import { STATE_FLOOR } from "../../src/codec/rans.ts";
import type { OpenRecord } from "../../src/codec/record.ts";
import { powerOfTen, roundToDecimals, shortestDecimal } from "../../src/codec/shortest-decimal.ts";
import { widthTables } from "../../src/codec/width-tables.ts";
import { CorruptRecordError } from "../../src/core/errors.ts";
import { roundSignificand } from "./provider-vectors.ts";

/** The decoder of grid payloads in plain TypeScript, as the format's description reads: the oracle of the kernels. */
export function referenceDecode(record: OpenRecord, reader: ByteReader): Float64Array {
  const { dimensions, numberForm, payload } = record;
  const { header, hasCorrections, fine, near, far } = takeGridParts(reader, dimensions, formHasDecimals(numberForm));
  const lanes = header.model === undefined ? laneCount(dimensions) : 1;
  const opened = openSymbols(payload, reader.position, lanes);
  const corrections = hasCorrections
    ? takeCorrections(payload, reader.position, opened, header.precision, header.scale)
    : undefined;
  // h itself is decoded first when something happens to it before the scale.
  const isLate = header.divisor !== 1 || fine !== undefined || header.model !== undefined;
  const values = new Float64Array(dimensions);
  const significands = new Float64Array(dimensions);
  decodeValues(header, isLate ? 1 : header.scale, payload, reader.position, opened, dimensions, values, significands);
  if (numberForm === "fixedInteger") {
    for (let i = 0; i < dimensions; i++) values[i]! /= powerOfTen(header.decimals);
  } else if (numberForm !== "float64") {
    const float32s = Float32Array.from(values);
    const bits = new Int32Array(float32s.buffer);
    fine?.indices.forEach((index, item) => {
      bits[index]! += fine.differences[item]!;
    });
    if (isLate) {
      float32s.forEach((h, i) => {
        float32s[i] = Math.fround(h / header.divisor) * header.scale;
      });
    }
    if (corrections !== undefined) {
      for (let i = 0; i < dimensions; i++)
        if (significands[i] !== 0) bits[i]! += corrections[significands[i]! - corrections.length]!;
    }
    if (header.isFloat16) {
      float32s.forEach((value, i) => {
        float32s[i] = roundSignificand(value, 11);
      });
    }
    near?.indices.forEach((index, item) => {
      bits[index]! += near.differences[item]!;
    });
    float32s.forEach((value, i) => {
      if (numberForm === "float32") values[i] = value;
      else if (numberForm === "fixedFloat32") values[i] = roundToDecimals(value, header.decimals);
      else values[i] = shortestDecimal(value, numberForm === "shortestTiesUp");
    });
  }
  const words = new Uint32Array(values.buffer);
  far?.indices.forEach((index, item) => {
    words.set(far.words.subarray(2 * item, 2 * item + 2), 2 * index);
  });
  return values;
}

/** Fills `target` with ±m · 2^x · scale, before any rounding, and `significands` with m. */
function decodeValues(
  header: GridHeader,
  scale: number,
  payload: Uint8Array,
  rawStart: number,
  opened: OpenSymbols,
  count: number,
  target: Float64Array,
  significands: Float64Array,
): void {
  const { frequencies: shares, starts: places } = octaveTable(header.table);
  const widthsOf = header.model && widthTables(header.table, header.model);
  const lanes = widthsOf === undefined ? laneCount(count) : 1;
  let { end } = opened;
  const states = Array.from(opened.states.subarray(0, lanes));
  const byteAt = (at: number): number => {
    if (at < rawStart) throw new CorruptRecordError("A grid record's payload is too short.");
    return payload[at]!;
  };
  const advance = (lane: number, start: number, frequency: number): void => {
    const state = states[lane]!;
    let next = frequency * Math.floor(state / PROBABILITY_SCALE) + (state % PROBABILITY_SCALE) - start;
    if (next < STATE_FLOOR) {
      end -= 2;
      next = next * 0x10000 + (byteAt(end) | (byteAt(end + 1) << 8));
    }
    states[lane] = next;
  };
  const symbols = new Uint8Array(count);
  const widths = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const lane = i % lanes;
    const place = states[lane]! % PROBABILITY_SCALE;
    const symbol = shares.findIndex((share, s) => place < places[s]! + share);
    symbols[i] = symbol;
    advance(lane, places[symbol]!, shares[symbol]!);
    if (widthsOf === undefined || symbol === ZERO_SYMBOL) continue;
    const { frequencies, starts } = widthsOf[symbol]!;
    const within = states[lane]! % PROBABILITY_SCALE;
    const width = frequencies.findIndex((frequency, w) => within >= starts[w]! && within < starts[w]! + frequency);
    widths[i] = width;
    advance(lane, starts[width]!, frequencies[width]!);
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
      const told = significandBitsOfDepth(depth);
      const own = Math.max(0, widths[i]! - told);
      const width = widthsOf === undefined ? rawWidth(header.precision, header.floorDepth, depth) : own;
      // The lowest bit is what a value's own width tells.
      const first = own > 0 ? 1 : 0;
      let rest = first;
      for (let place = first; place < width; place++) rest += takeBit() * 2 ** place;
      const significand = (2 ** told + eighthOfSymbol(symbol)) * 2 ** width + rest;
      significands[i] = significand;
      value = significand * (scale * 2 ** (header.topExponent - depth - told - width));
    }
    target[i] = sign === 1 ? -value : value;
  }
  if (Math.max(Math.ceil(bit / 8), 2 * lanes) !== raw.length) {
    throw new CorruptRecordError("A grid record's raw bits do not end where its symbols do.");
  }
}
