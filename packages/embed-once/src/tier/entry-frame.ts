import { crc32 } from "node:zlib";
import { type ContentKey, KEY_BYTES } from "../core/content-key.ts";

/**
 * An entry as it lies on disk, little-endian:
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | CRC-32 over everything that follows, the key included |
 * | 4–7 | bytes of the record |
 * | 8–13 | when it was stored, in milliseconds since 1970 |
 * | 14–15 | id of the model; 0: not known |
 * | 16–47 | content key |
 * | 48… | codec record |
 *
 * The checksum covers the whole key: a damaged index may lead to another text's intact entry, and that must be a miss.
 */
export const FRAME_HEADER_BYTES = 48;

const LENGTH_AT = 4;
const TIME_AT = 8;
const TIME_BYTES = 6;
const MODEL_AT = 14;
const KEY_AT = 16;

export interface Frame {
  key: ContentKey;
  value: Uint8Array;
  storedMs: number;
  modelId: number;
}

export function encodeFrame({ key, value, storedMs, modelId }: Frame): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + value.length);
  frame.writeUInt32LE(value.length, LENGTH_AT);
  frame.writeUIntLE(storedMs, TIME_AT, TIME_BYTES);
  frame.writeUInt16LE(modelId, MODEL_AT);
  frame.set(key, KEY_AT);
  frame.set(value, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(crc32(frame.subarray(LENGTH_AT)), 0);
  return frame;
}

/** Views into a sound frame. */
export function decodeFrame(frame: Buffer): Frame {
  const [storedMs, modelId] = [frameStoredMs(frame), frameModelId(frame)];
  return { key: frameKey(frame), value: frameValue(frame), storedMs, modelId };
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
    crc32(frame.subarray(LENGTH_AT)) === frame.readUInt32LE(0)
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
