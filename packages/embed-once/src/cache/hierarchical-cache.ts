import { decodeVouched } from "../codec/decoder.ts";
import { decodeVector, encodeVector, UnsupportedRecordError } from "../codec/index.ts";
import { type ContentKey, KEY_BYTES } from "../core/content-key.ts";
import { CompressedTier } from "../tier/compressed-tier.ts";
import { HotTier } from "../tier/hot-tier.ts";
import { type CompactReport, clear, compact, type Progress, type VerifyReport, verify } from "../tier/maintenance.ts";
import { type LifetimeCounters, MappedTier } from "../tier/mapped-tier.ts";
import type { TierName, TierUsage } from "../tier/tier.ts";
import { DiskTier } from "./disk-tier.ts";
import { exportPack, type ImportReport, importPack, isReadable } from "./maintenance.ts";
import { type CacheOptions, type ResolvedCacheOptions, resolveCacheOptions } from "./options.ts";
import type { CacheStatistics } from "./statistics.ts";

export interface CacheEntry {
  /** 32 bytes, as `contentKey` gives them. */
  key: ContentKey;
  /** 1 to 65,536 numbers; copied. */
  vector: ArrayLike<number>;
  /** The model that made it, for statistics and `clear`. */
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
  /** Reads every record on disk. @throws where there is no disk tier, as do the four below */
  verify(progress?: Progress): Promise<VerifyReport>;
  /** Gives unused room back to the file system. @throws where somebody else has the directory open */
  compact(progress?: Progress): Promise<CompactReport>;
  /** Removes the vectors of one model, or all. @returns how many were removed from disk */
  clear(model?: string, progress?: Progress): Promise<number>;
  /** Writes all vectors into a portable file, mode 0600. @returns how many */
  exportPack(path: string, progress?: Progress): Promise<number>;
  /** Takes the vectors of such a file in, as far as they are sound. @throws where the file is no pack */
  importPack(path: string): Promise<ImportReport>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a cache. It opens in any case: what cannot be had (a directory that cannot be written, a native module that
 * does not load) is told through `onNotice`, stands in `statistics().degraded`, and the other tiers serve.
 * @throws RangeError, TypeError for options that make no sense
 */
export async function openCache(options: CacheOptions = {}): Promise<EmbeddingCache> {
  const resolved = resolveCacheOptions(options);
  const { directory, diskBytes, ttlMs, durability, onNotice, loadLmdb } = resolved;
  const open = () => MappedTier.open({ directory, maxBytes: diskBytes, ttlMs, durability, onNotice, loadLmdb });
  const disk = diskBytes > 0 ? new DiskTier({ open, onNotice }) : undefined;
  await disk?.open();
  return new HierarchicalCache(resolved, disk);
}

type Counts = Omit<CacheStatistics, "tiers" | "models" | "degraded" | "failedReads" | "failedWrites">;

class HierarchicalCache implements EmbeddingCache {
  readonly #hot: HotTier | undefined;
  readonly #compressed: CompressedTier | undefined;
  readonly #disk: DiskTier | undefined;
  readonly #counts: Counts = {
    keysAsked: 0,
    hits: { L1: 0, L2: 0, L3: 0 },
    misses: 0,
    vectorsStored: 0,
    numberBytesStored: 0,
    recordBytesStored: 0,
    promotions: 0,
    demotions: 0,
    damaged: 0,
  };
  #closing: Promise<void> | undefined;

