import type { EmbeddingCache } from "../cache/hierarchical-cache.ts";
import type { ContentKey } from "../core/content-key.ts";

/** A text's key, in both of its forms. */
export interface LeaseKey {
  key: ContentKey;
  flightKey: string;
}

/**
 * The leases of the wrappers of a cache. To the cache they are all one holder's, while two flights may want the same one: the second
 * takes off as soon as the first is given up, and before that has come to its end. The last of them gives the lease back.
 */
export class HeldLeases {
  readonly #holders = new Map<string, number>();

  /** Asks for leases. Whatever comes of it, `release` must be called with the same keys. @returns one answer a key */
  acquire(cache: EmbeddingCache, keys: readonly LeaseKey[]): Promise<boolean[]> {
    for (const { flightKey } of keys) this.#holders.set(flightKey, (this.#holders.get(flightKey) ?? 0) + 1);
    return cache.lease(keys.map(({ key }) => key));
  }

  /** Makes leases last longer. */
  renew(cache: EmbeddingCache, keys: readonly LeaseKey[]): void {
    void cache.lease(keys.map(({ key }) => key));
  }

  /** @param granted what `acquire` gave for the same keys */
  async release(cache: EmbeddingCache, keys: readonly LeaseKey[], granted: readonly boolean[]): Promise<void> {
    const free = keys.filter(({ flightKey }, i) => {
      const others = this.#holders.get(flightKey)! - 1;
      if (others > 0) this.#holders.set(flightKey, others);
      else this.#holders.delete(flightKey);
      return others === 0 && granted[i];
    });
    await cache.release(free.map(({ key }) => key));
  }
}
