import { decodeVouched } from "../codec/decoder.ts";
import { decodeVector, UnsupportedRecordError } from "../codec/index.ts";
import { numberFormOf } from "../codec/record.ts";
import { encodeLent } from "../codec/vector-codec.ts";
import { type ContentKey, KEY_BYTES } from "../core/content-key.ts";
import { messageOf } from "../core/errors.ts";
import { checkModelName } from "../core/model-name.ts";
import { CountsTeller } from "../statistics/channels.ts";
import { countStored, readLifetime } from "../statistics/lifetime.ts";
import { LifetimeSaver } from "../statistics/lifetime-saver.ts";
import { reportCache } from "../statistics/report.ts";
import { Sampler } from "../statistics/sampling.ts";
import type { CacheStatistics, LifetimeStatistics } from "../statistics/statistics.ts";
import { CompressedTier } from "../tier/compressed-tier.ts";
import { HotTier } from "../tier/hot-tier.ts";
import { type CompactReport, clear, compact, type Progress, type VerifyReport, verify } from "../tier/maintenance.ts";
import { type LifetimeCounters, MappedTier } from "../tier/mapped-tier.ts";
import type { TierName } from "../tier/tier.ts";
import { DEFAULT_MAX_BYTES } from "../tier/tier-state.ts";
import { encodeBatch, isVector } from "./batch-records.ts";
import { CacheCounts, type TierCounts } from "./cache-counts.ts";
import { DiskTier } from "./disk-tier.ts";
import { Faults } from "./faults.ts";
import { exportPack, type ImportReport, importPack, isReadable } from "./maintenance.ts";
import { MemoryAge } from "./memory-age.ts";
import { type CacheOptions, type ResolvedCacheOptions, resolveCacheOptions } from "./options.ts";

export interface CacheEntry {
  /** 32 bytes, as `contentKey` gives them. */
  key: ContentKey;
  /** 1 to 65,536 numbers; copied. */
  vector: ArrayLike<number>;
  /** The model that made it, for statistics and `clear`; at most 65,535 bytes of UTF-8. */
  model?: string | undefined;
}

/**
 * Vectors under content keys, in up to three tiers.
 *
 * The law:
 * - A vector comes back with the same 64 bits of every number, or not at all.
 * - `setMany` resolves when the batch is committed to L3 (where there is one): a process that dies afterwards loses
 *   nothing of it. It rejects where L3 could not take it, or where it cannot be encoded; what is in memory then still
 *   serves this process.
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
  /**
   * @throws RangeError for a key that has not 32 bytes, a vector without or with too many numbers, or a model's name of
   *   more than 65,535 bytes; nothing of the batch is stored
   */
  setMany(entries: readonly CacheEntry[]): Promise<void>;
  /**
   * Asks for the right to embed texts, so that two processes do not pay for the same one. Whoever gets it releases it;
   * that of a process that died, or of one that has not asked again for long, is free.
   * @returns one answer a key, in the order of the keys; all `true` without L3, or where it cannot say
   */
  lease(keys: readonly ContentKey[]): Promise<boolean[]>;
  release(keys: readonly ContentKey[]): Promise<void>;
  statistics(): CacheStatistics;
  /** The figures as text, in a few lines. */
  report(): string;
  /** What all processes that ever used the directory did together; all 0 without L3. */
  lifetime(): LifetimeStatistics;
  /** Adds to it, in one transaction; what is no finite number is left out. @returns `false` where there is no place for it at present */
  addLifetime(counters: LifetimeCounters): Promise<boolean>;
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
  const disk = diskBytes !== 0 ? new DiskTier({ open, onNotice }) : undefined;
  await disk?.open();
  return new HierarchicalCache(resolved, disk);
}

