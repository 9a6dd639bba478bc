import type { ContentKey } from "../core/content-key.ts";
import { keyString } from "./key-string.ts";
import { SieveMap } from "./sieve.ts";
import type { Tier, TierEntry, TierUsage } from "./tier.ts";

/**
 * What an entry costs besides its record: the key as a string, the map's slot, the list's node and the array with its
 * buffer. `bench/entry-overhead.ts` measures it.
 */
export const COMPRESSED_ENTRY_OVERHEAD_BYTES = 400;

/** L2: codec records in memory. */
export class CompressedTier implements Tier<Uint8Array> {
  readonly name = "L2";
  readonly #maxBytes: number;
  readonly #records: SieveMap<Uint8Array>;

  constructor({ maxBytes }: { maxBytes: number }) {
    this.#maxBytes = maxBytes;
    this.#records = new SieveMap(maxBytes);
  }

  get(key: ContentKey): Uint8Array | undefined {
    return this.#records.get(keyString(key));
  }

  set(entries: readonly TierEntry<Uint8Array>[]): void {
    for (const { key, value } of entries) {
      // A copy of a lent view must be a new array of its own size, never a slice of a shared pool.
      this.#records.set(keyString(key), Uint8Array.from(value), value.length + COMPRESSED_ENTRY_OVERHEAD_BYTES);
    }
  }

  delete(key: ContentKey): void {
    this.#records.delete(keyString(key));
  }

  usage(): TierUsage {
    const { size, usedBytes, evictions } = this.#records;
    return { entries: size, usedBytes, maxBytes: this.#maxBytes, evictions, damaged: 0 };
  }

  flush(): void {}

  close(): void {
    this.#records.clear();
  }
}
