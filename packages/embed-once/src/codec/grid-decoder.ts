import { CorruptRecordError } from "../core/errors.ts";
import { ByteReader } from "./byte-io.ts";
import { type FarList, type GridParts, type NearList, NO_FLOOR, takeGridParts } from "./grid-payload.ts";
import {
  CORRECTIONS_AT,
  DECADES_AT,
  DESCRIPTORS_AT,
  POWERS_AT,
  STATES_AT,
  slotsAt,
  type VectorLayout,
  vectorLayout,
} from "./kernel-layout.ts";
import { type Kernels, kernels } from "./kernel-module.ts";
import { carriedBytes, laneCount, openSymbols, takeCorrections } from "./octave-coder.ts";
import { FINE_OCTAVES, INNER_OCTAVES, OUTER_OCTAVES } from "./octave-tables.ts";
import type { NumberFormName, OpenRecord } from "./record.ts";
import { powerOfTen } from "./shortest-decimal.ts";

/** No octave lies so deep: the kernels' way to say that there is no floor. */
const UNREACHED_DEPTH = 1000;

/** The decoded float32s, in the kernels' memory: valid until the next use of a kernel. */
export interface DecodedGrid {
  readonly layout: VectorLayout;
  readonly far: FarList | undefined;
}

export function formHasDecimals(form: NumberFormName): boolean {
  return form === "fixedFloat32" || form === "fixedInteger";
}

/**
 * Decodes a grid payload up to its float32s; for the number forms without float32s, its float64s.
 *
 * @param wantsNumbers Whether to go on to the float64s that the number form makes of the float32s.
 * @throws {CorruptRecordError} when the payload cannot have been written so.
 */
export function decodeGrid(record: OpenRecord, wantsNumbers: boolean): DecodedGrid {
  const { dimensions, numberForm, payload } = record;
  const reader = new ByteReader(payload, 0, payload.length);
  const parts = takeGridParts(reader, dimensions, formHasDecimals(numberForm));
  const layout = vectorLayout(dimensions);
  const kernel = kernels();
  const rawAt = loadSymbols(kernel, layout, record, reader.position, parts);
  const onFloat64s = numberForm === "float64" || numberForm === "fixedInteger";
  const { symbolsAt, float32sAt, float64sAt, payloadAt } = layout;
  const corrections = parts.hasCorrections ? CORRECTIONS_AT : 0;
  const bits = onFloat64s
    ? kernel.decodeFloat64s(DESCRIPTORS_AT, symbolsAt, payloadAt, dimensions, float64sAt)
    : kernel.decodeFloat32s(DESCRIPTORS_AT, symbolsAt, payloadAt, dimensions, corrections, float32sAt);
  if (Math.max(Math.ceil(bits / 8), carriedBytes(dimensions)) !== rawAt - payloadAt) {
    throw new CorruptRecordError("A grid record's raw bits do not end where its symbols do.");
  }
  const { fine, near, far, header } = parts;
  if (!onFloat64s) {
    repairFloat32s(layout, fine);
    if (isNormalisedLater(parts)) kernel.normalise(float32sAt, dimensions, header.divisor, header.scale);
    if (header.isFloat16) kernel.roundToFloat16(float32sAt, dimensions);
    repairFloat32s(layout, near);
  }
  if (numberForm === "fixedInteger") kernel.divide(float64sAt, dimensions, powerOfTen(header.decimals));
  else if (wantsNumbers && !onFloat64s) makeNumbers(kernel, layout, numberForm, dimensions, header.decimals);
  return { layout, far };
}

/** Whether h itself is decoded first, as something happens to it before the scale. */
function isNormalisedLater(parts: GridParts): boolean {
  return parts.header.divisor !== 1 || parts.fine !== undefined;
}

function repairFloat32s(layout: VectorLayout, list: NearList | undefined): void {
  if (list === undefined) return;
  const { indices, differences } = list;
  const { int32s } = layout.memory;
  const first = layout.float32sAt / 4;
  for (let item = 0; item < indices.length; item++) int32s[first + indices[item]!]! += differences[item]!;
}

/** Decodes the symbols and writes the descriptors. Returns the address after the raw bits. */
function loadSymbols(
  kernel: Kernels,
  layout: VectorLayout,
  record: OpenRecord,
  rawStart: number,
  parts: GridParts,
): number {
  const { dimensions, payload } = record;
  const { memory, payloadAt, payloadBytes, symbolsAt } = layout;
  const { precision, floorDepth, topExponent, scale, table } = parts.header;
  const opened = openSymbols(payload, rawStart, dimensions);
  if (parts.hasCorrections) {
    const steps = takeCorrections(payload, rawStart, opened, precision, scale);
    // Looked up by the whole significand; that of zero is 0 and stays as it is.
    memory.bytes[CORRECTIONS_AT] = 0;
    memory.bytes.set(steps, CORRECTIONS_AT + steps.length);
  }
  const length = opened.end - rawStart;
  if (length > payloadBytes - 64 || 8 * (length + carriedBytes(dimensions)) < dimensions) {
    throw new CorruptRecordError(`A grid record of ${dimensions} dimensions has ${length} bytes of numbers.`);
  }
  memory.bytes.set(payload.subarray(rawStart, opened.end), payloadAt);
  for (let lane = 0; lane < 4; lane++) memory.int32s[STATES_AT / 4 + lane] = opened.states[lane]! | 0;
  const end = kernel.decodeSymbols(
    slotsAt(table),
    STATES_AT,
    laneCount(dimensions),
    payloadAt + length,
    symbolsAt,
    dimensions,
  );
  if (end < payloadAt + carriedBytes(dimensions)) {
    throw new CorruptRecordError("A grid record's symbols do not end where they began.");
  }
  kernel.describeSymbols(
    DESCRIPTORS_AT,
    OUTER_OCTAVES,
    FINE_OCTAVES,
    INNER_OCTAVES,
    precision,
    floorDepth === NO_FLOOR ? UNREACHED_DEPTH : floorDepth,
    topExponent,
    isNormalisedLater(parts) ? 1 : scale,
  );
  return end;
}

function makeNumbers(
  kernel: Kernels,
  layout: VectorLayout,
  numberForm: NumberFormName,
  dimensions: number,
  decimals: number,
): void {
  const { float32sAt, float64sAt } = layout;
  switch (numberForm) {
    case "float32":
      kernel.widen(float32sAt, float64sAt, dimensions);
      break;
    case "fixedFloat32":
      kernel.roundDecimals(float32sAt, float64sAt, dimensions, powerOfTen(decimals));
      break;
    default: {
      const tiesUp = numberForm === "shortestTiesUp" ? 1 : 0;
      kernel.shortestDecimals(float32sAt, float64sAt, dimensions, DECADES_AT, POWERS_AT, tiesUp);
    }
  }
}
