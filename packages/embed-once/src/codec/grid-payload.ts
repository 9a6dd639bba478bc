import { CorruptRecordError } from "../core/errors.ts";
import type { ByteReader, ByteWriter } from "./byte-io.ts";
import { TABLES } from "./octave-tables.ts";
import { MAX_ADDENDS, type SumModel } from "./width-tables.ts";

/**
 * The payload of structure `grid`: every value is ±m · 2^x · scale, with a significand m of few bits.
 *
 * | bytes | what |
 * |---|---|
 * | 1 | bits 0 to 2: bytes of the scale's fraction; 3: corrections; 4: near list; 5: far list; 6: floor; 7: divisor |
 * | 1 | bits 0 to 5: precision p, the significand bits of h, leading one included, 1 to 53; 0: each value tells its width; |
 * | | 6: fine list; 7: f is rounded to 11 bits |
 * | 1 | static table of the exponent coder; see octave-tables.ts |
 * | 1 to 2 | zigzag varint: top exponent e; the top octave is [2^e, 2^(e + 1)) · scale |
 * | 1 | with a floor only: octaves from the top octave down to the one of the grid's step, 0 to 254 |
 * | 1 | with precision 0 only: model of the widths; low half: addends, 2 to 8; high half: their significand bits, 8 or 11 |
 * | 1 | with a divisor only: 2 to 255; h is divided by it, in float32, before the scale is applied |
 * | 1 | number forms 3 and 4 only: decimals d, 1 to 22 |
 * | 0 to 7 | the scale's fraction, highest byte first; the scale is 1 + fraction, so none means 1 |
 * | | fine list: 1 byte: shift; then as the near list, the differences shifted right |
 * | | near list: varint count; 1 byte: Golomb parameters, of the gaps in the low, of the differences in the high half; |
 * | | then bits, lowest first: per item its gap and its zigzag difference in exponential Golomb code |
 * | | far list: varint count; per item a varint gap and the 8 bytes of a float64 |
 * | | raw bits, lowest first: per value the sign and the low significand bits; their last two bytes a lane are left out |
 * | | the exponent coder's words and states, read backwards from the payload's end; when all symbols are read, the states |
 * | | less 2^16 are the bytes of the raw bits that were left out. With corrections, the first lane begins with them |
 */
export interface GridHeader {
  readonly precision: number;
  readonly floorDepth: number;
  readonly table: number;
  readonly topExponent: number;
  /** Power of ten of the fixed number forms; 0 for the others. */
  readonly decimals: number;
  /** In [1, 2). */
  readonly scale: number;
  /** Float32s are fround(fround(h / divisor) · scale) when it is not 1. */
  readonly divisor: number;
  /** Whether the float32s are rounded to 11 significand bits, ties to even, before the near list. */
  readonly isFloat16: boolean;
  /** Set when each value tells its own width; `precision` is then not looked at. */
  readonly model: SumModel | undefined;
}

export const NO_FLOOR = 255;

/** Float32s to repair: ascending indices, and the differences of their bit patterns from the decoded ones. */
export interface NearList {
  readonly indices: Uint32Array;
  readonly differences: Int32Array;
}
export interface FarList {
  readonly indices: Uint32Array;
  /** The float64 itself: low word, high word. */
  readonly words: Uint32Array;
}

export interface GridParts {
  readonly header: GridHeader;
  /** Whether corrections precede the symbols in the exponent coder's first lane. */
  readonly hasCorrections: boolean;
  /** Differences of h, before divisor and scale: values that have more bits than the precision. */
  readonly fine: NearList | undefined;
  /** Differences of the float32s, after divisor and scale. */
  readonly near: NearList | undefined;
  readonly far: FarList | undefined;
}

/** Below this a symbol tells more bits than the significand has. */
export const MIN_CORRECTED_PRECISION = 4;
/** A significand of more bits would make the corrections larger than what they save. */
export const MAX_CORRECTED_PRECISION = 12;

const scaleFloat = new Float64Array(1);
const scaleBytes = new Uint8Array(scaleFloat.buffer);

/** Bytes of a scale's fraction (0 to 7) that are not zero from the top. */
function scaleLength(scale: number): number {
  scaleFloat[0] = scale;
  for (let length = 7; length > 0; length--) if (scaleByte(length - 1) !== 0) return length;
  return 0;
}

/** Byte `index` (0 to 6) from the top of the loaded scale's fraction, whose 52 bits fill six and a half. */
function scaleByte(index: number): number {
  const high = scaleBytes[6 - index]!;
  const low = index < 6 ? scaleBytes[5 - index]! : 0;
  return ((high << 4) | (low >> 4)) & 255;
}

