import { KERNELS_BASE64 } from "./kernels.wasm.ts";

// The part of WebAssembly's interface that is used here: neither Node's nor ECMAScript's types declare it.
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

interface KernelExports {
  memory: Memory;
  dotProducts(query: number, rows: number, scores: number, count: number, dimensions: number): void;
}

/** Rows are scanned in blocks of about this size, which stays in a core's own cache. */
const BLOCK_BYTES = 1 << 18;
const PAGE_BYTES = 1 << 16;

let kernels: KernelExports | undefined;

/** Compiled and instantiated once, on first use. */
function instance(): KernelExports {
  if (!kernels) {
    const module = new WebAssembly.Module(Buffer.from(KERNELS_BASE64, "base64"));
    kernels = new WebAssembly.Instance(module).exports as KernelExports;
  }
  return kernels;
}

/**
 * Dot products of one query with many rows.
 * @param query one vector, d float32s
 * @param rows n vectors one after the other, n × d float32s
 * @param scores takes the n results
 * @throws RangeError where the three lengths do not agree
 */
export function dotProducts(query: Float32Array, rows: Float32Array, scores: Float32Array): void {
  const dimensions = query.length;
  if (rows.length !== dimensions * scores.length) {
    throw new RangeError(
      `rows must hold scores × dimensions numbers, got ${rows.length} for ${scores.length} × ${dimensions}`,
    );
  }
  if (dimensions === 0) {
    scores.fill(0);
    return;
  }
  const rowsPerBlock = Math.max(1, Math.floor(BLOCK_BYTES / (dimensions * 4)));
  const rowsOffset = dimensions * 4;
  const scoresOffset = rowsOffset + rowsPerBlock * dimensions * 4;
  const memory = floats(scoresOffset + rowsPerBlock * 4);
  memory.set(query, 0);
  for (let start = 0; start < scores.length; start += rowsPerBlock) {
    const count = Math.min(rowsPerBlock, scores.length - start);
    memory.set(rows.subarray(start * dimensions, (start + count) * dimensions), rowsOffset / 4);
    instance().dotProducts(0, rowsOffset, scoresOffset, count, dimensions);
    scores.set(memory.subarray(scoresOffset / 4, scoresOffset / 4 + count), start);
  }
}

/** The kernels' memory as float32s, at least of the given size. */
function floats(bytes: number): Float32Array {
  const { memory } = instance();
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  return new Float32Array(memory.buffer);
}
