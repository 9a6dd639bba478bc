/**
 * The contract of a codec for embedding vectors.
 *
 * The law:
 * - `decode(encode(v))` gives every float64 of `v` back with the same 64 bits: −0, subnormals, infinities and NaN
 *   payloads included.
 * - A record that was changed, cut or extended raises `CorruptRecordError`; one of a later version raises
 *   `UnsupportedRecordError`. Neither ever gives numbers, hangs, or allocates more than the record can account for.
 * - Both are synchronous, without clock, I/O or state.
 * - `encode` keeps nothing of its input; the record belongs to the caller. `decode` only reads its input, which may be
 *   a view into mapped memory, and keeps nothing of it.
 */
export interface VectorCodec {
  /** @param values 1 to 65,536 float64s. Throws a RangeError for another length. */
  encode(values: ArrayLike<number>): Uint8Array;
  decode(record: Uint8Array): number[];
}

/** The largest vector that a record holds. */
export const MAX_DIMENSIONS = 65_536;
