import { CorruptRecordError } from "../core/errors.ts";
import { ByteReader } from "./byte-io.ts";
import { type FarList, type GridParts, type NearList, NO_FLOOR, takeGridParts } from "./grid-payload.ts";
import {
  CORRECTIONS_AT,
  DECIMALS_AT,
  DESCRIPTORS_AT,
  fieldsAt,
  MAX_SHORT_WIDTH,
  STATES_AT,
  slotsAt,
  type VectorLayout,
  vectorLayout,
  widthCodesAt,
} from "./kernel-layout.ts";
import { type Kernels, kernels } from "./kernel-module.ts";
import { carriedBytes, laneCount, openSymbols, takeCorrections } from "./octave-coder.ts";
import {
  FINE_OCTAVES,
  INNER_OCTAVES,
  labelOfSymbol,
  OUTER_OCTAVES,
  significandBitsOfDepth,
  ZERO_SYMBOL,
} from "./octave-tables.ts";
import type { NumberFormName, OpenRecord } from "./record.ts";
import { powerOfTen } from "./shortest-decimal.ts";
import { OWN_WIDTHS_CARRIED_BYTES } from "./width-coder.ts";
import { type SumModel, widthTables } from "./width-tables.ts";

const FINE_SIGNIFICAND_BITS = significandBitsOfDepth(OUTER_OCTAVES);

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
  const onFloat64s = isOnFloat64s(numberForm);
  const { float32sAt, float64sAt } = layout;
  const { model } = parts.header;
  if (model === undefined) decodeFixedWidths(kernel, layout, record, reader.position, parts);
  else decodeOwnWidths(kernel, layout, record, reader.position, parts, model);
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

/** Decodes grid values whose widths follow from their octaves: float32s, or the float64s of forms without float32s. */
function decodeFixedWidths(
  kernel: Kernels,
  layout: VectorLayout,
  record: OpenRecord,
  rawStart: number,
  parts: GridParts,
): void {
  const { dimensions, numberForm, payload } = record;
  const { memory, symbolsAt, float32sAt, float64sAt, payloadAt } = layout;
  const { precision, table, scale } = parts.header;
  const lanes = laneCount(dimensions);
  const opened = openSymbols(payload, rawStart, lanes);
  if (parts.hasCorrections) {
    const steps = takeCorrections(payload, rawStart, opened, precision, scale);
    // Looked up by the whole significand; that of zero is 0 and stays as it is.
    memory.bytes[CORRECTIONS_AT] = 0;
    memory.bytes.set(steps, CORRECTIONS_AT + steps.length);
  }
  const end = loadPayload(layout, record, rawStart, opened.end);
  for (let lane = 0; lane < 4; lane++) memory.int32s[STATES_AT / 4 + lane] = opened.states[lane]! | 0;
  const rawEnd = kernel.decodeSymbols(slotsAt(table), STATES_AT, lanes, payloadAt, end, symbolsAt, dimensions);
  checkRawEnd(rawEnd);
  describe(kernel, parts, precision);
  let bits: number;
  if (isOnFloat64s(numberForm)) {
    bits = kernel.decodeFloat64s(DESCRIPTORS_AT, symbolsAt, payloadAt, dimensions, float64sAt);
  } else if (hasShortFields(parts)) {
    const width = fineWidth(precision);
    bits = kernel.decodeShortFields(
      DESCRIPTORS_AT,
      symbolsAt,
      payloadAt,
      dimensions,
      fieldsAt(width),
      width,
      8 * lowestFineExponentField(parts),
      decodedScale(parts),
      float32sAt,
    );
  } else {
    const corrections = parts.hasCorrections ? CORRECTIONS_AT : 0;
    bits = kernel.decodeFloat32s(DESCRIPTORS_AT, symbolsAt, payloadAt, dimensions, corrections, float32sAt);
  }
  checkRawBits(bits, rawEnd - payloadAt, carriedBytes(dimensions));
}

/** Raw bits after a fine symbol, the sign not counted, on a grid without a floor. */
function fineWidth(precision: number): number {
  return Math.max(0, precision - 1 - FINE_SIGNIFICAND_BITS);
}

/** The exponent field that a float32 in the octave below the fine ones has. */
function lowestFineExponentField(parts: GridParts): number {
  return parts.header.topExponent - OUTER_OCTAVES - FINE_OCTAVES + 127;
}

