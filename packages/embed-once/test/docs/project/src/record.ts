import { crc32 } from "node:zlib";

/** A record is its content and, behind that, the content's checksum. */
export class CorruptRecordError extends Error {}

const CHECKSUM_BYTES = 4;

export function encodeRecord(content: Uint8Array): Uint8Array {
  const record = Buffer.alloc(content.length + CHECKSUM_BYTES);
  record.set(content);
  record.writeUInt32LE(crc32(content), content.length);
  return record;
}

/** Gives a record's content once its checksum is verified. */
export function decodeRecord(record: Uint8Array): Uint8Array {
  const content = record.subarray(0, -CHECKSUM_BYTES);
  if (!verifyChecksum(record)) throw new CorruptRecordError("the checksum of the record is wrong");
  return content;
}

export function verifyChecksum(record: Uint8Array): boolean {
  if (record.length < CHECKSUM_BYTES) return false;
  const end = record.length - CHECKSUM_BYTES;
  const stored = Buffer.from(record.buffer, record.byteOffset + end, CHECKSUM_BYTES).readUInt32LE(0);
  return stored === crc32(record.subarray(0, end));
}

/** Reads all records of a file that holds each with its length before it. */
export function* readRecords(file: Uint8Array): Generator<Uint8Array> {
  const bytes = Buffer.from(file);
  // Where the next length stands.
  let at = 0;
  while (at < bytes.length) {
    const length = bytes.readUInt32LE(at);
    at += 4;
    yield decodeRecord(bytes.subarray(at, at + length));
    at += length;
  }
}
