import { decodeVector, encodeVector } from "../codec/index.ts";
import { type ContentKey, KEY_BYTES } from "../core/content-key.ts";
import { CompressedTier } from "../tier/compressed-tier.ts";
import { HotTier, type HotVector, toHotVector, toNumbers } from "../tier/hot-tier.ts";
import { type LifetimeCounters, MappedTier } from "../tier/mapped-tier.ts";
import type { TierName } from "../tier/tier.ts";
import { type CacheOptions, resolveCacheOptions } from "./options.ts";
import type { CacheStatistics } from "./statistics.ts";

export interface CacheEntry {
  /** 32 bytes, as `contentKey` gives them. */
  key: ContentKey;
  /** 1 to 65,536 numbers; copied. */
  vector: ArrayLike<number>;
  /** The model's name. */
  model?: string | undefined;
}

/**
 * Vectors under content keys, in up to three tiers.
 *
 * The law:
 * - A vector comes back with the same 64 bits of every number, or not at all.
 * - `setMany` resolves when the batch is committed to L3 (where there is one): a process that dies afterwards loses
 *   nothing of it. It rejects where L3 could not take it; what is in memory then still serves this process.
 * - Arrays that go in are copied, arrays that come out are the caller's own.
 * - An open cache keeps no process alive.
 */
export interface EmbeddingCache extends AsyncDisposable {
  /** Hits so far; goes on counting. */
  readonly hits: Readonly<Record<TierName, number>>;
  /**
   * @returns one vector or `undefined` a key, in the order of the keys
   * @throws RangeError for a key that has not 32 bytes
   */
  getMany(keys: readonly ContentKey[]): (number[] | undefined)[];
  /** @throws RangeError for a key that has not 32 bytes or a vector without or with too many numbers; nothing of the batch is stored */
  setMany(entries: readonly CacheEntry[]): Promise<void>;
  /**
   * Asks for the right to embed texts, so that two processes do not pay for the same one. Whoever gets it releases it;
   * that of a process that died, or of one that has not asked again for long, is free.
   * @returns one answer a key, in the order of the keys; all `true` without L3, or where it cannot say
   */
  lease(keys: readonly ContentKey[]): Promise<boolean[]>;
  release(keys: readonly ContentKey[]): Promise<void>;
  statistics(): CacheStatistics;
  /** Counters that are summed over all processes that ever used the directory; empty without L3. */
  lifetime(): LifetimeCounters;
  addLifetime(counters: LifetimeCounters): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a cache. It opens in any case: what cannot be had (a directory that cannot be written, a native module that
 * does not load) is told through `onNotice`, stands in `statistics().degraded`, and the other tiers serve.
 * @throws RangeError, TypeError for options that make no sense
 */
export async function openCache(options: CacheOptions = {}): Promise<EmbeddingCache> {
  const { directory, hotBytes, compressedBytes, diskBytes, onNotice } = resolveCacheOptions(options);
  const degraded: string[] = [];
  let mapped: MappedTier | undefined;
  if (diskBytes > 0) {
    try {
      mapped = await MappedTier.open({ directory, maxBytes: diskBytes, onNotice });
    } catch (error) {
      degraded.push(`vectors are kept in memory only, ${directory} cannot be used: ${messageOf(error)}`);
      onNotice(degraded[0]!);
    }
  }
  return new HierarchicalCache({ hotBytes, compressedBytes, mapped, degraded, onNotice });
}

interface Parts {
  hotBytes: number;
  compressedBytes: number;
  mapped: MappedTier | undefined;
  degraded: string[];
  onNotice: (message: string) => void;
}

class HierarchicalCache implements EmbeddingCache {
  readonly #hot: HotTier | undefined;
  readonly #compressed: CompressedTier | undefined;
  readonly #mapped: MappedTier | undefined;
  readonly #onNotice: (message: string) => void;
  readonly #counts: Omit<CacheStatistics, "tiers">;
  #closing: Promise<void> | undefined;

  constructor({ hotBytes, compressedBytes, mapped, degraded, onNotice }: Parts) {
    if (compressedBytes > 0) this.#compressed = new CompressedTier({ maxBytes: compressedBytes });
    if (hotBytes > 0) {
      this.#hot = new HotTier({ maxBytes: hotBytes, onEvict: (key, vector) => this.#demote(key, vector) });
    }
    this.#mapped = mapped;
    this.#onNotice = onNotice;
    this.#counts = {
      keysAsked: 0,
      hits: { L1: 0, L2: 0, L3: 0 },
      misses: 0,
      vectorsStored: 0,
      numberBytesStored: 0,
      recordBytesStored: 0,
      promotions: 0,
      demotions: 0,
      damaged: 0,
      failedWrites: 0,
      degraded,
    };
  }

  get hits(): Readonly<Record<TierName, number>> {
    return this.#counts.hits;
  }

