import { MAX_DIMENSIONS } from "../codec/index.ts";
import { encodeLent } from "../codec/vector-codec.ts";

/** Room for about twenty records of 1,536 dimensions: an allocation each would take longer. */
const SLAB_BYTES = 65_536;

/** The records of a batch, side by side in memory. */
export function encodeBatch(vectors: readonly ArrayLike<number>[]): Uint8Array[] {
  let slab = new Uint8Array(0);
  let end = 0;
  return vectors.map((vector, i) => {
    const record = encodeLent(vector);
    if (end + record.length > slab.length) {
      slab = new Uint8Array(Math.max(record.length, Math.min(SLAB_BYTES, record.length * (vectors.length - i))));
      end = 0;
    }
    const start = end;
    end += record.length;
    slab.set(record, start);
    return slab.subarray(start, end);
  });
}

/** Whether the codec takes it; else it is the caller's fault that it cannot be encoded. */
export function isVector(vector: ArrayLike<number>): boolean {
  const { length } = vector;
  if (!(length >= 1 && length <= MAX_DIMENSIONS)) return false;
  for (let i = 0; i < length; i++) if (typeof vector[i] !== "number") return false;
  return true;
}
