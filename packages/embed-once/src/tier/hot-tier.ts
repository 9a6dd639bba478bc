import { type ContentKey, KEY_BYTES } from "../core/content-key.ts";
import { hashWords, Regrets } from "./regrets.ts";
import type { Tier, TierEntry, TierUsage } from "./tier.ts";

export interface HotTierOptions {
  /** The budget, everything included. */
  maxBytes: number;
  /** Told of each vector that leaves for want of room, so that it can be demoted; must not change the tier. */
  onEvict?: ((key: ContentKey, vector: number[]) => void) | undefined;
}

/** What an entry takes beside its numbers: array, key, list node, and its share of the map's table. */
const ENTRY_BYTES = 448;

/** A vector and its place in the eviction order. */
interface Held {
  readonly key: Int32Array;
  readonly vector: number[];
  readonly bytes: number;
  /** Of the key. Of two keys with one hash, the later one takes the place. */
  readonly hash: number;
  isVisited: boolean;
  newer: Held | undefined;
  older: Held | undefined;
}

/**
 * L1: decoded vectors, ready to hand out. They are held as arrays of doubles, twice the size of float32s, since copying
 * an array whole takes half the time of filling one from float32s (`npm run bench:tiers`).
 *
 * Eviction is SIEVE, as in `ChunkMap`.
 */
export class HotTier implements Tier<number[]> {
  readonly name = "L1";
  readonly #maxBytes: number;
  readonly #onEvict: (key: ContentKey, vector: number[]) => void;
  /** By the hash of the key, which is cheaper than a string of it. */
  readonly #held = new Map<number, Held>();
  #newest: Held | undefined;
  #oldest: Held | undefined;
  #hand: Held | undefined;
  readonly #regrets: Regrets;
  readonly #tableBytes: number;
  #usedBytes = 0;
  #evictions = 0;

  constructor({ maxBytes, onEvict = () => {} }: HotTierOptions) {
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
    this.#regrets = new Regrets(maxBytes);
    this.#tableBytes = Regrets.bytes(maxBytes);
  }

  /** A fresh array, the caller's own. */
  get(key: ContentKey): number[] | undefined {
    const held = this.#find(key);
    if (held === undefined) return undefined;
    held.isVisited = true;
    return held.vector.slice();
  }

  set(entries: readonly TierEntry<ArrayLike<number>>[]): void {
    for (const { key, value } of entries) this.put(key, value);
  }

  put(key: ContentKey, vector: ArrayLike<number>): void {
    const hash = hashOf(key);
    this.#remove(this.#held.get(hash));
    const bytes = ENTRY_BYTES + vector.length * Float64Array.BYTES_PER_ELEMENT;
    const room = this.#maxBytes - this.#tableBytes;
    if (bytes > room) {
      this.#evictions++;
      return;
    }
    if (this.#regrets.entered(hash, this.#held.size)) this.#hand = undefined;
    while (this.#usedBytes + bytes > room) this.#evict();
    // An array of another class copies itself in ways of its own.
    const isPlain = Array.isArray(vector) && vector.constructor === Array;
    const copy = isPlain ? vector.slice() : Array.from({ length: vector.length }, (_, i) => vector[i]!);
    const held: Held = {
      key: wordsOf(key),
      vector: copy,
      bytes,
      hash,
      isVisited: false,
      newer: undefined,
      older: this.#newest,
    };
    if (this.#newest) this.#newest.newer = held;
    this.#newest = held;
    this.#oldest ??= held;
    this.#held.set(hash, held);
    this.#usedBytes += bytes;
  }

  delete(key: ContentKey): void {
    this.#remove(this.#find(key));
  }

  usage(): TierUsage {
    return {
      entries: this.#held.size,
      usedBytes: this.#held.size === 0 ? 0 : this.#usedBytes + this.#tableBytes,
      maxBytes: this.#maxBytes,
      evictions: this.#evictions,
      damaged: 0,
    };
  }

  flush(): void {}

  clear(): void {
    this.#held.clear();
    this.#newest = this.#oldest = this.#hand = undefined;
    this.#usedBytes = 0;
  }

  close(): void {
    this.clear();
  }

  #find(key: ContentKey): Held | undefined {
    const held = this.#held.get(hashOf(key));
    if (held === undefined) return undefined;
    for (let i = 0; i < soughtWords.length; i++) if (held.key[i] !== soughtWords[i]) return undefined;
    return held;
  }

  #evict(): void {
    let held = this.#hand ?? this.#oldest!;
    while (held.isVisited) {
      held.isVisited = false;
      held = held.newer ?? this.#oldest!;
    }
    this.#hand = held.newer;
    this.#evictions++;
    this.#regrets.evicted(held.hash);
    this.#remove(held);
    this.#onEvict(new Uint8Array(held.key.buffer), held.vector);
  }

  #remove(held: Held | undefined): void {
    if (held === undefined) return;
    const { newer, older } = held;
    if (this.#hand === held) this.#hand = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
    if (older) older.newer = newer;
    else this.#oldest = newer;
    this.#held.delete(held.hash);
    this.#usedBytes -= held.bytes;
  }
}

/** The key that is looked for. */
const soughtWords = new Int32Array(KEY_BYTES / Int32Array.BYTES_PER_ELEMENT);
const soughtBytes = new Uint8Array(soughtWords.buffer);

function hashOf(key: ContentKey): number {
  soughtBytes.set(key);
  return hashWords(soughtWords, 0, soughtWords.length);
}

function wordsOf(key: ContentKey): Int32Array {
  soughtBytes.set(key);
  return soughtWords.slice();
}
