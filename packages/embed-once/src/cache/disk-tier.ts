import type { ContentKey } from "../core/content-key.ts";
import { messageOf } from "../core/errors.ts";
import type { LifetimeCounters, MappedEntry, MappedTier } from "../tier/mapped-tier.ts";
import type { TierUsage } from "../tier/tier.ts";
import { Faults } from "./faults.ts";

export interface DiskTierOptions {
  open: () => Promise<MappedTier>;
  onNotice: (message: string) => void;
  /** A clock that only goes forward, in milliseconds. @default performance.now */
  now?: (() => number) | undefined;
}

export interface DiskHoldings extends Pick<TierUsage, "entries" | "usedBytes" | "maxBytes"> {
  models: ReturnType<MappedTier["models"]>;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * L3 with its faults: what fails is said once, counted, and tried again later. While there is no disk tier, reading
 * finds nothing; a cache whose disk tier could never be opened is a cache in memory, and storing is no error there.
 */
export class DiskTier {
  readonly #options: DiskTierOptions;
  readonly #now: () => number;
  #tier: MappedTier | undefined;
  #opening: Promise<void> | undefined;
  /** Why an open tier was lost. */
  #lost: Error | undefined;
  #retryAtMs = 0;
  #retryAfterMs: number = FIRST_RETRY_MS;
  #closed = false;
  /** Work that puts another file in the tier's place: writes wait for it, and go to that file. */
  #exclusive: Promise<unknown> | undefined;
  /** Writes that it waits for. */
  readonly #writing = new Set<Promise<unknown>>();
  readonly #faults: Faults<"open" | "read" | "write">;
  failedReads = 0;
  failedWrites = 0;
  /** Of tiers that were lost or closed before the present one was opened. */
  readonly #earlier = { evictions: 0, damaged: 0 };

  constructor(options: DiskTierOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#faults = new Faults(options.onNotice);
  }

  get degraded(): string[] {
    return this.#faults.messages;
  }

  /** The tier, if it is open. */
  get tier(): MappedTier | undefined {
    return this.#tier;
  }