/** Whether the kernel for short fields can decode this: half-precision numbers within reach of normal float32s. */
function hasShortFields(parts: GridParts): boolean {
  const { precision, floorDepth } = parts.header;
  const lowest = lowestFineExponentField(parts);
  return (
    !parts.hasCorrections &&
    floorDepth === NO_FLOOR &&
    fineWidth(precision) <= MAX_SHORT_WIDTH &&
    lowest >= 0 &&
    // Multiplied by a scale below 2, the largest is still a float32.
    lowest + FINE_OCTAVES < 254
  );
}

/** The same for values that tell their own widths; float32s only. */
function decodeOwnWidths(
  kernel: Kernels,
  layout: VectorLayout,
  record: OpenRecord,
  rawStart: number,
  parts: GridParts,
  model: SumModel,
): void {
  const { dimensions, numberForm, payload } = record;
  const { symbolsAt, float32sAt, float64sAt, payloadAt } = layout;
  if (isOnFloat64s(numberForm)) {
    throw new CorruptRecordError(`A grid record of the form ${numberForm} has values that tell their own widths.`);
  }
  const { table } = parts.header;
  const opened = openSymbols(payload, rawStart, 1);
  const end = loadPayload(layout, record, rawStart, opened.end);
  const codes = widthCodesAt(widthTables(table, model));
  // The float64s come later: until then their place is free.
  const widthsAt = float64sAt;
  const state = opened.states[0]! | 0;
  const rawEnd = kernel.decodeWidths(
    slotsAt(table),
    codes,
    state,
    payloadAt,
    end,
    labelOfSymbol(ZERO_SYMBOL),
    symbolsAt,
    widthsAt,
    dimensions,
  );
  checkRawEnd(rawEnd);
  describe(kernel, parts, 1);
  const bits = kernel.decodeOwnWidths(DESCRIPTORS_AT, symbolsAt, widthsAt, payloadAt, dimensions, float32sAt);
  checkRawBits(bits, rawEnd - payloadAt, OWN_WIDTHS_CARRIED_BYTES);
}

/** Copies raw bits and words to the kernels' memory; returns the address after the words. */
function loadPayload(
  { memory, payloadAt, payloadBytes }: VectorLayout,
  { dimensions, payload }: OpenRecord,
  rawStart: number,
  end: number,
): number {
  const length = end - rawStart;
  if (length > payloadBytes - 64 || 8 * (length + carriedBytes(dimensions)) < dimensions) {
    throw new CorruptRecordError(`A grid record of ${dimensions} dimensions has ${length} bytes of numbers.`);
  }
  memory.bytes.set(payload.subarray(rawStart, end), payloadAt);
  return payloadAt + length;
}

/** The kernels give no address where the words reach below the raw bits' beginning, or a state is a wrong one. */
function checkRawEnd(rawEnd: number): void {
  if (rawEnd === 0) throw new CorruptRecordError("A grid record's symbols do not end where they began.");
}

function checkRawBits(bits: number, bytes: number, carried: number): void {
  if (Math.max(Math.ceil(bits / 8), carried) !== bytes) {
    throw new CorruptRecordError("A grid record's raw bits do not end where its symbols do.");
  }
}

function describe(kernel: Kernels, parts: GridParts, precision: number): void {
  const { floorDepth, topExponent } = parts.header;
  kernel.describeSymbols(
    DESCRIPTORS_AT,
    OUTER_OCTAVES,
    FINE_OCTAVES,
    INNER_OCTAVES,
    precision,
    floorDepth === NO_FLOOR ? UNREACHED_DEPTH : floorDepth,
    topExponent,
    decodedScale(parts),
  );
}

/** The scale by which the kernels multiply; 1 where h itself is decoded. */
function decodedScale(parts: GridParts): number {
  return isNormalisedLater(parts) ? 1 : parts.header.scale;
}

function isOnFloat64s(form: NumberFormName): boolean {
  return form === "float64" || form === "fixedInteger";
}

/** Whether h itself is decoded first, as something happens to it before the scale. */
function isNormalisedLater(parts: GridParts): boolean {
  return parts.header.divisor !== 1 || parts.fine !== undefined || parts.header.model !== undefined;
}

function repairFloat32s(layout: VectorLayout, list: NearList | undefined): void {
  if (list === undefined) return;
  const { indices, differences } = list;
  const { int32s } = layout.memory;
  const first = layout.float32sAt / 4;
  for (let item = 0; item < indices.length; item++) int32s[first + indices[item]!]! += differences[item]!;
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
      kernel.shortestDecimals(float32sAt, float64sAt, dimensions, DECIMALS_AT, tiesUp);
    }
  }
}
