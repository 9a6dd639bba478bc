import type { ContentKey } from "../core/content-key.ts";
import { fromKeyString, keyString } from "./key-string.ts";
import { SieveMap } from "./sieve.ts";
import type { Tier, TierEntry, TierUsage } from "./tier.ts";

/** A decoded vector, in float32 where that is exact. */
export type HotVector = Float32Array | Float64Array;

export interface HotTierOptions {
  /** The budget, everything included. */
  maxBytes: number;
  /** Told of each vector that leaves for want of room, so that it can be demoted. */
  onEvict?: ((key: ContentKey, vector: HotVector) => void) | undefined;
}

/**
 * What an entry costs besides its numbers: the key as a string, the map's slot, the list's node and the typed array
 * with its buffer. `bench/entry-overhead.ts` measures it.
 */
export const HOT_ENTRY_OVERHEAD_BYTES = 400;

/** L1: decoded vectors in memory. */
export class HotTier implements Tier<HotVector> {
  readonly name = "L1";
  readonly #maxBytes: number;
  readonly #vectors: SieveMap<HotVector>;

  constructor({ maxBytes, onEvict }: HotTierOptions) {
    this.#maxBytes = maxBytes;
    this.#vectors = new SieveMap(maxBytes, (key, vector) => onEvict?.(fromKeyString(key), vector));
  }

  get(key: ContentKey): HotVector | undefined {
    return this.#vectors.get(keyString(key));
  }

  set(entries: readonly TierEntry<HotVector>[]): void {
    for (const { key, value } of entries) {
      this.#vectors.set(keyString(key), value.slice(), value.byteLength + HOT_ENTRY_OVERHEAD_BYTES);
    }
  }

  delete(key: ContentKey): void {
    this.#vectors.delete(keyString(key));
  }

  usage(): TierUsage {
    const { size, usedBytes, evictions } = this.#vectors;
    return { entries: size, usedBytes, maxBytes: this.#maxBytes, evictions, damaged: 0 };
  }

  flush(): void {}

  close(): void {
    this.#vectors.clear();
  }
}

/** The narrowest array that holds the vector exactly. */
export function toHotVector(vector: ArrayLike<number>): HotVector {
  const floats = new Float32Array(vector.length);
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i]!;
    floats[i] = value;
    // A NaN is unequal to itself and so ends up in a Float64Array, which keeps its payload.
    if (floats[i] !== value) return Float64Array.from(vector);
  }
  return floats;
}

/** A fresh `number[]`, the caller's own. An index loop is many times faster than `Array.from` of a typed array. */
export function toNumbers(vector: HotVector): number[] {
  const numbers = new Array<number>(vector.length);
  for (let i = 0; i < vector.length; i++) numbers[i] = vector[i]!;
  return numbers;
}
