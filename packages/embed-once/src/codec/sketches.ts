import { growMemory, type KernelInstance, newKernelInstance } from "./kernel-module.ts";

/** Rows of a segment: the unit in which sketches are kept and scanned. */
export const SEGMENT_ROWS = 256;

/** Rows whose codes lie interleaved. */
const BLOCK_ROWS = 16;
const BLOCKS = SEGMENT_ROWS / BLOCK_ROWS;
/** The kernel takes sixteen dimensions at a time. */
const STRIDE = 16;
/** Rounds of signs and transforms; a dimension's share is spread over all of them after two, evenly after four. */
const ROUNDS = 4;
/** Four entries of the query's tables must fit into a byte. */
const LEVELS = 63;

/**
 * Standard deviations of an estimate's error that a bound allows for. A true neighbour lies beyond its bound with a chance
 * of 1 in 4,300, and is then only missed when it also is among the last of those that were asked for.
 */
const CERTAINTY = 3.5;
/** Float32 arithmetic. */
const ROUNDING = 1e-5;

/** The step between levels, in standard deviations, with the least error for Gaussian values: Max (1960), table II. */
const STEPS: Readonly<Record<number, number>> = { 1: 1.596, 2: 0.9957, 4: 0.3352 };

/** Bits of a code that the choice of bits a dimension stays within, where it can. */
const CODE_BITS = 2048;

/**
 * Bits a dimension, 4, 2 or 1. The error's standard deviation falls with the square root of the dimensions and halves with
 * every bit, so few dimensions need more bits for the same, and a code of up to 1,024 dimensions has 256 bytes at most.
 */
function bitsFor(dimensions: number): number {
  return [4, 2].find((bits) => bits * dimensions <= CODE_BITS) ?? 1;
}

/**
 * Sketches: short codes of vectors, held in WebAssembly memory of their own, and the scan that estimates all their cosines
 * with a query.
 *
 * The method is that of RaBitQ: Gao and Long, arXiv 2405.12497, with several bits a dimension as in arXiv 2409.09913. A
 * vector of length 1 is turned by a random rotation, which makes all dimensions alike whatever the embedder does (sparse
 * or lopsided vectors break codes of signs otherwise), and each value is rounded to `bits` bits. With the rounded vector
 * x̄, the cosine with a query q is estimated as ⟨x̄, q⟩ / ⟨x̄, x⟩; over the choice of the rotation that has no bias, and
 * a standard deviation of √(1 − ρ²) / ρ · √(1 − cosine²) / √(dimensions − 1), where ρ is the cosine of x̄ and x. The
 * two numbers that it takes are kept with each code. The query is not rounded but for its tables of four dimensions,
 * which are looked up by four bits at once, sixteen vectors an instruction: André, Kermarrec and Le Scouarnec, Cache
 * locality is not enough, VLDB 2015.
 *
 * Segments are bytes, the same on every machine, to be stored as they are: 256 rows, of which each holds a vector or is
 * empty. Little-endian:
 *
 * | bytes | what |
 * |---|---|
 * | 0–1,023 | float32s: 1 / ⟨x̄, x⟩, NaN in an empty row, 0 for a vector of zeros |
 * | 1,024–2,047 | float32s: √(1 − ρ²) / ρ |
 * | 2,048… | 16 blocks of 16 rows: for each bit, the most significant one first, and for each eight dimensions a byte a row |
 */
export class Sketches {
  readonly dimensions: number;
  readonly bits: number;
  readonly segmentBytes: number;
  /** Dimensions with zeros to the next multiple of sixteen. */
  readonly #padded: number;
  readonly #instance: KernelInstance;
  readonly #signsAt = 65_536;
  readonly #vectorAt: number;
  readonly #tablesAt: number;
  readonly #highestAt: number;
  readonly #segmentsAt: number;
  #scale = 0;
  #offset = 0;
  #blur = 0;

