import type { ContentKey } from "../core/content-key.ts";
import { ChunkMap } from "./chunk-map.ts";
import type { Tier, TierEntry, TierUsage } from "./tier.ts";

/** A record of 2,640 bytes takes eleven chunks, 2,816 bytes with its key and bookkeeping. */
const CHUNK_BYTES = 256;

/** L2: codec records in preallocated memory outside the JavaScript heap. */
export class CompressedTier implements Tier<Uint8Array> {
  readonly name = "L2";
  readonly #maxBytes: number;
  #records: ChunkMap;
  /** Before the records were cleared. */
  #earlierEvictions = 0;

  constructor({ maxBytes }: { maxBytes: number }) {
    this.#maxBytes = maxBytes;
    this.#records = new ChunkMap({ maxBytes, chunkBytes: CHUNK_BYTES });
  }

  get(key: ContentKey): Uint8Array | undefined {
    const entry = this.#records.find(key);
    return entry < 0 ? undefined : this.#records.lend(entry);
  }

  has(key: ContentKey): boolean {
    return this.#records.has(key);
  }

  set(entries: readonly TierEntry<Uint8Array>[]): void {
    for (const { key, value } of entries) this.put(key, value);
  }

  put(key: ContentKey, value: Uint8Array): void {
    const entry = this.#records.make(key, value.length);
    if (entry >= 0) this.#records.write(entry, value);
  }

  delete(key: ContentKey): void {
    this.#records.delete(key);
  }

  usage(): TierUsage {
    const { size, usedBytes, evictions } = this.#records;
    return {
      entries: size,
      usedBytes,
      maxBytes: this.#maxBytes,
      evictions: this.#earlierEvictions + evictions,
      damaged: 0,
    };
  }

  flush(): void {}

  clear(): void {
    this.#earlierEvictions += this.#records.evictions;
    this.#records = new ChunkMap({ maxBytes: this.#maxBytes, chunkBytes: CHUNK_BYTES });
  }

  close(): void {
    this.#earlierEvictions += this.#records.evictions;
    this.#records = new ChunkMap({ maxBytes: 0, chunkBytes: CHUNK_BYTES });
  }
}