/** Writes everything before the raw bits. */
export function putGridParts(writer: ByteWriter, parts: GridParts, hasDecimals: boolean): void {
  const { header, hasCorrections, fine, near, far } = parts;
  const length = scaleLength(header.scale);
  const hasFloor = header.floorDepth !== NO_FLOOR;
  writer.byte(
    length |
      (hasCorrections ? 8 : 0) |
      (near ? 16 : 0) |
      (far ? 32 : 0) |
      (hasFloor ? 64 : 0) |
      (header.divisor === 1 ? 0 : 128),
  );
  writer.byte((header.model ? 0 : header.precision) | (fine ? 64 : 0) | (header.isFloat16 ? 128 : 0));
  writer.byte(header.table);
  writer.varint(zigzag(header.topExponent));
  if (hasFloor) writer.byte(header.floorDepth);
  if (header.model) writer.byte(header.model.addends | (header.model.precision << 4));
  if (header.divisor !== 1) writer.byte(header.divisor);
  if (hasDecimals) writer.byte(header.decimals);
  for (let index = 0; index < length; index++) writer.byte(scaleByte(index));
  if (fine) {
    const shift = commonTrailingZeros(fine.differences);
    writer.byte(shift);
    putNearList(writer, { indices: fine.indices, differences: fine.differences.map((each) => each >> shift) });
  }
  if (near) putNearList(writer, near);
  if (far) {
    writer.varint(far.indices.length);
    let last = -1;
    far.indices.forEach((index, item) => {
      writer.varint(index - last - 1);
      writer.uint32(far.words[2 * item]!);
      writer.uint32(far.words[2 * item + 1]!);
      last = index;
    });
  }
}

function commonTrailingZeros(differences: Int32Array): number {
  const any = differences.reduce((bits, each) => bits | each, 0);
  return 31 - Math.clz32(any & -any);
}

function putNearList(writer: ByteWriter, near: NearList): void {
  const { indices, differences } = near;
  const gaps = indices.map((index, item) => index - (item === 0 ? 0 : indices[item - 1]! + 1));
  const codes = Uint32Array.from(differences, zigzag);
  const gapParameter = cheapestParameter(gaps);
  const codeParameter = cheapestParameter(codes);
  writer.varint(indices.length);
  writer.byte(gapParameter | (codeParameter << 4));
  for (let item = 0; item < indices.length; item++) {
    putGolomb(writer, gaps[item]!, gapParameter);
    putGolomb(writer, codes[item]!, codeParameter);
  }
  writer.alignToByte();
}

/** Exponential Golomb code: with v = value + 2^parameter, the count of v's bits above the parameter in ones, then them. */
function putGolomb(writer: ByteWriter, value: number, parameter: number): void {
  const shifted = value + 2 ** parameter;
  const extra = Math.floor(Math.log2(shifted)) - parameter;
  writer.bits((1 << extra) - 1, extra + 1);
  const width = extra + parameter;
  writer.bits((shifted % 0x10000) & ((1 << Math.min(16, width)) - 1), Math.min(16, width));
  if (width > 16) writer.bits(Math.floor(shifted / 0x10000) & ((1 << (width - 16)) - 1), width - 16);
}

function takeGolomb(reader: ByteReader, parameter: number): number {
  let extra = 0;
  while (extra < 32 - parameter && reader.bits(1) === 1) extra++;
  const width = extra + parameter;
  const low = reader.bits(Math.min(16, width));
  const high = width > 16 ? reader.bits(width - 16) : 0;
  return 2 ** width + high * 0x10000 + low - 2 ** parameter;
}

function cheapestParameter(values: Uint32Array): number {
  let best = 0;
  let leastBits = Number.POSITIVE_INFINITY;
  for (let parameter = 0; parameter < 16; parameter++) {
    let bits = 0;
    for (const value of values) bits += 2 * Math.floor(Math.log2(value + 2 ** parameter)) + 1 - parameter;
    if (bits < leastBits) {
      leastBits = bits;
      best = parameter;
    }
  }
  return best;
}

function zigzag(difference: number): number {
  return ((difference << 1) ^ (difference >> 31)) >>> 0;
}

/** About how many bits a near list of that many items costs; for the encoder's choices. */
export function nearListBits(count: number, largestDifference: number, dimensions: number): number {
  if (count === 0) return 0;
  const gapBits = Math.log2(dimensions / count) + 1.5;
  return 32 + count * (gapBits + Math.log2(largestDifference + 1) + 1.5);
}

