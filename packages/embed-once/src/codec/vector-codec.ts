import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { CorruptRecordError, UnsupportedRecordError } from "../core/errors.ts";
import { fromBytePlanes, toBytePlanes } from "./byte-planes.ts";
import { MAX_DIMENSIONS } from "./codec.ts";
import { frameRecord, openRecord } from "./record.ts";

export interface EncodeOptions {
  /** zstd's level, 1 to 22. @default 9 */
  zstdLevel?: number | undefined;
}

const DEFAULT_ZSTD_LEVEL = 9;

/** Forms of a payload. The number is in the record and never changes its meaning. */
const FORM_FLOAT64_PLANES = 1;
const FORM_FLOAT32_PLANES = 2;

/**
 * Encodes a vector into a record from which `decodeVector` gives the same 64 bits of every number.
 * @param values 1 to 65,536 numbers
 * @throws RangeError for another length
 */
export function encodeVector(values: ArrayLike<number>, options: EncodeOptions = {}): Uint8Array {
  const dimensions = values.length;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw new RangeError(`a vector has 1 to ${MAX_DIMENSIONS} dimensions, got ${dimensions}`);
  }
  const doubles = values instanceof Float64Array ? values : Float64Array.from(values);
  const exactFloats = asExactFloat32(doubles);
  const [form, numbers] = exactFloats ? [FORM_FLOAT32_PLANES, exactFloats] : [FORM_FLOAT64_PLANES, doubles];
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  const planes = toBytePlanes(bytes, numbers.BYTES_PER_ELEMENT);
  const compressed = zstdCompressSync(planes, {
    params: { [constants.ZSTD_c_compressionLevel]: options.zstdLevel ?? DEFAULT_ZSTD_LEVEL },
  });
  return frameRecord(form, dimensions, compressed);
}

/**
 * Decodes a record that `encodeVector` made. The array is the caller's.
 * @throws CorruptRecordError for anything that is not a whole, unchanged record
 * @throws UnsupportedRecordError for a sound record of a later version
 */
export function decodeVector(record: Uint8Array): number[] {
  const { form, dimensions, payload } = openRecord(record);
  if (form !== FORM_FLOAT32_PLANES && form !== FORM_FLOAT64_PLANES) {
    throw new UnsupportedRecordError(`record forms 1 and 2 can be read, got form ${form}`);
  }
  const stride = form === FORM_FLOAT32_PLANES ? 4 : 8;
  const bytes = fromBytePlanes(decompress(payload, dimensions * stride), stride);
  const numbers = stride === 4 ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
  const vector = new Array<number>(dimensions);
  for (let i = 0; i < dimensions; i++) vector[i] = numbers[i]!;
  return vector;
}

/** The vector as float32s where each one has the same 64 bits when widened again; NaNs do not qualify. */
function asExactFloat32(doubles: Float64Array): Float32Array | undefined {
  const floats = new Float32Array(doubles.length);
  for (let i = 0; i < doubles.length; i++) {
    floats[i] = doubles[i]!;
    if (floats[i] !== doubles[i]) return undefined;
  }
  return floats;
}

function decompress(payload: Uint8Array, expectedBytes: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = zstdDecompressSync(payload, { maxOutputLength: expectedBytes });
  } catch (cause) {
    throw new CorruptRecordError("a record's payload is not a zstd frame of its dimensions", { cause });
  }
  if (bytes.length !== expectedBytes) {
    throw new CorruptRecordError(`a record's payload holds ${bytes.length} bytes, expected ${expectedBytes}`);
  }
  return bytes;
}
