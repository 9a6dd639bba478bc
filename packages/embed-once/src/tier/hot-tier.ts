import { emptyNumbers } from "../codec/empty-numbers.ts";
import type { ContentKey } from "../core/content-key.ts";
import { ChunkMap } from "./chunk-map.ts";
import type { Tier, TierEntry, TierUsage } from "./tier.ts";

export interface HotTierOptions {
  /** The budget, everything included. */
  maxBytes: number;
  /** Told of each vector that leaves for want of room, so that it can be demoted; `vector` reads it, at once or not at all. */
  onEvict?: ((key: ContentKey, vector: () => number[]) => void) | undefined;
}

/** A vector of 1,536 float32s takes thirteen chunks, 6,656 bytes with its key and bookkeeping. */
const CHUNK_BYTES = 512;

/** Tags of an entry: how its numbers lie in memory. */
const FLOAT32 = 0;
const FLOAT64 = 1;

/** L1: decoded vectors in preallocated memory, in float32 where that is exact. */
export class HotTier implements Tier<number[]> {
  readonly name = "L1";
  readonly #options: HotTierOptions;
  #vectors!: ChunkMap;
  #floats!: Float32Array;
  #doubles!: Float64Array;

  constructor(options: HotTierOptions) {
    this.#options = options;
    this.#allocate(options.maxBytes);
  }

  /** A fresh array, the caller's own. */
  get(key: ContentKey): number[] | undefined {
    const entry = this.#vectors.find(key);
    return entry < 0 ? undefined : this.#read(entry);
  }

  set(entries: readonly TierEntry<ArrayLike<number>>[]): void {
    for (const { key, value } of entries) this.put(key, value);
  }

  put(key: ContentKey, vector: ArrayLike<number>): void {
    const tag = isFloat32(vector) ? FLOAT32 : FLOAT64;
    const stride = tag === FLOAT32 ? 4 : 8;
    const entry = this.#vectors.make(key, vector.length * stride, tag);
    if (entry >= 0) this.#write(entry, vector, tag === FLOAT32 ? this.#floats : this.#doubles);
  }

  delete(key: ContentKey): void {
    this.#vectors.delete(key);
  }

  usage(): TierUsage {
    const { size, usedBytes, evictions } = this.#vectors;
    return { entries: size, usedBytes, maxBytes: this.#options.maxBytes, evictions, damaged: 0 };
  }

  flush(): void {}

  clear(): void {
    this.#allocate(this.#options.maxBytes);
  }

  close(): void {
    this.#allocate(0);
  }

  #allocate(maxBytes: number): void {
    const onEvict = this.#options.onEvict && ((entry: number) => this.#evicted(entry));
    this.#vectors = new ChunkMap({ maxBytes, chunkBytes: CHUNK_BYTES, onEvict });
    this.#floats = new Float32Array(this.#vectors.memory);
    this.#doubles = new Float64Array(this.#vectors.memory);
  }

  #read(entry: number): number[] {
    const isFloat32 = this.#vectors.tagOf(entry) === FLOAT32;
    const stride = isFloat32 ? 4 : 8;
    const length = this.#vectors.lengthOf(entry) / stride;
    const vector = emptyNumbers(length);
    let chunk = entry;
    let from = this.#vectors.contentStart(entry) / stride;
    let end = Math.min(length, this.#vectors.firstBytes / stride);
    for (let start = 0; ; ) {
      if (isFloat32) copyFloats(this.#floats, from, vector, start, end);
      else copyDoubles(this.#doubles, from, vector, start, end);
      if (end === length) return vector;
      chunk = this.#vectors.nextChunk(chunk);
      from = this.#vectors.chunkStart(chunk) / stride;
      start = end;
      end = Math.min(length, start + this.#vectors.restBytes / stride);
    }
  }

  #write(entry: number, vector: ArrayLike<number>, numbers: Float32Array | Float64Array): void {
    const stride = numbers.BYTES_PER_ELEMENT;
    const { length } = vector;
    let chunk = entry;
    let to = this.#vectors.contentStart(entry) / stride;
    let end = Math.min(length, this.#vectors.firstBytes / stride);
    for (let i = 0; ; ) {
      for (; i < end; i++) numbers[to++] = vector[i]!;
      if (i === length) return;
      chunk = this.#vectors.nextChunk(chunk);
      to = this.#vectors.chunkStart(chunk) / stride;
      end = Math.min(length, i + this.#vectors.restBytes / stride);
    }
  }

  #evicted(entry: number): void {
    this.#options.onEvict!(this.#vectors.keyOf(entry), () => this.#read(entry));
  }
}

// One function a type: the engine compiles a loop over one kind of array far better than over two. And an index loop is
// many times faster than `Array.from` of a typed array.

function copyFloats(source: Float32Array, from: number, target: number[], start: number, end: number): void {
  for (let i = start; i < end; i++) target[i] = source[from + i - start]!;
}

function copyDoubles(source: Float64Array, from: number, target: number[], start: number, end: number): void {
  for (let i = start; i < end; i++) target[i] = source[from + i - start]!;
}

/** A NaN is unequal to itself and so is kept as a float64, which keeps its payload. */
function isFloat32(vector: ArrayLike<number>): boolean {
  for (let i = 0; i < vector.length; i++) {
    if (Math.fround(vector[i]!) !== vector[i]) return false;
  }
  return true;
}
