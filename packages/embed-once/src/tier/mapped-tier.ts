import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Database, RootDatabase } from "lmdb";
import type { ContentKey } from "../core/content-key.ts";
import { damageOf, setAside } from "./lmdb-file.ts";
import type { Tier, TierEntry, TierUsage } from "./tier.ts";

export interface MappedTierOptions {
  /** Made with mode 0700 where it does not exist. */
  directory: string;
  /** The budget in bytes of whole pages. */
  maxBytes: number;
  /** Told, in one line, of what was found and set aside on opening. */
  onNotice?: ((message: string) => void) | undefined;
  /** @default Date.now */
  now?: (() => number) | undefined;
}

/** Counters that outlive a process; each is summed over all processes that used the directory. */
export type LifetimeCounters = Record<string, number>;

/** The version of the layout below. Another version is another file; neither touches the other. */
const FILE_NAME = "vectors-v1.lmdb";
const MAX_READERS = 1024;

/** Before each record: CRC-32 of key, sequence number and record, then the sequence number as a float64. */
const PREFIX_BYTES = 12;
const PAGE_BYTES = 4096;
const PAGE_HEADER_BYTES = 24;
/** Node header and key in the tree of records, and the row in the order of insertion. */
const ROW_BYTES = 8 + 32 + 8 + 16 + 32;

interface Totals {
  entries: number;
  usedBytes: number;
  nextSequence: number;
  evictions: number;
}

const NO_TOTALS: Totals = { entries: 0, usedBytes: 0, nextSequence: 0, evictions: 0 };

/**
 * L3: codec records in an lmdb file, memory-mapped and shared by all processes that open the directory.
 *
 * Three tables: `records` (key → checksum, sequence number, record), `order` (sequence number → key; the entry stored
 * longest ago leaves first) and `meta`. Every batch is one transaction over all three. The checksum covers the key, so
 * that a damaged index never hands out another text's intact record.
 */
export class MappedTier implements Tier<Uint8Array> {
  readonly name = "L3";
  readonly #maxBytes: number;
  readonly #root: RootDatabase;
  readonly #records: Database<Buffer, Buffer>;
  readonly #order: Database<Buffer, number>;
  readonly #meta: Database<Totals | LifetimeCounters, string>;
  readonly #evictionsBefore: number;
  #damaged = 0;
  /** What it held when it was closed: statistics are asked for afterwards, too. */
  #lastTotals: Totals | undefined;

