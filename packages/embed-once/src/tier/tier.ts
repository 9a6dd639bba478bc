import type { ContentKey } from "../core/content-key.ts";

export type TierName = "L1" | "L2" | "L3";

/** What a tier holds and what it may hold. */
export interface TierUsage {
  entries: number;
  /** Everything that the entries cost: values, keys and bookkeeping. */
  usedBytes: number;
  /** The budget. */
  maxBytes: number;
  /** Entries that this tier took out for want of room since it was opened. */
  evictions: number;
  /** Entries that were found damaged since the tier was opened; each was a miss. */
  damaged: number;
}

export interface TierEntry<Value> {
  key: ContentKey;
  value: Value;
}

/**
 * The contract of a tier: a bounded store of values under content keys. `Value` is a decoded vector in L1, and a
 * codec record (a `Uint8Array`) in L2 and L3.
 *
 * The law:
 * - `get` gives what the last `set` of that key stored, byte for byte, or `undefined`. A tier may lose any entry at any
 *   time (eviction, damage); it never alters one and never gives one key's value for another.
 * - A value that was handed in is copied: what the caller does to it afterwards does not reach the tier. A value that is
 *   handed out is lent: it is read before the next call of the tier, and never written to.
 * - `usedBytes` never exceeds `maxBytes` once `set` has settled. A value larger than the whole budget is not stored.
 * - `set` resolves (or returns) when the entries can be read back; in a tier on disk, when they are committed. It rejects
 *   if they could not be stored, and then the entries that were there before are unharmed.
 * - Keys are 32 bytes; that is checked by the cache over the tiers, not here.
 * - After `close` every call is a fault of the caller.
 */
export interface Tier<Value> {
  readonly name: TierName;
  get(key: ContentKey): Value | undefined;
  set(entries: readonly TierEntry<Value>[]): void | Promise<void>;
  delete(key: ContentKey): void | Promise<void>;
  usage(): TierUsage;
  /** Resolves when everything that was set is as safe as this tier makes it. */
  flush(): void | Promise<void>;
  close(): void | Promise<void>;
}
