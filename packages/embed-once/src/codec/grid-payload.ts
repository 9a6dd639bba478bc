import { CorruptRecordError } from "../core/errors.ts";
import type { ByteReader, ByteWriter } from "./byte-io.ts";
import { TABLES } from "./octave-tables.ts";

/**
 * The payload of structure `grid`: every value is ±m · 2^x · scale, with a significand m of few bits.
 *
 * | bytes | what |
 * |---|---|
 * | 1 | bits 0 to 2: bytes of the scale's fraction; bit 3: corrections; bit 4: near list; bit 5: far list; others 0 |
 * | 1 | precision p: significand bits of h, leading one included, 1 to 53 |
 * | 1 | floor depth: octaves from the top octave down to the one of the grid's step; 255 when there is no floor |
 * | 1 | static table of the exponent coder; see octave-tables.ts |
 * | 2 | top exponent, int16: the top octave is [2^e, 2^(e + 1)) · scale |
 * | 1 | number forms 3 and 4 only: decimals d, 1 to 22 |
 * | 0 to 7 | the scale's fraction, highest byte first; the scale is 1 + fraction, so none means 1 |
 * | | corrections: one ternary digit (+1) per significand, five a byte, first lowest; 2^(p−1) of them |
 * | | near list: varint count; 1 byte: Rice parameter r of gaps (low 4 bits); 1 byte: width w; then bits, lowest first: |
 * | | per item a gap in Rice code (unary high part of ones, r low bits) and a zigzag difference in w bits |
 * | | far list: varint count; per item a varint gap and the 8 bytes of a float64 |
 * | | raw bits, lowest first: per value the sign and the low significand bits |
 * | | the exponent coder's words and states, read backwards from the payload's end |
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
}

export const NO_FLOOR = 255;

/** Float32 steps to add to the predicted float32s; one for each significand, −1 to 1. */
export type Corrections = Int8Array;

/** Values to repair after decoding: ascending indices. */
export interface NearList {
  readonly indices: Uint32Array;
  /** Difference of the float32's bit pattern from the predicted one. */
  readonly differences: Int32Array;
}
export interface FarList {
  readonly indices: Uint32Array;
  /** The float64 itself: low word, high word. */
  readonly words: Uint32Array;
}

export interface GridParts {
  readonly header: GridHeader;
  readonly corrections: Corrections | undefined;
  readonly near: NearList | undefined;
  readonly far: FarList | undefined;
}

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
  const { header, corrections, near, far } = parts;
  const length = scaleLength(header.scale);
  writer.byte(length | (corrections ? 8 : 0) | (near ? 16 : 0) | (far ? 32 : 0));
  writer.byte(header.precision);
  writer.byte(header.floorDepth);
  writer.byte(header.table);
  writer.int16(header.topExponent);
  if (hasDecimals) writer.byte(header.decimals);
  for (let index = 0; index < length; index++) writer.byte(scaleByte(index));
  if (corrections) putCorrections(writer, corrections);
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

function putCorrections(writer: ByteWriter, corrections: Corrections): void {
  for (let first = 0; first < corrections.length; first += 5) {
    let packed = 0;
    for (let digit = Math.min(first + 5, corrections.length) - 1; digit >= first; digit--) {
      packed = 3 * packed + corrections[digit]! + 1;
    }
    writer.byte(packed);
  }
}

/** The Rice parameter for items at a mean distance: about log2 of it, times ln 2. */
function riceParameter(count: number, dimensions: number): number {
  return Math.max(0, Math.min(15, Math.floor(Math.log2((0.69 * dimensions) / count + 0.5))));
}

function putNearList(writer: ByteWriter, near: NearList): void {
  const { indices, differences } = near;
  let largest = 0;
  for (const difference of differences) largest = Math.max(largest, zigzag(difference));
  const width = 32 - Math.clz32(largest);
  const rice = riceParameter(indices.length, indices.at(-1)! + 1);
  writer.varint(indices.length);
  writer.byte(rice);
  writer.byte(width);
  let last = -1;
  for (let item = 0; item < indices.length; item++) {
    const gap = indices[item]! - last - 1;
    for (let unary = gap >> rice; unary > 0; unary--) writer.bits(1, 1);
    writer.bits(0, 1);
    writer.bits(gap & ((1 << rice) - 1), rice);
    const code = zigzag(differences[item]!);
    writer.bits(code & 0xffff, Math.min(16, width));
    if (width > 16) writer.bits(code >>> 16, width - 16);
    last = indices[item]!;
  }
  writer.alignToByte();
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
  if (flags > 63) throw new CorruptRecordError(`A grid record has unknown flags: ${flags}.`);
  const precision = reader.byte();
  const floorDepth = reader.byte();
  const table = reader.byte();
  const topExponent = reader.int16();
  const decimals = hasDecimals ? reader.byte() : 0;
  if (precision < 1 || precision > 53 || table >= TABLES || decimals > 22 || Math.abs(topExponent) > 1100) {
    throw new CorruptRecordError(
      `A grid record has precision ${precision}, table ${table}, top exponent ${topExponent}, decimals ${decimals}.`,
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
  const corrections = flags & 8 ? takeCorrections(reader, precision, floorDepth) : undefined;
  const near = flags & 16 ? takeNearList(reader, dimensions) : undefined;
  const far = flags & 32 ? takeFarList(reader, dimensions) : undefined;
  return {
    header: { precision, floorDepth, table, topExponent, decimals, scale },
    corrections,
    near,
    far,
  };
}

function takeCorrections(reader: ByteReader, precision: number, floorDepth: number): Corrections {
  if (precision > MAX_CORRECTED_PRECISION || floorDepth !== NO_FLOOR) {
    throw new CorruptRecordError(`A grid record has corrections at precision ${precision}, floor depth ${floorDepth}.`);
  }
  const corrections = new Int8Array(2 ** (precision - 1));
  let packed = 0;
  for (let digit = 0; digit < corrections.length; digit++) {
    if (digit % 5 === 0) packed = reader.byte();
    corrections[digit] = (packed % 3) - 1;
    packed = Math.floor(packed / 3);
  }
  return corrections;
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
  const rice = reader.byte();
  const width = reader.byte();
  if (rice > 15 || width > 32) {
    throw new CorruptRecordError(`A record's near list has Rice parameter ${rice} and width ${width}.`);
  }
  const indices = new Uint32Array(count);
  const differences = new Int32Array(count);
  let index = -1;
  for (let item = 0; item < count; item++) {
    let high = 0;
    while (high < dimensions && reader.bits(1) === 1) high++;
    index += 1 + high * (1 << rice) + reader.bits(rice);
    if (!(index < dimensions)) throw new CorruptRecordError("A record's near list runs past its dimensions.");
    const low = reader.bits(Math.min(16, width));
    const code = (low | (width > 16 ? reader.bits(width - 16) << 16 : 0)) >>> 0;
    indices[item] = index;
    differences[item] = (code >>> 1) ^ -(code & 1);
  }
  reader.alignToByte();
  return { indices, differences };
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