  /**
   * Opens the tier in a directory and makes it where there is none. A file that lmdb could not open is set aside
   * under a clear name and a new one begun.
   * @throws where the directory cannot be made or written, or lmdb's native module does not load on this platform
   */
  static async open(options: MappedTierOptions): Promise<MappedTier> {
    const { directory, now = Date.now, onNotice = () => {} } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, FILE_NAME);
    const damage = damageOf(path);
    if (damage) onNotice(`${path} is damaged (${damage}); set aside as ${setAside(path, now())}, a new one is begun`);
    // lmdb makes its files for a group to write; files that exist already keep their mode.
    for (const file of [path, `${path}-lock`]) {
      closeSync(openSync(file, "a", 0o600));
      chmodSync(file, 0o600);
    }
    const { open } = await import("lmdb");
    return new MappedTier(options, open({ path, noSubdir: true, maxReaders: MAX_READERS, maxDbs: 8 }));
  }

  private constructor({ maxBytes }: MappedTierOptions, root: RootDatabase) {
    this.#maxBytes = maxBytes;
    this.#root = root;
    this.#records = root.openDB({ name: "records", keyEncoding: "binary", encoding: "binary" });
    this.#order = root.openDB({ name: "order", encoding: "binary" });
    this.#meta = root.openDB({ name: "meta", encoding: "json" });
    this.#evictionsBefore = this.#totals().evictions;
  }

  get(key: ContentKey): Uint8Array | undefined {
    const stored = this.#stored(asBuffer(key));
    if (!stored) return undefined;
    if (stored.length <= PREFIX_BYTES || stored.readUInt32LE(0) !== checksum(key, stored)) {
      this.#damaged++;
      return undefined;
    }
    return stored.subarray(PREFIX_BYTES);
  }

  async set(entries: readonly TierEntry<Uint8Array>[]): Promise<void> {
    if (entries.length === 0) return;
    // The transaction runs later; the caller's arrays may have changed by then.
    const copies = entries.map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) }));
    await this.#change((totals) => {
      for (const { key, value } of copies) {
        this.#remove(key, totals);
        if (costBytes(value.length) > this.#maxBytes) {
          totals.evictions++;
          continue;
        }
        const sequence = totals.nextSequence++;
        const stored = Buffer.allocUnsafe(PREFIX_BYTES + value.length);
        stored.writeDoubleLE(sequence, 4);
        stored.set(value, PREFIX_BYTES);
        stored.writeUInt32LE(checksum(key, stored), 0);
        this.#records.put(key, stored);
        this.#order.put(sequence, key);
        totals.entries++;
        totals.usedBytes += costBytes(value.length);
      }
      for (const { key, value } of this.#order.getRange({ snapshot: false })) {
        if (totals.usedBytes <= this.#maxBytes) break;
        if (!this.#remove(value, totals)) this.#order.remove(key);
        totals.evictions++;
      }
    });
  }

  async delete(key: ContentKey): Promise<void> {
    const copy = Buffer.from(key);
    await this.#change((totals) => void this.#remove(copy, totals));
  }

  usage(): TierUsage {
    const { entries, usedBytes, evictions } = this.#totals();
    return {
      entries,
      usedBytes,
      maxBytes: this.#maxBytes,
      evictions: evictions - this.#evictionsBefore,
      damaged: this.#damaged,
    };
  }

  /** Adds to the counters that outlive this process. */
  async addLifetime(counters: LifetimeCounters): Promise<void> {
    await this.#root.transaction(() => {
      const sums = this.lifetime();
      for (const [name, count] of Object.entries(counters)) sums[name] = (sums[name] ?? 0) + count;
      this.#meta.put("lifetime", sums);
    });
  }

  lifetime(): LifetimeCounters {
    return { ...(this.#meta.get("lifetime") as LifetimeCounters | undefined) };
  }

  async flush(): Promise<void> {
    await this.#root.flushed;
  }

  async close(): Promise<void> {
    this.#lastTotals = this.#totals();
    await this.#root.close();
  }

  /** A view that the next read overwrites. */
  #stored(key: Buffer): Buffer | undefined {
    const shared = this.#records.getBinaryFast(key);
    // lmdb lends its whole read buffer, with only its property `length` set to the value's.
    return shared?.subarray(0, shared.length);
  }

  #totals(): Totals {
    if (this.#lastTotals) return this.#lastTotals;
    return { ...NO_TOTALS, ...(this.#meta.get("totals") as Totals | undefined) };
  }

  async #change(body: (totals: Totals) => void): Promise<void> {
    await this.#root.transaction(() => {
      const totals = this.#totals();
      body(totals);
      this.#meta.put("totals", totals);
    });
  }

  #remove(key: Buffer, totals: Totals): boolean {
    const stored = this.#stored(key);
    if (!stored) return false;
    const valueBytes = stored.length - PREFIX_BYTES;
    this.#order.remove(stored.readDoubleLE(4));
    this.#records.remove(key);
    totals.entries--;
    totals.usedBytes -= costBytes(valueBytes);
    return true;
  }
}

function checksum(key: ContentKey, stored: Uint8Array): number {
  return crc32(stored.subarray(4), crc32(key));
}

/** What an entry takes in the file: whole pages where lmdb gives a large value pages of its own. */
function costBytes(valueBytes: number): number {
  const bytes = PREFIX_BYTES + valueBytes;
  const inTree = bytes + ROW_BYTES;
  return inTree <= PAGE_BYTES / 2
    ? inTree
    : Math.ceil((bytes + PAGE_HEADER_BYTES) / PAGE_BYTES) * PAGE_BYTES + ROW_BYTES;
}

function asBuffer(key: ContentKey): Buffer {
  return Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
}
