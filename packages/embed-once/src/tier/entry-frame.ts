import { crc32 } from "node:zlib";
import { type ContentKey, KEY_BYTES } from "../core/content-key.ts";

/**
 * An entry as it lies on disk, little-endian:
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | checksum: CRC-32 over everything between it and the last 4 bytes, xor those 4 bytes turned left by 13 bits |
 * | 4–7 | bytes of the record |
 * | 8–13 | when it was stored, in milliseconds since 1970 |
 * | 14–15 | id of the model; 0: not known |
 * | 16–47 | content key |
 * | 48… | codec record, whose last 4 bytes are its own CRC-32 |
 *
 * The checksum covers the whole key: a damaged index may lead to another text's intact entry, and that must be a miss. A
 * CRC-32 over a record with its own CRC-32 is the same for all records of that length, so another text's record could
 * stand under the key unnoticed. Hence the last 4 bytes go in by another way.
 */
export const FRAME_HEADER_BYTES = 48;

const LENGTH_AT = 4;
const TIME_AT = 8;
const TIME_BYTES = 6;
const MODEL_AT = 14;
const KEY_AT = 16;
const LAST_BYTES = 4;

/** Frames of a batch, side by side in one allocation; each lacks the id of its model and its checksum. */
export function beginFrames(entries: readonly { key: ContentKey; value: Uint8Array }[], storedMs: number): Buffer[] {
  const bytes = entries.reduce((sum, { value }) => sum + FRAME_HEADER_BYTES + value.length, 0);
  const all = Buffer.allocUnsafeSlow(bytes);
  let end = 0;
  return entries.map(({ key, value }) => {
    const start = end;
    end += FRAME_HEADER_BYTES + value.length;
    all.writeUInt32LE(value.length, start + LENGTH_AT);
    all.writeUIntLE(storedMs, start + TIME_AT, TIME_BYTES);
    all.set(key, start + KEY_AT);
    all.set(value, start + FRAME_HEADER_BYTES);
    return all.subarray(start, end);
  });
}

/** Writes what a frame lacks: ids differ from file to file. */
export function finishFrame(frame: Buffer, modelId: number): void {
  frame.writeUInt16LE(modelId, MODEL_AT);
  frame.writeUInt32LE(checksumOf(frame), 0);
}

function checksumOf(frame: Buffer): number {
  const end = frame.length - LAST_BYTES;
  const last = frame.readUInt32LE(end);
  return (crc32(frame.subarray(LENGTH_AT, end)) ^ ((last << 13) | (last >>> 19))) >>> 0;
}

/** Bytes of the frame that begins here; only as true as its checksum. */
export function frameBytes(bytes: Buffer, offset: number): number {
  return FRAME_HEADER_BYTES + bytes.readUInt32LE(offset + LENGTH_AT);
}

/** Whether a frame is what was written. */
export function isSound(frame: Buffer): boolean {
  return (
    frame.length >= FRAME_HEADER_BYTES &&
    frameBytes(frame, 0) === frame.length &&
    checksumOf(frame) === frame.readUInt32LE(0)
  );
}

export function hasKey(frame: Buffer, key: ContentKey): boolean {
  for (let i = 0; i < KEY_BYTES; i++) {
    if (frame[KEY_AT + i] !== key[i]) return false;
  }
  return true;
}

/** Views into the frame. */
export function frameKey(frame: Buffer): Buffer {
  return frame.subarray(KEY_AT, FRAME_HEADER_BYTES);
}

export function frameValue(frame: Buffer): Buffer {
  return frame.subarray(FRAME_HEADER_BYTES);
}

export function frameStoredMs(frame: Buffer): number {
  return frame.readUIntLE(TIME_AT, TIME_BYTES);
}

export function frameModelId(frame: Buffer): number {
  return frame.readUInt16LE(MODEL_AT);
}