class HierarchicalCache implements EmbeddingCache {
  readonly #hot: HotTier | undefined;
  readonly #compressed: CompressedTier | undefined;
  readonly #disk: DiskTier | undefined;
  /** Where vectors age. */
  readonly #age: MemoryAge | undefined;
  readonly #budgets: Readonly<Record<TierName, number>>;
  readonly #counts = new CacheCounts();
  readonly #faults: Faults<"encode">;
  readonly #sampler = new Sampler();
  readonly #saver: LifetimeSaver;
  readonly #teller: CountsTeller;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedCacheOptions, disk: DiskTier | undefined) {
    const { directory, hotBytes, compressedBytes, diskBytes, ttlMs, onNotice } = options;
    this.#budgets = { L1: hotBytes, L2: compressedBytes, L3: diskBytes ?? DEFAULT_MAX_BYTES };
    if (compressedBytes > 0) this.#compressed = new CompressedTier({ maxBytes: compressedBytes });
    if (hotBytes > 0) {
      this.#hot = new HotTier({ maxBytes: hotBytes, onEvict: (key, vector) => this.#demote(key, vector) });
    }
    this.#disk = disk;
    this.#faults = new Faults(onNotice);
    this.#age = ttlMs === undefined ? undefined : new MemoryAge(ttlMs);
    this.#teller = new CountsTeller("cache", { directory }, () => this.#counts.all(this.#tiers()));
    const stored = () => {
      const counters: LifetimeCounters = {};
      countStored(counters, this.#counts.stored);
      return counters;
    };
    this.#saver = new LifetimeSaver(stored, (counters) => this.addLifetime(counters));
  }

  get hits(): Readonly<Record<TierName, number>> {
    return this.#counts.hits;
  }