/** Reads everything before the raw bits. @throws {CorruptRecordError} when it cannot have been written so. */
export function takeGridParts(reader: ByteReader, dimensions: number, hasDecimals: boolean): GridParts {
  const flags = reader.byte();
  const precisionAndFlags = reader.byte();
  const precision = precisionAndFlags & 63;
  const table = reader.byte();
  const topExponent = unzigzag(reader.varint());
  const floorDepth = flags & 64 ? reader.byte() : NO_FLOOR;
  const model = precision === 0 ? takeModel(reader) : undefined;
  const divisor = flags & 128 ? reader.byte() : 1;
  const decimals = hasDecimals ? reader.byte() : 0;
  if (divisor === 0 || precision > 53 || table >= TABLES || decimals > 22 || Math.abs(topExponent) > 1100) {
    throw new CorruptRecordError(
      `A grid record has precision ${precision}, table ${table}, top exponent ${topExponent}, decimals ${decimals}, divisor ${divisor}.`,
    );
  }
  const length = flags & 7;
  let scale = 1;
  let unit = 1;
  for (let index = 0; index < length; index++) {
    unit /= 256;
    scale += reader.byte() * unit;
  }
  if (scale >= 2) throw new CorruptRecordError("A grid record's scale has more bits than a float64.");
  const hasCorrections = (flags & 8) !== 0;
  const hasFineList = (precisionAndFlags & 64) !== 0;
  const isPlainGrid = divisor === 1 && floorDepth === NO_FLOOR && !hasFineList;
  if (
    hasCorrections &&
    !(isPlainGrid && precision >= MIN_CORRECTED_PRECISION && precision <= MAX_CORRECTED_PRECISION)
  ) {
    throw new CorruptRecordError(
      `A grid record has corrections with precision ${precision}, floor depth ${floorDepth}, divisor ${divisor}.`,
    );
  }
  if (model !== undefined && (floorDepth !== NO_FLOOR || hasFineList || precisionAndFlags > 127)) {
    throw new CorruptRecordError("A grid record whose values tell their widths has a floor, a fine list or float16s.");
  }
  const fine = hasFineList ? takeFineList(reader, dimensions) : undefined;
  const near = flags & 16 ? takeNearList(reader, dimensions) : undefined;
  const far = flags & 32 ? takeFarList(reader, dimensions) : undefined;
  return {
    header: {
      precision,
      floorDepth,
      table,
      topExponent,
      decimals,
      scale,
      divisor,
      isFloat16: precisionAndFlags > 127,
      model,
    },
    hasCorrections,
    fine,
    near,
    far,
  };
}

function takeModel(reader: ByteReader): SumModel {
  const byte = reader.byte();
  const addends = byte & 15;
  const precision = byte >> 4;
  if (addends < 2 || addends > MAX_ADDENDS || (precision !== 8 && precision !== 11)) {
    throw new CorruptRecordError(`A grid record's values are sums of ${addends} addends of ${precision} bits.`);
  }
  return { addends, precision };
}

function takeCount(reader: ByteReader, dimensions: number): number {
  const count = reader.varint();
  if (count > dimensions) {
    throw new CorruptRecordError(`A record of ${dimensions} dimensions lists ${count} exceptions.`);
  }
  return count;
}

function takeNearList(reader: ByteReader, dimensions: number): NearList {
  const count = takeCount(reader, dimensions);
  const parameters = reader.byte();
  const indices = new Uint32Array(count);
  const differences = new Int32Array(count);
  let index = -1;
  for (let item = 0; item < count; item++) {
    index += 1 + takeGolomb(reader, parameters & 15);
    if (!(index < dimensions)) throw new CorruptRecordError("A record's near list runs past its dimensions.");
    indices[item] = index;
    differences[item] = unzigzag(takeGolomb(reader, parameters >> 4));
  }
  reader.alignToByte();
  return { indices, differences };
}

function takeFineList(reader: ByteReader, dimensions: number): NearList {
  const shift = reader.byte();
  if (shift > 31) throw new CorruptRecordError(`A record's fine list is shifted by ${shift} bits.`);
  const { indices, differences } = takeNearList(reader, dimensions);
  return { indices, differences: differences.map((each) => each << shift) };
}

function unzigzag(code: number): number {
  return (code >>> 1) ^ -(code & 1);
}

function takeFarList(reader: ByteReader, dimensions: number): FarList {
  const count = takeCount(reader, dimensions);
  const indices = new Uint32Array(count);
  const words = new Uint32Array(2 * count);
  let index = -1;
  for (let item = 0; item < count; item++) {
    index += 1 + reader.varint();
    if (!(index < dimensions)) throw new CorruptRecordError("A record's far list runs past its dimensions.");
    indices[item] = index;
    words[2 * item] = reader.uint32();
    words[2 * item + 1] = reader.uint32();
  }
  return { indices, words };
}

/** Whether every listed number is a float32 that keeps its bits as one. */
export function holdsFloat32s(far: FarList): boolean {
  return new Float64Array(far.words.buffer).every((value) => Math.fround(value) === value);
}