  constructor({ hotBytes, compressedBytes }: ResolvedCacheOptions, disk: DiskTier | undefined) {
    if (compressedBytes > 0) this.#compressed = new CompressedTier({ maxBytes: compressedBytes });
    if (hotBytes > 0) {
      this.#hot = new HotTier({ maxBytes: hotBytes, onEvict: (key, vector) => this.#demote(key, vector) });
    }
    this.#disk = disk;
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
    const records = entries.map(({ key, vector, model }) => ({ key, value: encodeVector(vector), model }));
    for (const [i, { key, value }] of records.entries()) {
      this.#hot?.delete(key);
      // Into L2, where a scan cannot flush what is hot; where there is none, into L1.
      if (this.#compressed) this.#compressed.put(key, value);
      else this.#hot?.put(key, entries[i]!.vector);
    }
    const numbers = entries.reduce((sum, { vector }) => sum + vector.length, 0);
    await this.#disk?.set(records);
    this.#counts.vectorsStored += entries.length;
    this.#counts.numberBytesStored += numbers * Float64Array.BYTES_PER_ELEMENT;
    for (const { value } of records) this.#counts.recordBytesStored += value.length;
  }

  statistics(): CacheStatistics {
    const tiers: Partial<Record<TierName, TierUsage>> = {};
    const mapped = this.#disk?.tier;
    for (const tier of [this.#hot, this.#compressed, mapped]) if (tier) tiers[tier.name] = tier.usage();
    return {
      ...structuredClone(this.#counts),
      damaged: this.#counts.damaged + (tiers.L3?.damaged ?? 0),
      failedReads: this.#disk?.failedReads ?? 0,
      failedWrites: this.#disk?.failedWrites ?? 0,
      degraded: this.#disk?.degraded ?? [],
      models: mapped?.models() ?? [],
      tiers,
    };
  }

  async lease(keys: readonly ContentKey[]): Promise<boolean[]> {
    return (await this.#disk?.lease(keys)) ?? keys.map(() => true);
  }

  async release(keys: readonly ContentKey[]): Promise<void> {
    await this.#disk?.release(keys);
  }

  lifetime(): LifetimeCounters {
    return this.#disk?.lifetime() ?? {};
  }

  async addLifetime(counters: LifetimeCounters): Promise<void> {
    await this.#disk?.addLifetime(counters);
  }

  verify(progress: Progress = {}): Promise<VerifyReport> {
    return this.#onDisk((tier) => verify(tier, isReadable, progress));
  }

  compact(progress: Progress = {}): Promise<CompactReport> {
    return this.#onDisk((tier) => compact(tier, progress));
  }

  async clear(model?: string, progress: Progress = {}): Promise<number> {
    // The tiers in memory do not know whose vectors they hold, and are soon filled again.
    this.#hot?.clear();
    this.#compressed?.clear();
    return this.#onDisk((tier) => clear(tier, model, progress));
  }

  exportPack(path: string, progress: Progress = {}): Promise<number> {
    return this.#onDisk((tier) => exportPack(tier, path, progress));
  }

  importPack(path: string): Promise<ImportReport> {
    return this.#onDisk((tier) => importPack(tier, path));
  }

  async flush(): Promise<void> {
    await this.#disk?.flush();
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#hot?.close();
      this.#compressed?.close();
      await this.#disk?.close();
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onDisk<Result>(work: (tier: MappedTier) => Promise<Result>): Promise<Result> {
    if (!this.#disk) return Promise.reject(new Error("the cache has no disk tier: diskBytes is 0"));
    return this.#disk.use(work);
  }

  #get(key: ContentKey): number[] | undefined {
    this.#counts.keysAsked++;
    const hot = this.#hot?.get(key);
    if (hot) return this.#hit("L1", hot);

    const compressed = this.#decode(key, this.#compressed?.get(key), decodeVector);
    if (compressed) {
      this.#promoteToHot(key, compressed);
      return this.#hit("L2", compressed);
    }

    const record = this.#disk?.get(key);
    const mapped = this.#decode(key, record, decodeVouched);
    if (mapped) {
      if (this.#compressed) {
        this.#counts.promotions++;
        this.#compressed.put(key, record!);
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
    this.#hot.put(key, vector);
  }

  #hit(tier: TierName, vector: number[]): number[] {
    this.#counts.hits[tier]++;
    return vector;
  }

  /** The record's vector. A damaged record is a miss; one of a later version, too, but that one is left alone. */
  #decode(
    key: ContentKey,
    record: Uint8Array | undefined,
    decode: (record: Uint8Array) => number[],
  ): number[] | undefined {
    if (!record) return undefined;
    try {
      return decode(record);
    } catch (error) {
      this.#counts.damaged++;
      if (!(error instanceof UnsupportedRecordError)) this.#compressed?.delete(key);
      return undefined;
    }
  }

  #demote(key: ContentKey, vector: number[]): void {
    if (!this.#compressed || this.#compressed.has(key)) return;
    this.#counts.demotions++;
    // Copying the record from the map is many times cheaper than encoding the vector again.
    this.#compressed.put(key, this.#disk?.get(key) ?? encodeVector(vector));
  }
}

function checkKey(key: ContentKey, index: number): void {
  if (!(key instanceof Uint8Array) || key.length !== KEY_BYTES) {
    const got = key instanceof Uint8Array ? `${key.length} bytes` : typeof key;
    throw new RangeError(`a content key is a Uint8Array of ${KEY_BYTES} bytes, key ${index} is ${got}`);
  }
}
