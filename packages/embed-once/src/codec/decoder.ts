import { UnsupportedRecordError } from "../core/errors.ts";
import { emptyNumbers } from "./empty-numbers.ts";
import { decodeGrid } from "./grid-decoder.ts";
import { type FarList, holdsFloat32s } from "./grid-payload.ts";
import type { VectorLayout } from "./kernel-layout.ts";
import { type OpenRecord, openRecord, openVouched } from "./record.ts";
import { generalBytes } from "./zstd.ts";

/**
 * Decodes a record into a new array.
 *
 * @throws {CorruptRecordError} when the bytes are not a record as it was written.
 * @throws {UnsupportedRecordError} when the record is of a later version.
 */
export function decodeVector(record: Uint8Array): number[] {
  return decodeOpened(openRecord(record));
}

/** The same for a record that a checksum around it has vouched for just now: its own is not computed again. */
export function decodeVouched(record: Uint8Array): number[] {
  return decodeOpened(openVouched(record));
}

function decodeOpened(opened: OpenRecord): number[] {
  const { dimensions } = opened;
  // The length is known to be backed by the record's bytes before the array is made.
  if (opened.structure !== "grid") {
    const numbers = generalNumbers(opened);
    return numbers instanceof Float32Array
      ? fromFloat32s(numbers, 0, dimensions)
      : fromFloat64s(numbers, 0, dimensions);
  }
  const isFloat32 = opened.numberForm === "float32";
  const { layout, far } = decodeGrid(opened, !isFloat32);
  if (!isFloat32) {
    repairFar(layout, far);
    return fromFloat64s(layout.memory.float64s, layout.float64sAt >> 3, dimensions);
  }
  const vector = fromFloat32s(layout.memory.float32s, layout.float32sAt >> 2, dimensions);
  if (far !== undefined) putFar(far, vector);
  return vector;
}

/**
 * Decodes a record into the beginning of a given array.
 *
 * @param target At least as long as the vector; elements after the vector are left as they are.
 * @returns Whether `target` holds exactly the numbers that were encoded. A Float64Array always does; a Float32Array
 *   holds the nearest float32s otherwise.
 * @throws {RangeError} when `target` is too short.
 * @throws {CorruptRecordError} and {UnsupportedRecordError} as `decodeVector`.
 */
export function decodeInto(record: Uint8Array, target: Float32Array | Float64Array): boolean {
  const opened = openRecord(record);
  const { dimensions, numberForm, structure } = opened;
  if (target.length < dimensions) {
    throw new RangeError(`The record has ${dimensions} dimensions; the target has room for ${target.length}.`);
  }
  const wantsFloat32s = target instanceof Float32Array;
  const isFloat32 = numberForm === "float32";
  if (structure !== "grid") {
    const numbers = generalNumbers(opened);
    target.set(numbers);
    return !wantsFloat32s || isFloat32;
  }
  // Shortest decimals name the float32s that they came from; the numbers of the other forms have to be rounded.
  const fromFloat32s = wantsFloat32s && (isFloat32 || numberForm === "shortest" || numberForm === "shortestTiesUp");
  const { layout, far } = decodeGrid(opened, !fromFloat32s);
  const { float32s, float64s } = layout.memory;
  if (!fromFloat32s) {
    repairFar(layout, far);
    const first = layout.float64sAt / 8;
    target.set(float64s.subarray(first, first + dimensions));
    return !wantsFloat32s;
  }
  const first = layout.float32sAt / 4;
  target.set(float32s.subarray(first, first + dimensions));
  if (far === undefined) return isFloat32;
  putFar(far, target);
  return isFloat32 && holdsFloat32s(far);
}

/** Puts the exceptions among numbers of JavaScript, which do not keep a NaN's payload. */
function putFar({ indices, words }: FarList, target: { [index: number]: number }): void {
  const values = new Float64Array(words.buffer);
  indices.forEach((index, item) => {
    target[index] = values[item]!;
  });
}

/** Puts the exceptions among the float64s, as words: a NaN's payload is not safe in a JavaScript number. */
function repairFar(layout: VectorLayout, far: FarList | undefined): void {
  if (far === undefined) return;
  const { indices, words } = far;
  const first = layout.float64sAt / 4;
  const { int32s } = layout.memory;
  for (let item = 0; item < indices.length; item++) {
    const at = first + 2 * indices[item]!;
    int32s[at] = words[2 * item]!;
    int32s[at + 1] = words[2 * item + 1]!;
  }
}

// Index by index is faster than Array.from, and a loop for each type faster than one for both. The first index has to be
// an integer to the engine, too, which a quotient is not.

function fromFloat64s(numbers: Float64Array, first: number, dimensions: number): number[] {
  const vector = emptyNumbers(dimensions);
  for (let i = 0; i < dimensions; i++) vector[i] = numbers[first + i]!;
  return vector;
}

function fromFloat32s(numbers: Float32Array, first: number, dimensions: number): number[] {
  const vector = emptyNumbers(dimensions);
  for (let i = 0; i < dimensions; i++) vector[i] = numbers[first + i]!;
  return vector;
}

function generalNumbers(record: OpenRecord): Float64Array | Float32Array {
  const { dimensions, structure, numberForm, payload } = record;
  if (numberForm !== "float32" && numberForm !== "float64") {
    throw new UnsupportedRecordError(`This version does not know number form ${numberForm} in structure ${structure}.`);
  }
  const width = numberForm === "float32" ? 4 : 8;
  const { buffer, byteOffset } = generalBytes(payload, structure, width * dimensions, width);
  return width === 4
    ? new Float32Array(buffer, byteOffset, dimensions)
    : new Float64Array(buffer, byteOffset, dimensions);
}
