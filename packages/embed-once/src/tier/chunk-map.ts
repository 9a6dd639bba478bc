import { type ContentKey, KEY_BYTES } from "../core/content-key.ts";
import { hashWords, Regrets } from "./regrets.ts";

export interface ChunkMapOptions {
  /** The budget: the preallocated memory, tables of hashes included. */
  maxBytes: number;
  /** Bytes of a chunk; a multiple of 4. Small chunks lose little at an entry's end, large ones have fewer links. */
  chunkBytes: number;
  /** Told of each entry that leaves for want of room, while it can still be read; must not change the map. */
  onEvict?: ((entry: number) => void) | undefined;
}

const NONE = -1;
const WORD_BYTES = 4;

// Words at the front of an entry's first chunk.
const LENGTH = 0;
const NEWER = 1;
const OLDER = 2;
const BUCKET_NEXT = 3;
const VISITED = 4;
const LAST_CHUNK = 5;
const KEY = 6;
const KEY_WORDS = KEY_BYTES / WORD_BYTES;
const HEADER_BYTES: number = (KEY + KEY_WORDS) * WORD_BYTES;

/** Chunks for each bucket of the hash table. */
const CHUNKS_PER_BUCKET = 4;

/**
 * A byte-bounded map from content keys to bytes in memory that is allocated once, outside the JavaScript heap: no
 * object an entry, nothing for the collector.
 *
 * The memory is cut into chunks of one size. An entry is a chain of chunks, so no room is lost between entries, whatever
 * their sizes; its first chunk begins with its length, its place in the eviction order and in its bucket, and its
 * key. An entry is named by the index of its first chunk.
 *
 * Chains are kept in order when they are freed and taken again, and entries of one model are nearly of one size: most
 * lie in one piece, or a few. The links have a table of their own, so that following them reads none of the memory,
 * which is mostly in no processor cache.
 *
 * Eviction is SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024): a hit only sets a bit; the hand walks from
 * the oldest entry to the newest, spares each visited one once, and evicts the first that was not visited since it last
 * came by. One scan of new entries therefore does not flush what is hot. `Regrets` tells the hand when to start over.
 */
export class ChunkMap {
  readonly maxBytes: number;
  /** All memory, that of the tables left out. */
  readonly memory: ArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #buckets: Int32Array;
  /** For each chunk, the next one of its chain. */
  readonly #next: Int32Array;
  readonly #chunkBytes: number;
  readonly #chunkWords: number;
  readonly #chunks: number;
  readonly #tableBytes: number;
  readonly #onEvict: (entry: number) => void;
  /** The key that is looked for, as words. */
  readonly #key: Int32Array = new Int32Array(KEY_WORDS);
  readonly #keyBytes: Uint8Array = new Uint8Array(this.#key.buffer);
  /** Its hash. */
  #hash = 0;
  #usedChunks = 0;
  /** An entry in several pieces that is lent as one. */
  #gathered: Uint8Array = new Uint8Array(0);
  #firstFree: number = NONE;
  #newest: number = NONE;
  #oldest: number = NONE;
  #hand: number = NONE;
  readonly #regrets: Regrets;
  size = 0;
  evictions = 0;

