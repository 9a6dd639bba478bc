import { randomSigns, SEGMENT_ROWS } from "../../src/codec/sketches.ts";

/**
 * What `Sketches` documents, in plain TypeScript and float64: the rotation, what the bytes of a segment mean, and the
 * bound. Nothing of it is shared with the kernels but the signs.
 */

const ROUNDS = 4;
const STEPS: Readonly<Record<number, number>> = { 1: 1.596, 2: 0.9957, 4: 0.3352 };

/** The vector with length 1 (or 0) and zeros up to a multiple of sixteen, rotated. */
export function referenceTurn(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  const padded = Math.ceil(vector.length / 16) * 16;
  const values = Array.from({ length: padded }, (_, i) => (length === 0 ? 0 : (vector[i] ?? 0) / length));
  const signs = randomSigns(ROUNDS * padded);
  const count = 2 ** Math.floor(Math.log2(padded));
  for (let round = 0; round < ROUNDS; round++) {
    const first = round % 2 === 0 ? 0 : padded - count;
    const part = values
      .slice(first, first + count)
      .map((value, i) => (signs[round * padded + i]! < 0 ? -value : value));
    values.splice(first, count, ...hadamard(part).map((value) => value / Math.sqrt(count)));
  }
  return values;
}

/** By the definition: H of 2 n is [[H, H], [H, −H]]. */
function hadamard(values: readonly number[]): number[] {
  if (values.length === 1) return [...values];
  const half = values.length / 2;
  const left = hadamard(values.slice(0, half));
  const right = hadamard(values.slice(half));
  return [...left.map((value, i) => value + right[i]!), ...left.map((value, i) => value - right[i]!)];
}

/** The rounded vector: odd integers. */
export function referenceLevels(turned: readonly number[], bits: number): number[] {
  const levels = 2 ** bits;
  const step = STEPS[bits]! / Math.sqrt(turned.length);
  return turned.map((value) => {
    const level = Math.max(0, Math.min(levels - 1, Math.floor(value / step + levels / 2)));
    return 2 * level - levels + 1;
  });
}

export interface ReferenceRow {
  factor: number;
  error: number;
  /** Odd integers. */
  rounded: number[];
}

/** A row of a segment, read as the table in `Sketches` says. */
export function readRow(segment: Uint8Array, row: number, bits: number, padded: number): ReferenceRow {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const blockBytes = (16 * bits * padded) / 8;
  const rounded = Array.from({ length: padded }, (_, dimension) => {
    let level = 0;
    for (let plane = 0; plane < bits; plane++) {
      const byte = plane * (padded / 8) + Math.floor(dimension / 8);
      const at = 8 * SEGMENT_ROWS + Math.floor(row / 16) * blockBytes + 16 * byte + (row % 16);
      level = 2 * level + ((segment[at]! >> (dimension % 8)) & 1);
    }
    return 2 * level - 2 ** bits + 1;
  });
  return {
    factor: view.getFloat32(4 * row, true),
    error: view.getFloat32(4 * (SEGMENT_ROWS + row), true),
    rounded,
  };
}

/** The estimate, and three and a half standard deviations of its error without what the query's tables add. */
export function referenceEstimate(
  turnedQuery: readonly number[],
  { factor, error, rounded }: ReferenceRow,
): { estimate: number; margin: number } {
  const estimate = factor * rounded.reduce((sum, value, i) => sum + value * turnedQuery[i]!, 0);
  const reach = Math.min(1, 3.5 / Math.sqrt(turnedQuery.length - 1));
  return { estimate, margin: reach * error * Math.sqrt(Math.max(0, 1 - estimate ** 2)) };
}
