import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { CorruptRecordError } from "../core/errors.ts";
import { SUMMARY_AT } from "./kernel-layout.ts";
import { kernels, reserveMemory } from "./kernel-module.ts";
import type { NumberForm, Numbers } from "./number-form.ts";
import type { NumberFormName, StructureName } from "./record.ts";

export const DEFAULT_ZSTD_LEVEL = 9;

/** A payload that knows nothing of numbers. */
export interface GeneralPayload {
  readonly form: NumberFormName;
  readonly structure: StructureName;
  readonly payload: Uint8Array;
}

/** What zstd leaves of a value that did not stand before: all but part of its sign and exponent. */
const FRESH_SHARE = 0.88;

/** Below so many dimensions the fields of a grid weigh more than a few plain numbers. */
const SMALL_DIMENSIONS = 32;

/**
 * The smallest of the plain and the zstd payloads, or undefined where an estimate says that none can be smaller than
 * `limit` bytes: trying costs more than everything else.
 */
export function smallestGeneral(
  numbers: Numbers,
  form: NumberForm,
  limit: number,
  level: number,
): GeneralPayload | undefined {
  const { count, notFloat32, memory } = numbers;
  const { exact, float32s } = memory;
  const isFloat32 = form.name === "float32" && notFloat32 === 0;
  const plain = isFloat32 ? asBytes(float32s, count) : asBytes(exact, count);
  const name = isFloat32 ? "float32" : "float64";
  let best: GeneralPayload | undefined;
  if (count <= SMALL_DIMENSIONS || plain.length < limit) {
    best = { form: name, structure: "plain", payload: plain };
  }
  const width = isFloat32 ? 4 : 8;
  if (!zstdMayWin(plain, width, memory.lastSeen, limit)) return best;
  const options = {
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_contentSizeFlag]: 0,
    },
  };
  const whole = zstdCompressSync(plain, options);
  if (best === undefined || whole.length < best.payload.length) {
    best = { form: name, structure: "zstd", payload: whole };
  }
  const planes = zstdCompressSync(toPlanes(plain, width), options);
  if (planes.length < best.payload.length) best = { form: name, structure: "zstdPlanes", payload: planes };
  return best;
}

/** zstd finds repeats, and knows the distribution of single bytes; nothing else. */
function zstdMayWin(bytes: Uint8Array, width: number, lastSeen: Uint32Array, limit: number): boolean {
  const count = bytes.length / width;
  // The low word of a float64 tells it apart as well as any.
  kernels().countRepeats(bytes.byteOffset, count, width / 4, lastSeen.byteOffset, SUMMARY_AT);
  const { int32s } = reserveMemory(0);
  const alone = int32s[SUMMARY_AT / 4]!;
  const inRow = int32s[SUMMARY_AT / 4 + 1]!;
  if (inRow > count / 8) return true;
  const repeatsBytes = (count - alone) * FRESH_SHARE * width + alone;
  if (alone > count / 64 && repeatsBytes < limit) return true;
  return alone > 0.75 * count && planeEntropyBytes(bytes, width) < limit;
}

const byteCounts = new Uint32Array(256);

/** Order-0 entropy of each byte plane; what a byte-wise coder with free tables would need. */
function planeEntropyBytes(bytes: Uint8Array, width: number): number {
  const count = bytes.length / width;
  let bits = 0;
  for (let plane = 0; plane < width; plane++) {
    byteCounts.fill(0);
    for (let at = plane; at < bytes.length; at += width) byteCounts[bytes[at]!]!++;
    bits += count * Math.log2(count);
    for (let byte = 0; byte < 256; byte++) {
      const number = byteCounts[byte]!;
      if (number > 1) bits -= number * Math.log2(number);
    }
  }
  // A plane's table costs up to a bit for each of its bytes; at few values the entropy alone flatters it.
  return bits / 8 + (width * Math.min(count, 256)) / 8;
}

function asBytes(array: Float32Array | Float64Array, count: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, count * array.BYTES_PER_ELEMENT);
}

function toPlanes(bytes: Uint8Array, width: number): Uint8Array {
  const planes = new Uint8Array(bytes.length);
  let at = 0;
  for (let plane = 0; plane < width; plane++) {
    for (let from = plane; from < bytes.length; from += width) planes[at++] = bytes[from]!;
  }
  return planes;
}

function fromPlanes(planes: Uint8Array, width: number): Uint8Array {
  const bytes = new Uint8Array(planes.length);
  let at = 0;
  for (let plane = 0; plane < width; plane++) {
    for (let to = plane; to < bytes.length; to += width) bytes[to] = planes[at++]!;
  }
  return bytes;
}

/** The plain bytes of a general payload; the caller's own copy. @throws {CorruptRecordError} */
export function generalBytes(payload: Uint8Array, structure: StructureName, length: number, width: number): Uint8Array {
  let bytes: Uint8Array;
  if (structure === "plain") {
    // Not slice(): that of a Buffer, which lmdb lends, gives a view.
    bytes = new Uint8Array(payload);
  } else {
    try {
      // All in one chunk, and room for one byte more: a chunk that is filled to the end would be followed by another.
      const chunkSize = Math.max(constants.Z_MIN_CHUNK, length + 1);
      bytes = zstdDecompressSync(payload, { maxOutputLength: length, chunkSize });
    } catch (cause) {
      throw new CorruptRecordError("A record's zstd frame cannot be decompressed.", { cause });
    }
  }
  if (bytes.length !== length) {
    throw new CorruptRecordError(`A record's numbers need ${length} bytes; its payload has ${bytes.length}.`);
  }
  return structure === "zstdPlanes" ? fromPlanes(bytes, width) : bytes;
}