  /** @throws {RangeError} for less than one dimension or more than 65,536 */
  constructor(dimensions: number, bits: number = bitsFor(dimensions)) {
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > 65_536) {
      throw new RangeError(`A vector has 1 to 65536 dimensions; got ${dimensions}.`);
    }
    this.dimensions = dimensions;
    this.bits = bits;
    this.#padded = Math.ceil(dimensions / STRIDE) * STRIDE;
    this.segmentBytes = 8 * SEGMENT_ROWS + (SEGMENT_ROWS * bits * this.#padded) / 8;
    this.#vectorAt = this.#signsAt + 4 * ROUNDS * this.#padded;
    this.#tablesAt = this.#vectorAt + 4 * this.#padded;
    this.#highestAt = this.#tablesAt + 4 * this.#padded;
    this.#segmentsAt = this.#highestAt + 4 * SEGMENT_ROWS;
    this.#instance = newKernelInstance();
    growMemory(this.#instance.memory, this.#segmentsAt);
    this.#int32s(this.#signsAt, ROUNDS * this.#padded).set(randomSigns(ROUNDS * this.#padded));
  }

  /** The bytes of a segment of empty rows. */
  emptySegment(): Uint8Array {
    const segment = new Uint8Array(this.segmentBytes);
    for (let row = 0; row < SEGMENT_ROWS; row++) this.erase(segment, row);
    return segment;
  }

  /** Makes a row of a segment empty. */
  erase(segment: Uint8Array, row: number): void {
    const view = this.#checked(segment, row);
    view.setFloat32(4 * row, Number.NaN, true);
  }

  /** Puts the sketch of a vector of finite numbers into a row of a segment. */
  write(segment: Uint8Array, row: number, vector: ArrayLike<number>): void {
    const view = this.#checked(segment, row);
    const turned = this.#turn(vector);
    const { bits } = this;
    const levels = 2 ** bits;
    const perStep = Math.sqrt(this.#padded) / STEPS[bits]!;
    const planeBytes = (this.#padded / 8) * BLOCK_ROWS;
    const first = 8 * SEGMENT_ROWS + Math.floor(row / BLOCK_ROWS) * bits * planeBytes + (row % BLOCK_ROWS);
    let product = 0;
    let squares = 0;
    for (let byte = 0; byte < this.#padded / 8; byte++) {
      let planes = 0;
      for (let i = 0; i < 8; i++) {
        const value = turned[8 * byte + i]!;
        const level = Math.max(0, Math.min(levels - 1, Math.floor(value * perStep + levels / 2)));
        const rounded = 2 * level - levels + 1;
        product += rounded * value;
        squares += rounded * rounded;
        // A byte of each plane in one integer: bit b of the level goes to bit i of byte b.
        for (let bit = 0; bit < bits; bit++) planes |= ((level >> bit) & 1) << (8 * bit + i);
      }
      for (let bit = 0; bit < bits; bit++) {
        segment[first + (bits - 1 - bit) * planeBytes + byte * BLOCK_ROWS] = planes >>> (8 * bit);
      }
    }
    const hasLength = product > 0;
    view.setFloat32(4 * row, hasLength ? 1 / product : 0, true);
    // ρ² = product² / squares, as the vector's length is 1.
    const error = hasLength ? Math.sqrt(Math.max(0, squares / (product * product) - 1)) : 0;
    view.setFloat32(4 * (SEGMENT_ROWS + row), error, true);
  }

  /** Takes a segment into the memory, as the one of that number; the memory then holds room for all before it. */
  load(number: number, segment: Uint8Array): void {
    this.#checked(segment, 0);
    const at = this.#segmentsAt + number * this.segmentBytes;
    growMemory(this.#instance.memory, at + this.segmentBytes);
    new Uint8Array(this.#instance.memory.buffer, at, this.segmentBytes).set(segment);
  }

  /** Sets the query of the scans that follow: finite numbers, not all of them zero. */
  aim(query: ArrayLike<number>): void {
    const turned = this.#turn(query);
    const groups = this.#padded / 4;
    const tables = new Float64Array(16);
    const bytes = new Uint8Array(this.#instance.memory.buffer, this.#tablesAt, 16 * groups);
    let widest = 0;
    let sum = 0;
    let least = 0;
    for (let group = 0; group < groups; group++) {
      let width = 0;
      for (let i = 4 * group; i < 4 * group + 4; i++) {
        width += Math.abs(turned[i]!);
        sum += turned[i]!;
        least += Math.min(0, turned[i]!);
      }
      widest = Math.max(widest, width);
    }
    const step = widest / LEVELS;
    for (let group = 0; group < groups; group++) {
      let lowest = 0;
      for (let i = 0; i < 4; i++) lowest += Math.min(0, turned[4 * group + i]!);
      for (let pattern = 0; pattern < 16; pattern++) {
        let score = -lowest;
        for (let i = 0; i < 4; i++) if ((pattern >> i) & 1) score += turned[4 * group + i]!;
        tables[pattern] = score;
      }
      for (let pattern = 0; pattern < 16; pattern++) bytes[16 * group + pattern] = Math.round(tables[pattern]! / step);
    }
    const levels = 2 ** this.bits;
    this.#scale = 2 * step;
    this.#offset = (levels - 1) * (2 * least - sum);
    // Entries are rounded to steps, with a variance of step² / 12 each; a plane weighs twice the next one.
    this.#blur = CERTAINTY * 2 * step * Math.sqrt((((levels * levels - 1) / 3) * groups) / 12);
  }

  /**
   * Bounds the cosines of the rows of a loaded segment with the query.
   *
   * @returns for each row the greatest cosine that its sketch allows, NaN for an empty row: a view of memory that the next
   * call overwrites
   */
  scan(number: number): Float32Array {
    const at = this.#segmentsAt + number * this.segmentBytes;
    this.#instance.scanSketches(
      this.#tablesAt,
      at + 8 * SEGMENT_ROWS,
      at,
      at + 4 * SEGMENT_ROWS,
      BLOCKS,
      this.bits,
      this.#padded / STRIDE,
      this.#scale,
      this.#offset,
      Math.min(1, CERTAINTY / Math.sqrt(this.#padded - 1)),
      this.#blur,
      ROUNDING,
      this.#highestAt,
    );
    return new Float32Array(this.#instance.memory.buffer, this.#highestAt, SEGMENT_ROWS);
  }

  /** The vector with length 1, turned; a view of memory. */
  #turn(vector: ArrayLike<number>): Float32Array {
    const { dimensions } = this;
    if (vector.length !== dimensions) {
      throw new RangeError(`Expected a vector of ${dimensions} numbers, got ${vector.length}.`);
    }
    const turned = new Float32Array(this.#instance.memory.buffer, this.#vectorAt, this.#padded).fill(0);
    // Scaled first: squares of very large or very small numbers leave the range of a float64.
    let largest = 0;
    for (let i = 0; i < dimensions; i++) largest = Math.max(largest, Math.abs(vector[i]!));
    if (largest === 0) return turned;
    let squares = 0;
    for (let i = 0; i < dimensions; i++) squares += (vector[i]! / largest) ** 2;
    const length = Math.sqrt(squares);
    for (let i = 0; i < dimensions; i++) turned[i] = vector[i]! / largest / length;
    // The transform takes a power of two: the first ones and the last ones by turns cover all.
    const count = 2 ** Math.floor(Math.log2(this.#padded));
    for (let round = 0; round < ROUNDS; round++) {
      const skipped = round % 2 === 0 ? 0 : 4 * (this.#padded - count);
      const signsAt = this.#signsAt + 4 * round * this.#padded;
      this.#instance.mixSigned(this.#vectorAt + skipped, signsAt, count, 1 / Math.sqrt(count));
    }
    return turned;
  }

  #int32s(at: number, length: number): Int32Array {
    return new Int32Array(this.#instance.memory.buffer, at, length);
  }

  #checked(segment: Uint8Array, row: number): DataView {
    if (segment.length !== this.segmentBytes) {
      throw new RangeError(`A segment has ${this.segmentBytes} bytes; got ${segment.length}.`);
    }
    if (!(row >= 0 && row < SEGMENT_ROWS)) {
      throw new RangeError(`A segment has the rows 0 to ${SEGMENT_ROWS - 1}; got ${row}.`);
    }
    return new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  }
}

/** Always the same ones: stored sketches depend on them. The finaliser of MurmurHash3 over the numbers from 1 on. */
export function randomSigns(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => {
    let h = Math.imul(index + 1, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  });
}
