import { SCRATCH_START } from "./kernel-layout.ts";
import { kernels, reserveMemory } from "./kernel-module.ts";

export { SEGMENT_ROWS, Sketches } from "./sketches.ts";

/** Rows are copied to the kernels in blocks that stay in the processor's second-level cache. */
const BLOCK_BYTES = 262_144;
/** The kernel takes sixteen float32s at a time. */
const STRIDE = 16;

/**
 * Computes the dot product of a query with each of many vectors.
 *
 * Sums are float32, in sixteen partial sums added in a fixed order: the same on every machine, though not the same last
 * bits as a sequential sum.
 *
 * @param query One vector.
 * @param rows Vectors one after another: `scores.length` × `query.length` float32s.
 * @param scores Receives one dot product a row.
 * @throws {RangeError} when the lengths do not fit together, or the query has no dimensions or more than 65,536.
 */
export function dotProducts(query: Float32Array, rows: Float32Array, scores: Float32Array): void {
  const dimensions = query.length;
  if (dimensions < 1 || dimensions > 65_536) {
    throw new RangeError(`A query has 1 to 65536 dimensions; got ${dimensions}.`);
  }
  if (rows.length !== dimensions * scores.length) {
    throw new RangeError(
      `${scores.length} rows of ${dimensions} dimensions are ${dimensions * scores.length} float32s; got ${rows.length}.`,
    );
  }
  const padded = Math.ceil(dimensions / STRIDE) * STRIDE;
  const rowsPerBlock = Math.max(1, Math.floor(BLOCK_BYTES / (4 * padded)));
  const queryAt = SCRATCH_START;
  const rowsAt = queryAt + 4 * padded;
  const scoresAt = rowsAt + 4 * padded * rowsPerBlock;
  const kernel = kernels();
  const { float32s } = reserveMemory(scoresAt + 4 * rowsPerBlock);
  const queryIndex = queryAt / 4;
  float32s.fill(0, queryIndex + dimensions, queryIndex + padded);
  float32s.set(query, queryIndex);
  for (let first = 0; first < scores.length; first += rowsPerBlock) {
    const count = Math.min(rowsPerBlock, scores.length - first);
    const block = rows.subarray(first * dimensions, (first + count) * dimensions);
    const rowIndex = rowsAt / 4;
    if (padded === dimensions) {
      float32s.set(block, rowIndex);
    } else {
      for (let row = 0; row < count; row++) {
        const at = rowIndex + row * padded;
        float32s.set(block.subarray(row * dimensions, (row + 1) * dimensions), at);
        float32s.fill(0, at + dimensions, at + padded);
      }
    }
    kernel.dotProducts(queryAt, rowsAt, count, padded, scoresAt);
    scores.set(float32s.subarray(scoresAt / 4, scoresAt / 4 + count), first);
  }
}
