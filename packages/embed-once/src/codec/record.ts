import { crc32 } from "node:zlib";
import { CorruptRecordError, UnsupportedRecordError } from "../core/errors.ts";
import { MAX_DIMENSIONS } from "./codec.ts";

/**
 * The frame around every encoded vector, little-endian:
 *
 * | bytes | what |
 * |---|---|
 * | 0 | magic, 0xE0 |
 * | 1 | version of the format |
 * | 2 | form: how the payload is to be read |
 * | 3–5 | dimensions − 1, so that 65,536 fits into 24 bits with room to spare |
 * | 6–9 | CRC-32 over bytes 0–5 and the payload |
 * | 10… | payload, to the end of the record |
 */
export interface VectorRecord {
  form: number;
  dimensions: number;
  /** A view into the record. */
  payload: Uint8Array;
}

const MAGIC = 0xe0;
const VERSION = 1;
const HEADER_BYTES = 10;
const CHECKED_HEADER_BYTES = 6;

export function frameRecord(form: number, dimensions: number, payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(record.buffer);
  record[0] = MAGIC;
  record[1] = VERSION;
  record[2] = form;
  view.setUint16(3, (dimensions - 1) & 0xffff, true);
  record[5] = (dimensions - 1) >>> 16;
  record.set(payload, HEADER_BYTES);
  view.setUint32(CHECKED_HEADER_BYTES, checksum(record), true);
  return record;
}

/**
 * Reads and checks a frame.
 * @throws CorruptRecordError where magic, length or checksum are wrong
 * @throws UnsupportedRecordError where the frame is sound but of another version
 */
export function openRecord(record: Uint8Array): VectorRecord {
  if (record.length <= HEADER_BYTES) {
    throw new CorruptRecordError(`a record has more than ${HEADER_BYTES} bytes, got ${record.length}`);
  }
  if (record[0] !== MAGIC) {
    throw new CorruptRecordError(`a record begins with byte ${MAGIC}, got ${record[0]}`);
  }
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (view.getUint32(CHECKED_HEADER_BYTES, true) !== checksum(record)) {
    throw new CorruptRecordError(`the checksum of a record of ${record.length} bytes does not match its content`);
  }
  if (record[1] !== VERSION) {
    throw new UnsupportedRecordError(`records of version ${VERSION} can be read, got version ${record[1]}`);
  }
  const dimensions = view.getUint16(3, true) + (record[5]! << 16) + 1;
  if (dimensions > MAX_DIMENSIONS) {
    throw new CorruptRecordError(`a vector has at most ${MAX_DIMENSIONS} dimensions, the record says ${dimensions}`);
  }
  return { form: record[2]!, dimensions, payload: record.subarray(HEADER_BYTES) };
}

function checksum(record: Uint8Array): number {
  return crc32(record.subarray(HEADER_BYTES), crc32(record.subarray(0, CHECKED_HEADER_BYTES)));
}