  getMany(keys: readonly ContentKey[]): (number[] | undefined)[] {
    for (const [index, key] of keys.entries()) checkKey(key, index);
    if (this.#age?.isOver()) this.#emptyMemory();
    const found = keys.map((key) => (this.#sampler.isChosen() ? this.#getTimed(key) : this.#get(key)));
    this.#teller.tell();
    return found;
  }

  async setMany(entries: readonly CacheEntry[]): Promise<void> {
    for (const [index, { key, model }] of entries.entries()) {
      checkKey(key, index);
      if (typeof model === "string") checkModelName(model);
    }
    this.#age?.admits(Date.now());
    const values = this.#encodeAll(entries);
    const records = entries.map(({ key, model }, i) => ({ key, value: values[i]!, model }));
    for (const { key, value } of records) {
      this.#hot?.delete(key);
      // Into L2, where a scan cannot flush what is hot; where there is none, into L1, as the record has it: an array of
      // the caller's may say something else when it is read again.
      if (this.#compressed) this.#compressed.put(key, value);
      else this.#hot?.put(key, decodeVector(value));
    }
    const numbers = entries.map(({ vector }) => vector.length);
    try {
      await this.#disk?.set(records);
      for (const [i, { value, model = "" }] of records.entries()) {
        const tally = { vectors: 1, numbers: numbers[i]!, recordBytes: value.length };
        this.#counts.stored.add({ model, numberForm: numberFormOf(value) }, tally);
      }
      if (this.#disk) this.#saver.touch();
    } finally {
      this.#teller.tell();
    }
  }

  statistics(): CacheStatistics {
    const onDisk = this.#disk?.holdings();
    return this.#counts.statistics(this.#tiers(), {
      budgets: { ...this.#budgets, ...(onDisk && { L3: onDisk.maxBytes }) },
      holdings: { L1: this.#hot?.usage(), L2: this.#compressed?.usage(), L3: onDisk },
      models: onDisk?.models ?? [],
      degraded: [...(this.#disk?.degraded ?? []), ...this.#faults.messages],
    });
  }

  report(): string {
    return reportCache(this.statistics());
  }

  async lease(keys: readonly ContentKey[]): Promise<boolean[]> {
    return (await this.#disk?.lease(keys)) ?? keys.map(() => true);
  }

  async release(keys: readonly ContentKey[]): Promise<void> {
    await this.#disk?.release(keys);
  }

  lifetime(): LifetimeStatistics {
    return readLifetime(this.#disk?.lifetime() ?? {});
  }

  async addLifetime(counters: LifetimeCounters): Promise<boolean> {
    // One figure that is no number would be the end of what all processes counted.
    const sound = Object.entries(counters).filter(([, count]) => Number.isFinite(count));
    return (await this.#disk?.addLifetime(Object.fromEntries(sound))) ?? false;
  }

  verify(progress: Progress = {}): Promise<VerifyReport> {
    return this.#onDisk((tier) => verify(tier, isReadable, progress));
  }

  compact(progress: Progress = {}): Promise<CompactReport> {
    return this.#onDisk((tier) => compact(tier, progress), "useAlone");
  }

  async clear(model?: string, progress: Progress = {}): Promise<number> {
    // The tiers in memory do not know whose vectors they hold, and are soon filled again.
    this.#emptyMemory();
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
      // Nobody loses vectors for want of statistics.
      await this.#saver.save().catch(() => {});
      this.#teller.tell();
      this.#hot?.close();
      this.#compressed?.close();
      await this.#disk?.close();
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #emptyMemory(): void {
    this.#hot?.clear();
    this.#compressed?.clear();
  }

  #onDisk<Result>(work: (tier: MappedTier) => Promise<Result>, how: "use" | "useAlone" = "use"): Promise<Result> {
    if (!this.#disk) return Promise.reject(new Error("the cache has no disk tier: diskBytes is 0"));
    return this.#disk[how](work);
  }

  /** What the tiers count by themselves. */
  #tiers(): TierCounts {
    return { L1: this.#hot?.usage(), L2: this.#compressed?.usage(), L3: this.#disk?.counts(), disk: this.#disk };
  }

  #getTimed(key: ContentKey): number[] | undefined {
    const startedMs = performance.now();
    const found = this.#get(key);
    this.#counts.latency[this.#counts.answeredBy].record(performance.now() - startedMs);
    return found;
  }

  #get(key: ContentKey): number[] | undefined {
    this.#counts.keysAsked++;
    const hot = this.#hot?.get(key);
    if (hot) return this.#hit("L1", hot);

    const compressed = this.#decode("L2", key, this.#compressed?.get(key), decodeVector);
    if (compressed) {
      this.#promoteToHot(key, compressed);
      return this.#hit("L2", compressed);
    }

    const record = this.#disk?.get(key);
    const mapped = this.#decode("L3", key, record, decodeVouched);
    if (mapped) {
      if (this.#age && !this.#age.admits(this.#disk!.lentStoredMs)) return this.#hit("L3", mapped);
      if (this.#compressed) {
        this.#counts.promotions++;
        this.#compressed.put(key, record!);
      } else {
        this.#promoteToHot(key, mapped);
      }
      return this.#hit("L3", mapped);
    }
    this.#counts.misses++;
    this.#counts.answeredBy = "none";
    return undefined;
  }

  #promoteToHot(key: ContentKey, vector: number[]): void {
    if (!this.#hot) return;
    this.#counts.promotions++;
    this.#hot.put(key, vector);
  }

  #hit(tier: TierName, vector: number[]): number[] {
    this.#counts.hits[tier]++;
    this.#counts.answeredBy = tier;
    return vector;
  }

  /** The record's vector. A damaged record is a miss; one of a later version, too, but that one is left alone. */
  #decode(
    tier: "L2" | "L3",
    key: ContentKey,
    record: Uint8Array | undefined,
    decode: (record: Uint8Array) => number[],
  ): number[] | undefined {
    if (!record) return undefined;
    try {
      return decode(record);
    } catch (error) {
      this.#counts.damaged[tier]++;
      if (!(error instanceof UnsupportedRecordError)) this.#compressed?.delete(key);
      return undefined;
    }
  }

  #demote(key: ContentKey, vector: number[]): void {
    if (!this.#compressed || this.#compressed.has(key)) return;
    // Copying the record from the map is many times cheaper than encoding the vector again.
    const record = this.#disk?.get(key) ?? this.#encode(vector);
    if (!record) return;
    this.#counts.demotions++;
    this.#compressed.put(key, record);
  }

  /** The records of a batch. What cannot be encoded stays in L1, as far as there is room: it may be paid for. */
  #encodeAll(entries: readonly CacheEntry[]): Uint8Array[] {
    try {
      const records = encodeBatch(entries.map(({ vector }) => vector));
      this.#faults.mended("encode");
      return records;
    } catch (error) {
      if (entries.every(({ vector }) => isVector(vector))) {
        this.#counts.failedEncodings++;
        this.#cannotEncode(error);
        for (const { key, vector } of entries) {
          this.#compressed?.delete(key);
          this.#hot?.put(key, vector);
        }
        this.#teller.tell();
      }
      throw error;
    }
  }

  /** A record that is lent, or nothing: what leaves L1 is no reason for a lookup to fail. */
  #encode(vector: number[]): Uint8Array | undefined {
    try {
      return encodeLent(vector);
    } catch (error) {
      this.#cannotEncode(error);
      return undefined;
    }
  }

  /** WebAssembly or its memory cannot be had. */
  #cannotEncode(error: unknown): void {
    this.#faults.add("encode", `vectors cannot be encoded, and are kept as long as L1 has room: ${messageOf(error)}`);
  }
}

function checkKey(key: ContentKey, index: number): void {
  if (!(key instanceof Uint8Array) || key.length !== KEY_BYTES) {
    const got = key instanceof Uint8Array ? `${key.length} bytes` : typeof key;
    throw new RangeError(`a content key is a Uint8Array of ${KEY_BYTES} bytes, key ${index} is ${got}`);
  }
}
