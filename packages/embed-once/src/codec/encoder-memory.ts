import { COUNTED_EIGHTHS, EIGHTH_COUNTS_AT, vectorLayout } from "./kernel-layout.ts";
import { reserveMemory } from "./kernel-module.ts";

/**
 * The arrays of the vector that is being encoded. They lie in the kernels' memory, so that kernels (which take their
 * `byteOffset`) and TypeScript work on the same ones; each has room for some values more than were asked for.
 */
export interface EncoderMemory {
  /** The numbers to encode. */
  readonly exact: Float64Array;
  /** The same, as pairs of words, low word first. */
  readonly exactWords: Uint32Array;
  /** The float32s nearest to them. */
  readonly float32s: Float32Array;
  readonly float32Bits: Uint32Array;
  /** What a number form makes of the float32s. */
  readonly decoded: Float64Array;
  /** Magnitudes on the grid, and as bits. */
  readonly gridValues: Float32Array;
  readonly gridBits: Uint32Array;
  /** floor(log2 |h|) of the grid values, or ZERO_EXPONENT. */
  readonly exponents: Int16Array;
  /** The fractions of their significands, left-aligned in 64 bits: the upper and the lower words. */
  readonly fractions: Uint32Array;
  readonly lowFractions: Uint32Array;
  /** Float32s that the plan makes of the grid values, signs left out. */
  readonly predicted: Float32Array;
  readonly predictedBits: Int32Array;
  readonly symbols: Uint8Array;
  /** For the choice of a table: values in each eighth of each octave, from that of `LOWEST_EXPONENT` on. */
  readonly eighthCounts: Uint32Array;
  /** Which value a word was last seen in, by a hash of the word. */
  readonly lastSeen: Uint32Array;
  /** Raw bits and the coder's words. */
  readonly output: Uint8Array;
}

const LAST_SEEN = 4096;
/** Of the arrays that grow with the vector, but for the output. */
const BYTES_A_VALUE = 2 * 8 + 5 * 4 + 2 + 1;
/** Kernels take four values at a time. */
const SPARE_VALUES = 16;
/** At most 53 raw bits and a word of 16 bits a value; corrections and states lie in the spare room. */
const OUTPUT_BYTES_A_VALUE = 9;
const SPARE_OUTPUT_BYTES = 8192;

let arrays: EncoderMemory | undefined;
let firstByte = 0;
let capacity = 0;

/** The arrays, for a vector of `dimensions`. Those of the vector before are lost, unless it was as long. */
export function encoderMemory(dimensions: number): EncoderMemory {
  // Above the decoder's scratch, as what is encoded is decoded for comparison.
  const layout = vectorLayout(dimensions);
  const first = Math.ceil(layout.end / 16) * 16;
  const isCurrent = first === firstByte && arrays?.exact.buffer === layout.memory.bytes.buffer;
  if (isCurrent && dimensions <= capacity) return arrays!;
  capacity = Math.max(capacity, 2 ** Math.ceil(Math.log2(dimensions)));
  firstByte = first;
  arrays = place(firstByte, capacity + SPARE_VALUES);
  return arrays;
}

function place(first: number, room: number): EncoderMemory {
  const outputBytes = OUTPUT_BYTES_A_VALUE * room + SPARE_OUTPUT_BYTES;
  const { buffer } = reserveMemory(first + BYTES_A_VALUE * room + 4 * LAST_SEEN + outputBytes + 256).bytes;
  let end = first;
  const take = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / 16) * 16;
    return at;
  };
  const exact = new Float64Array(buffer, take(8 * room), room);
  const float32s = new Float32Array(buffer, take(4 * room), room);
  const gridValues = new Float32Array(buffer, take(4 * room), room);
  const predicted = new Float32Array(buffer, take(4 * room), room);
  return {
    exact,
    exactWords: new Uint32Array(buffer, exact.byteOffset, 2 * room),
    float32s,
    float32Bits: new Uint32Array(buffer, float32s.byteOffset, room),
    decoded: new Float64Array(buffer, take(8 * room), room),
    gridValues,
    gridBits: new Uint32Array(buffer, gridValues.byteOffset, room),
    exponents: new Int16Array(buffer, take(2 * room), room),
    fractions: new Uint32Array(buffer, take(4 * room), room),
    lowFractions: new Uint32Array(buffer, take(4 * room), room),
    predicted,
    predictedBits: new Int32Array(buffer, predicted.byteOffset, room),
    symbols: new Uint8Array(buffer, take(room), room),
    eighthCounts: new Uint32Array(buffer, EIGHTH_COUNTS_AT, COUNTED_EIGHTHS),
    lastSeen: new Uint32Array(buffer, take(4 * LAST_SEEN), LAST_SEEN),
    output: new Uint8Array(buffer, take(outputBytes), outputBytes),
  };
}
