import { constants, deflateSync, zstdCompressSync } from "node:zlib";
import { roundSignificand } from "../test/codec/provider-vectors.ts";

/** The bytes that a store would compress: float32 where it is exact, else float64. */
export function storedBytes(vector: readonly number[]): Uint8Array {
  const float32s = Float32Array.from(vector);
  const isExact = vector.every((value, i) => Object.is(value, float32s[i]));
  return new Uint8Array((isExact ? float32s : Float64Array.from(vector)).buffer);
}

const LEVEL_9 = { params: { [constants.ZSTD_c_compressionLevel]: 9 } };

export function zstd9(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, LEVEL_9);
}

export interface RivalSizes {
  readonly zstd: number;
  readonly planes: number;
  readonly deflate: number;
  /** Two bytes a value, where every value is a float16. */
  readonly float16: number | undefined;
}

export function rivalSizes(vector: readonly number[]): RivalSizes {
  const bytes = storedBytes(vector);
  const width = bytes.length / vector.length;
  const planes = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) planes[(i % width) * vector.length + Math.floor(i / width)] = bytes[i]!;
  const isFloat16 = vector.every(
    (value) => Math.abs(value) < 65_520 && roundSignificand(value, 11) === value && Number.isInteger(value * 2 ** 24),
  );
  return {
    zstd: zstd9(bytes).length,
    planes: zstd9(planes).length,
    deflate: deflateSync(bytes, { level: 9 }).length,
    float16: isFloat16 ? 2 * vector.length : undefined,
  };
}