  constructor({ maxBytes, chunkBytes, onEvict = () => {} }: ChunkMapOptions) {
    this.maxBytes = maxBytes;
    this.#chunkBytes = chunkBytes;
    this.#chunkWords = chunkBytes / WORD_BYTES;
    this.#onEvict = onEvict;
    const buckets = bucketCount(Math.floor(maxBytes / chunkBytes));
    this.#tableBytes = buckets * WORD_BYTES + Regrets.bytes(maxBytes);
    this.#chunks = Math.max(0, Math.floor((maxBytes - this.#tableBytes) / (chunkBytes + WORD_BYTES)));
    this.#tableBytes += this.#chunks * WORD_BYTES;
    this.#regrets = new Regrets(this.#chunks > 0 ? maxBytes : 0);
    this.#buckets = new Int32Array(this.#chunks > 0 ? buckets : 1).fill(NONE);
    this.#next = Int32Array.from({ length: this.#chunks }, (_, chunk) => (chunk + 1 < this.#chunks ? chunk + 1 : NONE));
    if (this.#chunks > 0) this.#firstFree = 0;
    this.memory = new ArrayBuffer(this.#chunks * chunkBytes);
    this.#words = new Int32Array(this.memory);
    this.#bytes = new Uint8Array(this.memory);
  }

  /** Bytes of the chunks in use, and of what serves all of them once there are any. */
  get usedBytes(): number {
    return this.size === 0 ? 0 : this.#usedChunks * this.#chunkBytes + this.#tableBytes;
  }

  /** The entry of a key, which counts as visited; −1 where there is none. */
  find(key: ContentKey): number {
    const entry = this.#lookUp(key);
    if (entry !== NONE) this.#words[entry * this.#chunkWords + VISITED] = 1;
    return entry;
  }

  has(key: ContentKey): boolean {
    return this.#lookUp(key) !== NONE;
  }

  /** Bytes of content. */
  lengthOf(entry: number): number {
    return this.#words[entry * this.#chunkWords + LENGTH]!;
  }

  /** A copy. */
  keyOf(entry: number): ContentKey {
    const start = (entry * this.#chunkWords + KEY) * WORD_BYTES;
    return this.#bytes.slice(start, start + KEY_BYTES);
  }

  /** An entry's content, lent: valid until the next call, and not to be written to. */
  lend(entry: number): Uint8Array {
    const length = this.lengthOf(entry);
    let lent = this.#gathered;
    this.#eachPiece(entry, length, (start, count, offset) => {
      const piece = this.#bytes.subarray(start, start + count);
      if (count === length) {
        lent = piece;
        return;
      }
      if (lent.length < length) lent = this.#gathered = new Uint8Array(2 * length);
      lent.set(piece, offset);
    });
    return lent.length === length ? lent : lent.subarray(0, length);
  }

  /** Copies an entry's content in. @param content as long as the entry was made */
  write(entry: number, content: Uint8Array): void {
    const { length } = content;
    this.#eachPiece(entry, length, (start, count, offset) => {
      this.#bytes.set(count === length ? content : content.subarray(offset, offset + count), start);
    });
  }

  /** Visits the content of an entry: so many bytes from `start` on in the memory, `offset` bytes into the content. */
  #eachPiece(entry: number, length: number, visit: (start: number, count: number, offset: number) => void): void {
    let chunk = entry;
    let start = entry * this.#chunkBytes + HEADER_BYTES;
    for (let offset = 0; ; ) {
      // Chunks that lie side by side are one piece.
      let last = chunk;
      while (this.#next[last] === last + 1) last++;
      const count = Math.min((last + 1) * this.#chunkBytes - start, length - offset);
      visit(start, count, offset);
      offset += count;
      if (offset === length) return;
      chunk = this.#next[last]!;
      start = chunk * this.#chunkBytes;
    }
  }

  /**
   * Makes an entry for content of this length, in place of the key's former one, and evicts others for it. The content
   * is the caller's to write.
   * @returns −1 where the content is larger than the whole budget; the key then has no entry
   */
  make(key: ContentKey, length: number): number {
    this.delete(key);
    const needed = this.#chunksFor(length);
    if (needed > this.#chunks) {
      this.evictions++;
      return NONE;
    }
    const hash = this.#hash;
    if (this.#regrets.entered(hash, this.size)) this.#hand = NONE;
    while (this.#chunks - this.#usedChunks < needed) this.#evict();
    const entry = this.#allocate(needed);
    const at = entry * this.#chunkWords;
    const words = this.#words;
    words[at + LENGTH] = length;
    words[at + VISITED] = 0;
    words.set(this.#key, at + KEY);
    const bucket = this.#bucketOf(hash);
    words[at + BUCKET_NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = entry;
    words[at + NEWER] = NONE;
    words[at + OLDER] = this.#newest;
    if (this.#newest === NONE) this.#oldest = entry;
    else words[this.#newest * this.#chunkWords + NEWER] = entry;
    this.#newest = entry;
    this.size++;
    return entry;
  }

  delete(key: ContentKey): boolean {
    const entry = this.#lookUp(key);
    if (entry !== NONE) this.#remove(entry);
    return entry !== NONE;
  }

  #lookUp(key: ContentKey): number {
    this.#keyBytes.set(key);
    const words = this.#words;
    const sought = this.#key;
    this.#hash = hashWords(sought, 0, KEY_WORDS);
    let entry = this.#buckets[this.#bucketOf(this.#hash)]!;
    search: while (entry !== NONE) {
      const at = entry * this.#chunkWords;
      for (let i = 0; i < KEY_WORDS; i++) {
        if (words[at + KEY + i] !== sought[i]) {
          entry = words[at + BUCKET_NEXT]!;
          continue search;
        }
      }
      return entry;
    }
    return NONE;
  }

  #chunksFor(length: number): number {
    return Math.ceil((HEADER_BYTES + length) / this.#chunkBytes);
  }

  #bucketOf(hash: number): number {
    return hash & (this.#buckets.length - 1);
  }

  #allocate(count: number): number {
    const first = this.#firstFree;
    let last = first;
    for (let i = 1; i < count; i++) last = this.#next[last]!;
    this.#firstFree = this.#next[last]!;
    this.#next[last] = NONE;
    this.#words[first * this.#chunkWords + LAST_CHUNK] = last;
    this.#usedChunks += count;
    return first;
  }

  #evict(): void {
    const words = this.#words;
    let entry = this.#hand === NONE ? this.#oldest : this.#hand;
    while (words[entry * this.#chunkWords + VISITED] === 1) {
      words[entry * this.#chunkWords + VISITED] = 0;
      const newer = words[entry * this.#chunkWords + NEWER]!;
      entry = newer === NONE ? this.#oldest : newer;
    }
    this.#hand = entry;
    this.evictions++;
    const key = entry * this.#chunkWords + KEY;
    this.#regrets.evicted(hashWords(words, key, key + KEY_WORDS));
    this.#onEvict(entry);
    this.#remove(entry);
  }

  #remove(entry: number): void {
    const words = this.#words;
    const at = entry * this.#chunkWords;
    const newer = words[at + NEWER]!;
    const older = words[at + OLDER]!;
    if (this.#hand === entry) this.#hand = newer;
    if (newer === NONE) this.#newest = older;
    else words[newer * this.#chunkWords + OLDER] = older;
    if (older === NONE) this.#oldest = newer;
    else words[older * this.#chunkWords + NEWER] = newer;
    this.#unlinkFromBucket(entry);
    this.#free(entry);
    this.size--;
  }

  #unlinkFromBucket(entry: number): void {
    const words = this.#words;
    const at = entry * this.#chunkWords;
    const bucket = this.#bucketOf(hashWords(words, at + KEY, at + KEY + KEY_WORDS));
    const next = words[at + BUCKET_NEXT]!;
    let other = this.#buckets[bucket]!;
    if (other === entry) {
      this.#buckets[bucket] = next;
      return;
    }
    while (words[other * this.#chunkWords + BUCKET_NEXT] !== entry) {
      other = words[other * this.#chunkWords + BUCKET_NEXT]!;
    }
    words[other * this.#chunkWords + BUCKET_NEXT] = next;
  }

  #free(entry: number): void {
    const last = this.#words[entry * this.#chunkWords + LAST_CHUNK]!;
    this.#next[last] = this.#firstFree;
    this.#firstFree = entry;
    this.#usedChunks -= this.#chunksFor(this.lengthOf(entry));
  }
}

/** A power of two. */
function bucketCount(chunks: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, chunks / CHUNKS_PER_BUCKET))));
}
