import { crc32 } from "node:zlib";
import { CorruptRecordError, UnsupportedRecordError } from "../core/errors.ts";
import { ByteReader } from "./byte-io.ts";
import { MAX_DIMENSIONS } from "./codec.ts";

/**
 * The frame around every stored vector. All integers are little-endian; a varint is LEB128, unsigned.
 *
 * | bytes | what |
 * |---|---|
 * | 1 | magic, 0xE1 |
 * | 1 | version, 1 |
 * | 1 | form: number form in the low four bits, structure in the high four |
 * | 1 to 3 | varint: dimensions, 1 to 65,536 |
 * | 1 to 3 | varint: payload length in bytes |
 * | payload length | payload, laid out by its structure |
 * | 4 | CRC-32 (the one of gzip) over everything before it |
 *
 * Magic, version and the closing CRC-32 keep their places in every later version, so that an old reader can tell a
 * sound record of a later version from a damaged one.
 */
export const RECORD_MAGIC = 0xe1;
export const RECORD_VERSION = 1;

const CHECKSUM_BYTES = 4;
const SMALLEST_RECORD_BYTES = 2 + CHECKSUM_BYTES;
const LONGEST_HEADER_BYTES = 3 + 3 + 3;

/** How the numbers were written by whoever made them. The number is the low half of a record's form byte. */
export const NUMBER_FORMS = {
  /** Shortest decimal of a float32, exact ties to even: form 1 as servers write it. */
  shortest: 1,
  /** Exact float32 (and float16, bfloat16) widened: forms 2 and 3. */
  float32: 2,
  /** Rounded to a fixed count of decimals, a float32 beneath: form 4 on a float32 grid. */
  fixedFloat32: 3,
  /** An integer divided by a power of ten: form 4. */
  fixedInteger: 4,
  /** Any float64: form 5. */
  float64: 5,
  /** Shortest decimal of a float32, exact ties upward: form 1 as JavaScript writes it. */
  shortestTiesUp: 6,
} as const;
export type NumberFormName = keyof typeof NUMBER_FORMS;

/** How the payload holds the numbers. The number is the high half of a record's form byte. */
export const STRUCTURES = {
  /** The numbers as they are, little-endian. */
  plain: 0,
  /** One zstd frame of the numbers as they are. */
  zstd: 1,
  /** One zstd frame of the numbers' byte planes, the lowest byte of every number first. */
  zstdPlanes: 2,
  /** Sign, octave and significand on a grid with one scale; see grid-payload.ts. */
  grid: 3,
} as const;
export type StructureName = keyof typeof STRUCTURES;

const numberFormNames = new Map<number, NumberFormName>(
  Object.entries(NUMBER_FORMS).map(([name, code]) => [code, name as NumberFormName]),
);
const structureNames = new Map<number, StructureName>(
  Object.entries(STRUCTURES).map(([name, code]) => [code, name as StructureName]),
);

/** How the numbers were written, of a record that `sealRecord` made: nothing is checked. */
export function numberFormOf(record: Uint8Array): NumberFormName {
  return numberFormNames.get(record[2]! & 15)!;
}

/** A record, opened: its header read, its checksum verified, its payload not yet looked at. */
export interface OpenRecord {
  readonly dimensions: number;
  readonly numberForm: NumberFormName;
  readonly structure: StructureName;
  /** A view into the record. */
  readonly payload: Uint8Array;
}

let scratch = new Uint8Array(0);

/** Puts a payload into its frame. @returns A view that is valid until the next call. */
export function sealRecord(
  dimensions: number,
  numberForm: NumberFormName,
  structure: StructureName,
  payload: Uint8Array,
): Uint8Array {
  const longest = LONGEST_HEADER_BYTES + payload.length + CHECKSUM_BYTES;
  if (scratch.length < longest) scratch = new Uint8Array(longest);
  scratch[0] = RECORD_MAGIC;
  scratch[1] = RECORD_VERSION;
  scratch[2] = NUMBER_FORMS[numberForm] | (STRUCTURES[structure] << 4);
  let at = putVarint(scratch, 3, dimensions);
  at = putVarint(scratch, at, payload.length);
  scratch.set(payload, at);
  at += payload.length;
  const checksum = crc32(scratch.subarray(0, at));
  for (let byte = 0; byte < CHECKSUM_BYTES; byte++) scratch[at + byte] = checksum >>> (8 * byte);
  return scratch.subarray(0, at + CHECKSUM_BYTES);
}

/**
 * Opens a record and verifies its checksum.
 *
 * @throws {CorruptRecordError} when the bytes are no record, or were changed, cut short or extended.
 * @throws {UnsupportedRecordError} when the record is sound but of a version or form that this version does not know.
 */
export function openRecord(record: Uint8Array): OpenRecord {
  checkIntegrity(record);
  return openVouched(record);
}

/** The same without the checksum, for a record that another one has vouched for just now. */
export function openVouched(record: Uint8Array): OpenRecord {
  const end = record.length - CHECKSUM_BYTES;
  const version = record[1]!;
  if (version !== RECORD_VERSION) {
    throw new UnsupportedRecordError(`This version reads records of version ${RECORD_VERSION}; got ${version}.`);
  }
  const reader = new ByteReader(record, 2, end);
  const form = reader.byte();
  const dimensions = reader.varint();
  const payloadLength = reader.varint();
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw new CorruptRecordError(`A record holds 1 to ${MAX_DIMENSIONS} dimensions; its header says ${dimensions}.`);
  }
  if (payloadLength !== end - reader.position) {
    throw new CorruptRecordError(
      `The header says ${payloadLength} payload bytes; the record has ${end - reader.position}.`,
    );
  }
  const numberForm = numberFormNames.get(form & 15);
  const structure = structureNames.get(form >> 4);
  if (numberForm === undefined || structure === undefined) {
    throw new UnsupportedRecordError(`This version does not know the record form ${form}.`);
  }
  return { dimensions, numberForm, structure, payload: record.subarray(reader.position, end) };
}

/**
 * Detects a corrupt record by its length, its first byte and its checksum.
 *
 * @throws {CorruptRecordError} for a record of which any bit was changed, and for one that was cut short or extended.
 */
function checkIntegrity(record: Uint8Array): void {
  const { length } = record;
  if (length < SMALLEST_RECORD_BYTES) {
    throw new CorruptRecordError(`A record has at least ${SMALLEST_RECORD_BYTES} bytes; got ${length}.`);
  }
  if (record[0] !== RECORD_MAGIC) {
    throw new CorruptRecordError(`A record begins with byte ${RECORD_MAGIC}; got ${record[0]}.`);
  }
  const end = length - CHECKSUM_BYTES;
  const stored = (record[end]! | (record[end + 1]! << 8) | (record[end + 2]! << 16) | (record[end + 3]! << 24)) >>> 0;
  const actual = crc32(record.subarray(0, end));
  if (stored !== actual) {
    throw new CorruptRecordError(`The record's CRC-32 is ${stored}, but its ${end} bytes have ${actual}.`);
  }
}

function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest > 127) {
    bytes[position++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[position++] = rest;
  return position;
}