  getMany(keys: readonly ContentKey[]): (number[] | undefined)[] {
    for (const [index, key] of keys.entries()) checkKey(key, index);
    return keys.map((key) => this.#get(key));
  }

  async setMany(entries: readonly CacheEntry[]): Promise<void> {
    for (const [index, { key }] of entries.entries()) checkKey(key, index);
    const records = entries.map(({ key, vector }) => ({ key, value: encodeVector(vector) }));
    for (const { key } of records) this.#hot?.delete(key);
    // Into L2, where a scan cannot flush what is hot; where there is none, into L1.
    if (this.#compressed) this.#compressed.set(records);
    else this.#hot?.set(entries.map(({ key, vector }) => ({ key, value: toHotVector(vector) })));
    try {
      await this.#mapped?.set(records);
    } catch (error) {
      this.#counts.failedWrites++;
      this.#degrade(`vectors cannot be written to disk: ${messageOf(error)}`);
      throw error;
    }
    this.#counts.vectorsStored += entries.length;
    for (const [i, { vector }] of entries.entries()) {
      this.#counts.numberBytesStored += vector.length * Float64Array.BYTES_PER_ELEMENT;
      this.#counts.recordBytesStored += records[i]!.value.length;
    }
  }

  statistics(): CacheStatistics {
    const tiers: CacheStatistics["tiers"] = {};
    let { damaged } = this.#counts;
    for (const tier of [this.#hot, this.#compressed, this.#mapped]) {
      if (!tier) continue;
      tiers[tier.name] = tier.usage();
      damaged += tier.usage().damaged;
    }
    return { ...structuredClone(this.#counts), damaged, tiers };
  }

  async lease(keys: readonly ContentKey[]): Promise<boolean[]> {
    return keys.map(() => true);
  }

  async release(_keys: readonly ContentKey[]): Promise<void> {}

  lifetime(): LifetimeCounters {
    return this.#mapped?.lifetime() ?? {};
  }

  async addLifetime(counters: LifetimeCounters): Promise<void> {
    await this.#mapped?.addLifetime(counters);
  }

  async flush(): Promise<void> {
    await this.#mapped?.flush();
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#hot?.close();
      this.#compressed?.close();
      await this.#mapped?.close();
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #get(key: ContentKey): number[] | undefined {
    this.#counts.keysAsked++;
    const hot = this.#hot?.get(key);
    if (hot) return this.#hit("L1", toNumbers(hot));

    const compressed = this.#decode(this.#compressed?.get(key));
    if (compressed) {
      this.#promoteToHot(key, compressed);
      return this.#hit("L2", compressed);
    }

    const record = this.#readMapped(key);
    const mapped = this.#decode(record);
    if (mapped) {
      if (this.#compressed) {
        this.#counts.promotions++;
        this.#compressed.set([{ key, value: record! }]);
      } else {
        this.#promoteToHot(key, mapped);
      }
      return this.#hit("L3", mapped);
    }
    this.#counts.misses++;
    return undefined;
  }

  #promoteToHot(key: ContentKey, vector: number[]): void {
    if (!this.#hot) return;
    this.#counts.promotions++;
    this.#hot.set([{ key, value: toHotVector(vector) }]);
  }

  #hit(tier: TierName, vector: number[]): number[] {
    this.#counts.hits[tier]++;
    return vector;
  }

  /** A view, lent until the next read. A read that fails is a miss: the base embedder can still answer. */
  #readMapped(key: ContentKey): Uint8Array | undefined {
    try {
      return this.#mapped?.get(key);
    } catch (error) {
      this.#degrade(`vectors on disk cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Says once what the cache goes without, and keeps it for the statistics. */
  #degrade(message: string): void {
    if (this.#counts.degraded.includes(message)) return;
    this.#counts.degraded.push(message);
    this.#onNotice(message);
  }

  /** The record's vector; an unreadable record is a miss. */
  #decode(record: Uint8Array | undefined): number[] | undefined {
    if (!record) return undefined;
    try {
      return decodeVector(record);
    } catch {
      this.#counts.damaged++;
      return undefined;
    }
  }

  #demote(key: ContentKey, vector: HotVector): void {
    if (!this.#compressed || this.#compressed.get(key)) return;
    this.#counts.demotions++;
    // Copying the record from the map is many times cheaper than encoding the vector again.
    this.#compressed.set([{ key, value: this.#readMapped(key) ?? encodeVector(vector) }]);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function checkKey(key: ContentKey, index: number): void {
  if (!(key instanceof Uint8Array) || key.length !== KEY_BYTES) {
    const got = key instanceof Uint8Array ? `${key.length} bytes` : typeof key;
    throw new RangeError(`a content key is a Uint8Array of ${KEY_BYTES} bytes, key ${index} is ${got}`);
  }
}