  /** What the present tier holds, if there is one that can be read. */
  holdings(): DiskHoldings | undefined {
    try {
      return this.#tier && { ...this.#tier.usage(), models: this.#tier.models() };
    } catch (error) {
      this.failedReads++;
      this.#faults.add("read", `statistics on disk cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Of this tier since it was made, however often its file was opened. */
  counts(): Pick<TierUsage, "evictions" | "damaged"> {
    const { evictions = 0, damaged = 0 } = this.#tier ?? {};
    return { evictions: this.#earlier.evictions + evictions, damaged: this.#earlier.damaged + damaged };
  }

  /** Opens the tier if it is time to; never fails. */
  open(): Promise<void> {
    if (this.#tier || this.#closed || this.#now() < this.#retryAtMs) return Promise.resolve();
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** When the record that was read last was stored; known only where there is a `ttlMs`. */
  get lentStoredMs(): number {
    return this.#tier?.lentStoredMs ?? 0;
  }

  /** A view, lent until the next read. A read that fails is a miss: the base embedder can still answer. */
  get(key: ContentKey): Uint8Array | undefined {
    const tier = this.#tier;
    if (!tier) {
      void this.open();
      return undefined;
    }
    try {
      return tier.get(key);
    } catch (error) {
      this.failedReads++;
      this.#faults.add("read", `vectors on disk cannot be read: ${messageOf(error)}`);
      this.#lose(tier, error);
      return undefined;
    }
  }

  /** @throws what kept an open tier from storing; nothing of the batch is acknowledged then */
  async set(entries: readonly MappedEntry[]): Promise<void> {
    await this.#exclusive;
    await this.open();
    // Another write may lose it meanwhile, and yet another open a new one.
    const tier = this.#tier;
    if (!tier) {
      if (!this.#lost) return;
      this.failedWrites++;
      throw this.#lost;
    }
    try {
      await this.#writeTo(tier.set(entries));
      this.#faults.mended("write");
    } catch (error) {
      this.failedWrites++;
      this.#faults.add("write", `vectors cannot be written to disk: ${messageOf(error)}`);
      if (!tier.isInPlace) this.#lose(tier, error);
      throw error;
    }
  }

  /** @returns `undefined` where nobody can say: then everybody embeds for himself */
  async lease(keys: readonly ContentKey[]): Promise<boolean[] | undefined> {
    await this.#exclusive;
    if (!this.#tier || this.#tier.readOnly) return undefined;
    return this.#writeTo(this.#tier.leases.acquire(keys)).catch(() => undefined);
  }

  /** A lease that cannot be given back runs out. */
  async release(keys: readonly ContentKey[]): Promise<void> {
    await this.#exclusive;
    if (!this.#tier || this.#tier.readOnly || keys.length === 0) return;
    await this.#writeTo(this.#tier.leases.release(keys)).catch(() => {});
  }

  /**
   * Runs something that needs the tier, and opens it anew where it was closed by that.
   * @throws where there is no disk tier
   */
  async use<Result>(work: (tier: MappedTier) => Promise<Result>): Promise<Result> {
    await this.open();
    const tier = this.#tier;
    if (!tier) throw new Error(this.degraded[0] ?? "the cache has no vectors on disk");
    try {
      return await work(tier);
    } finally {
      if (tier.isClosed) {
        this.#forget(tier);
        this.#retryAtMs = 0;
        await this.open();
      }
    }
  }

  /**
   * The same for something that puts another file in the tier's place. It waits for the writes that are under way, and
   * those that come meanwhile wait for it.
   */
  useAlone<Result>(work: (tier: MappedTier) => Promise<Result>): Promise<Result> {
    const before = this.#exclusive;
    const done = (async () => {
      await before;
      await Promise.allSettled(this.#writing);
      return this.use(work);
    })();
    const over = done
      .catch(() => {})
      .then(() => {
        if (this.#exclusive === over) this.#exclusive = undefined;
      });
    this.#exclusive = over;
    return done;
  }

  /** Empty where it cannot be read: nobody gets wrong numbers for want of statistics. */
  lifetime(): LifetimeCounters {
    try {
      return this.#tier?.lifetime() ?? {};
    } catch (error) {
      this.failedReads++;
      this.#faults.add("read", `statistics on disk cannot be read: ${messageOf(error)}`);
      return {};
    }
  }

  /** @returns `false` where there is no place for them at present */
  async addLifetime(counters: LifetimeCounters): Promise<boolean> {
    await this.#exclusive;
    const added = this.#tier?.addLifetime(counters);
    return added ? this.#writeTo(added) : false;
  }

  async flush(): Promise<void> {
    await this.#tier?.flush();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening;
    await this.#tier?.close();
  }

  async #writeTo<Result>(write: Promise<Result>): Promise<Result> {
    this.#writing.add(write);
    try {
      return await write;
    } finally {
      this.#writing.delete(write);
    }
  }

  async #open(): Promise<void> {
    try {
      this.#tier = await this.#options.open();
      this.#lost = undefined;
      this.#faults.clear();
      this.#retryAfterMs = FIRST_RETRY_MS;
      if (this.#tier.readOnly)
        this.#faults.add("write", `${this.#tier.path} can only be read; new vectors stay in memory`);
    } catch (error) {
      this.#faults.add("open", `vectors are kept in memory only: ${messageOf(error)}`);
      this.#retryLater();
    }
  }

  /** The tier is of no use any more: another try opens it anew, or begins a new one in its place. */
  #lose(tier: MappedTier, error: unknown): void {
    if (this.#tier !== tier) return;
    this.#forget(tier);
    this.#lost = error instanceof Error ? error : new Error(String(error));
    this.#retryLater();
    tier.close().catch(() => {});
  }

  #forget(tier: MappedTier): void {
    this.#tier = undefined;
    this.#earlier.evictions += tier.evictions;
    this.#earlier.damaged += tier.damaged;
  }

  #retryLater(): void {
    this.#retryAtMs = this.#now() + this.#retryAfterMs;
    this.#retryAfterMs = Math.min(2 * this.#retryAfterMs, LAST_RETRY_MS);
  }
}
