import { CorruptRecordError } from "../core/errors.ts";
import { type DecodedGrid, decodeGrid } from "./grid-decoder.ts";
import type { FarList } from "./grid-payload.ts";
import type { Numbers } from "./number-form.ts";
import type { NumberFormName } from "./record.ts";

/**
 * Whether a grid payload decodes to the vector that it was made of: every float64 with the same 64 bits.
 *
 * Of the forms of shortest decimals the kernel has made those of the vector's float32s already. They are not made a second
 * time: it is enough that the payload gives the same float32s.
 */
export function reproduces(payload: Uint8Array, numberForm: NumberFormName, { count, memory }: Numbers): boolean {
  const areDecimals = numberForm === "shortest" || numberForm === "shortestTiesUp";
  const record = { dimensions: count, numberForm, structure: "grid", payload } as const;
  let grid: DecodedGrid;
  try {
    grid = decodeGrid(record, !areDecimals);
  } catch (error) {
    if (error instanceof CorruptRecordError) return false;
    throw error;
  }
  const { far, layout } = grid;
  const { bytes } = layout.memory;
  const listed = far?.indices ?? NONE;
  const exact = asBytes(memory.exact);
  if (far !== undefined && !listsExactly(far, memory.exactWords)) return false;
  if (!areDecimals) return areEqual(bytes, layout.float64sAt, exact, 8, count, listed);
  return (
    areEqual(bytes, layout.float32sAt, asBytes(memory.float32s), 4, count, listed) &&
    areEqual(asBytes(memory.decoded), 0, exact, 8, count, listed)
  );
}

function listsExactly({ indices, words }: FarList, exactWords: Uint32Array): boolean {
  return indices.every(
    (index, item) => words[2 * item] === exactWords[2 * index] && words[2 * item + 1] === exactWords[2 * index + 1],
  );
}

/** Whether `count` numbers of `width` bytes, from byte `at` on, are those of `wanted`; the listed ones do not matter. */
function areEqual(
  bytes: Uint8Array,
  at: number,
  wanted: Uint8Array,
  width: number,
  count: number,
  listed: Uint32Array,
): boolean {
  let begin = 0;
  for (let item = 0; item <= listed.length; item++) {
    const end = item < listed.length ? width * listed[item]! : width * count;
    if (Buffer.compare(bytes.subarray(at + begin, at + end), wanted.subarray(begin, end)) !== 0) return false;
    begin = end + width;
  }
  return true;
}

function asBytes(numbers: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

const NONE = new Uint32Array(0);
