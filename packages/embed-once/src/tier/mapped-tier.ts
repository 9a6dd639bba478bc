import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Database, RootDatabase } from "lmdb";
import type { ContentKey } from "../core/content-key.ts";
import { endAtExit } from "./end-at-exit.ts";
import { isTooOld } from "./entry-age.ts";
import { beginFrames, frameKey, frameStoredMs, frameValue, hasKey, isSound } from "./entry-frame.ts";
import { EntryStore, type NewEntry } from "./entry-store.ts";
import { KeyIndex } from "./key-index.ts";
import { LeaseTable } from "./lease-table.ts";
import { type LmdbModule, type OpenDatabase, openDatabase } from "./lmdb-open.ts";
import { beginsAtNewestCommit } from "./newest-commit.ts";
import { openMarkers, openMarkersHere, placeExchangeMarker, removeQuietly } from "./open-marker.ts";
import { Recency } from "./recency.ts";
import { RecordLog, segmentOf } from "./record-log.ts";
import type { Tier, TierEntry, TierUsage } from "./tier.ts";
import { emptyState, maxBytes, readState, stateRow, type TierState, usedBytes } from "./tier-state.ts";

/** What `setMany` waits for: the commit (a power cut may take the last moments), or the disk. */
export type Durability = "commit" | "sync";

export interface MappedTierOptions {
  /** Made with mode 0700 where it does not exist. */
  directory: string;
  /**
   * The budget in bytes of whole pages. The file remembers it with the next write, for whoever opens it without one.
   * @default the one that was given last, else `DEFAULT_MAX_BYTES`
   */
  maxBytes?: number | undefined;
  /** An entry older than this is a miss. @default none is too old */
  ttlMs?: number | undefined;
  /** @default "commit" */
  durability?: Durability | undefined;
  /** How long a write waits for another process's, at most. @default 10_000 */
  maxLockWaitMs?: number | undefined;
  /** Told, in one line, of what was found and set aside on opening. */
  onNotice?: ((message: string) => void) | undefined;
  /** @default Date.now */
  now?: (() => number) | undefined;
  /** How the native module is loaded. @default import("lmdb") */
  loadLmdb?: (() => Promise<LmdbModule>) | undefined;
}

/** An entry and the name of the model that made it. */
export interface MappedEntry extends TierEntry<Uint8Array> {
  model?: string | undefined;
}

/** A write gave up waiting for another process's lock. It may still come through. */
export class LockWaitError extends Error {
  override readonly name = "LockWaitError";
}

/** Counters that outlive a process; each is summed over all processes that used the directory. */
export type LifetimeCounters = Record<string, number>;

/** The version of the layout. Another version is another file; neither touches the other. */
const FILE_NAME = "vectors-v2.lmdb";
/** The beginning of a folder's name, behind the file's, in which a copy is made. */
const COPY = "-copy-";

const DEFAULT_MAX_LOCK_WAIT_MS = 10_000;
/** Recency is of no use before there is something to evict. */
const RECENCY_FROM_SHARE = 0.5;
const MAX_UNSAVED_RECENCY = 16_384;
const READER_CHECK_MS = 5_000;
/** Each one fails only where another process opens the file at the wrong moment. */
const MAX_COMMIT_TRIES = 100;

/** lmdb's own words for damage that it notices. */
const CORRUPTION = /MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID|PANIC|BAD_TXN|CURSOR_FULL)|corrupt|Requested page not found/i;

/**
 * L3: codec records in an lmdb file, memory-mapped and shared by all processes that open the directory. ARCHITECTURE.md
 * has the layout. Every batch is one transaction.
 *
 * Room is made at the log's old end. What was read since it was written is appended anew instead of dropped, so the
 * log is a queue with second chances (CLOCK), at the grain of a segment.
 */
export class MappedTier implements Tier<Uint8Array> {
  readonly name = "L3";
  readonly #options: MappedTierOptions;
  readonly #now: () => number;
  readonly #file: OpenDatabase;
  readonly #root: RootDatabase & { resetReadTxn(): void };
  readonly #meta: Database<unknown, string>;
  /** Who is embedding which text. */
  readonly leases: LeaseTable;
  /** When what was found last was stored; known only where there is a `ttlMs`. */
  lentStoredMs = 0;
  readonly #log: RecordLog;
  readonly #index: KeyIndex;
  readonly #recency: Recency;
  readonly #store: EntryStore;
  #marksRecency = false;
  /** Since it was opened. */
  evictions = 0;
  damaged = 0;
  #doubtful = false;
  #readersCheckedMs = 0;
  /** Another file is about to take this one's place. */
  #isExchanged = false;
  /** A write that waits for another process's lock. */
  #stuck: Promise<unknown> | undefined;
  /** What it held when it was closed: statistics are asked for afterwards, too. */
  #lastState: TierState | undefined;

  /**
   * Opens the tier in a directory and makes it where there is none. A damaged file is set aside under a clear name and
   * a new one begun.
   * @throws where the directory cannot be made, or lmdb's native module does not load on this platform
   */
  static async open(options: MappedTierOptions): Promise<MappedTier> {
    const { directory, now = Date.now, onNotice = () => {}, loadLmdb = () => import("lmdb") } = options;
    const open = () => openDatabase({ path: join(directory, FILE_NAME), onNotice, now, loadLmdb });
    let file = await open();
    try {
      return new MappedTier(options, file);
    } catch {
      // The tables cannot be read. As a doubtful file it is tried, and set aside if that fails, too.
      await file.close(true);
      file = await open();
      return new MappedTier(options, file);
    }
  }

  private constructor(options: MappedTierOptions, file: OpenDatabase) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#file = file;
    this.#root = file.root as RootDatabase & { resetReadTxn(): void };
    this.#index = new KeyIndex(file.table("index"));
    this.#log = new RecordLog(file.table("segments"));
    this.#recency = new Recency(file.table("used"));
    const [log, index, recency] = [this.#log, this.#index, this.#recency];
    this.#store = new EntryStore({ log, index, recency, ttlMs: options.ttlMs });
    this.#meta = file.table("meta");
    this.leases = new LeaseTable({
      table: file.table("leases"),
      transaction: (body) => this.#transaction(body),
      now: this.#now,
    });
    this.#marksRecency = isHalfFull(this.state());
  }

  /** Where the tier lies. */
  get path(): string {
    return join(this.#options.directory, FILE_NAME);
  }

  /** Whether the file that was opened still lies at its path; what is written otherwise is lost. */
  get isInPlace(): boolean {
    return this.#file.isInPlace();
  }

  get isClosed(): boolean {
    return this.#lastState !== undefined;
  }

  get readOnly(): boolean {
    return this.#file.readOnly;
  }

  get(key: ContentKey): Uint8Array | undefined {
    const frame = this.find(key);
    return frame && frameValue(frame);
  }

  /** An entry's whole frame, lent until the next read. */
  find(key: ContentKey): Buffer | undefined {
    try {
      return this.#find(key);
    } catch (error) {
      this.#doubt(error);
      throw error;
    }
  }

  #find(key: ContentKey): Buffer | undefined {
    let position = this.#index.get(key);
    if (position === undefined) {
      // lmdb reads from one snapshot for as long as the event loop does not turn.
      this.#root.resetReadTxn();
      position = this.#index.get(key);
      if (position === undefined) return undefined;
    }
    const frame = this.#log.read(position);
    if (!frame || !isSound(frame)) {
      this.#drop(key, position);
      return undefined;
    }
    // The index led to another text's entry: its row is damaged, or two keys share a fold.
    if (!hasKey(frame, key)) return undefined;
    const { ttlMs } = this.#options;
    if (ttlMs !== undefined) {
      this.lentStoredMs = frameStoredMs(frame);
      if (isTooOld(this.lentStoredMs, this.#now(), ttlMs)) return undefined;
    }
    if (this.#marksRecency) this.#markUsed(position);
    return frame;
  }

  async set(entries: readonly MappedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    // The transaction runs later; the caller's arrays may have changed by then. Of equal keys the last one counts.
    const nowMs = this.#now();
    const latest = new Map<string, NewEntry>();
    for (const [i, frame] of beginFrames(entries, nowMs).entries()) {
      latest.set(frameKey(frame).toString("latin1"), { frame, model: entries[i]!.model ?? "" });
    }
    await this.change((state) => this.#store.append(state, [...latest.values()], nowMs));
  }

  async delete(key: ContentKey): Promise<void> {
    const copy = Buffer.from(key);
    await this.change((state) => this.#store.remove(state, copy));
  }

  /** Stores frames as they came from another cache, age included, and takes them over; no key stands twice. */
  async setFrames(entries: readonly NewEntry[]): Promise<void> {
    await this.change((state) => this.#store.append(state, entries, this.#now()));
  }

  usage(): TierUsage {
    const state = this.state();
    return {
      entries: state.entries,
      usedBytes: usedBytes(state),
      maxBytes: maxBytes(state),
      evictions: this.evictions,
      damaged: this.damaged,
    };
  }

  /** Entries by model, in the order in which the models came. */
  models(): { name: string; entries: number; bytes: number }[] {
    return this.state().models.filter(({ entries }) => entries > 0);
  }

  /** Adds to the counters that outlive this process. @returns `false` where the file can only be read */
  async addLifetime(counters: LifetimeCounters): Promise<boolean> {
    if (this.readOnly) return false;
    await this.#transaction(() => {
      const sums = this.lifetime();
      for (const [name, added] of Object.entries(counters)) sums[name] = (sums[name] ?? 0) + added;
      this.#meta.put("lifetime", sums);
    });
    return true;
  }

  lifetime(): LifetimeCounters {
    return { ...(this.#meta.get("lifetime") as LifetimeCounters | undefined) };
  }

  async flush(): Promise<void> {
    if (!this.readOnly) await this.#root.flushed;
  }

  async close(): Promise<void> {
    try {
      if (this.#recency.unsaved > 0 && !this.#stuck) await this.change(() => {});
    } catch {
      // What was read lately is a help for eviction, no more.
    }
    try {
      this.#lastState = this.#storedState();
    } catch {
      this.#lastState = emptyState();
    }
    const closed = this.#file.close(this.#doubtful);
    // lmdb would wait for the write that waits for the lock, and that may be for ever.
    if (this.#stuck) closed.catch(() => {});
    else await closed;
  }

  /** What the file holds as a whole; of a closed tier, what it held then. */
  state(): TierState {
    return this.#lastState ?? this.#storedState();
  }

  /** The row as it is now, with this tier's budget. */
  #storedState(): TierState {
    let state: TierState;
    try {
      state = readState(this.#meta.get("state"));
    } catch (error) {
      this.#doubt(error);
      throw error;
    }
    state.budgetBytes = this.#options.maxBytes ?? state.budgetBytes;
    return state;
  }

  /** The log and the index, for whoever goes over all of it. */
  get parts(): { root: RootDatabase; log: RecordLog; index: KeyIndex; store: EntryStore } {
    return { root: this.#root, log: this.#log, index: this.#index, store: this.#store };
  }

  /**
   * One transaction over everything; resolves when it is committed (and on the disk, where that was asked for).
   * The body must not fail half-way: lmdb commits what was done before.
   */
  async change<Result>(body: (state: TierState) => Result): Promise<Result> {
    let evicted = 0;
    const result = await this.#transaction(() => {
      // Never what is remembered: others have written since.
      const state = this.#storedState();
      const { evictions } = state;
      const value = body(state);
      evicted = state.evictions - evictions;
      if (this.#recency.unsaved > 0) this.#recency.save(state.firstSegment);
      this.#meta.put("state", stateRow(state));
      this.#marksRecency = isHalfFull(state);
      return value;
    });
    this.evictions += evicted;
    if (evicted > 0) this.#forgetDeadReaders();
    if (this.#options.durability === "sync") await this.#root.flushed;
    if (!this.isInPlace) throw new Error(`${this.path} was deleted or replaced while it was open`);
    return result;
  }

  /**
   * Closes the database, puts a copy in its place and opens that.
   * @throws where another process or another tier of this one has the directory open: it would go on in the old file
   */
  async exchange(copyTo: (path: string) => Promise<void>): Promise<void> {
    const { path } = this;
    const removeMarker = placeExchangeMarker(path);
    if (!removeMarker) throw new Error(`another process is compacting ${path}`);
    removeCopies(path);
    // A folder of its own, as lmdb makes the file with the mode that it likes.
    const folder = mkdtempSync(path + COPY);
    const copy = join(folder, FILE_NAME);
    try {
      const [other] = openMarkers(path).living;
      if (other) throw new Error(`${path} is open in process ${other.pid}, too`);
      if (openMarkersHere(path) > 1) throw new Error(`${path} is open a second time in this process`);
      // What this tier was told to write before comes along.
      await this.#transaction(() => {});
      this.#isExchanged = true;
      await copyTo(copy);
      chmodSync(copy, 0o600);
      await this.close();
      renameSync(copy, path);
      // The lock file tells of the file that is gone.
      removeQuietly(`${path}-lock`);
    } finally {
      this.#isExchanged = false;
      removeCopies(path);
      removeMarker();
    }
  }

  /** lmdb keeps pages for readers that died as for those that live, and looks for dead ones only now and then. */
  #forgetDeadReaders(): void {
    const nowMs = performance.now();
    if (nowMs - this.#readersCheckedMs < READER_CHECK_MS) return;
    this.#readersCheckedMs = nowMs;
    this.#root.readerCheck();
  }

  /** After an error that speaks of damage the file is tried before it is opened again. */
  #doubt(error: unknown): void {
    this.#doubtful ||= CORRUPTION.test(String(error));
  }

  #markUsed(position: number): void {
    this.#recency.mark(segmentOf(position));
    if (this.#recency.unsaved < MAX_UNSAVED_RECENCY || this.readOnly || this.#stuck) return;
    // It is a help for eviction, no more.
    this.change(() => {}).catch(() => {});
  }

  /** A damaged entry is a miss, is counted, and is removed so that it is stored anew. */
  #drop(key: ContentKey, position: number): void {
    this.damaged++;
    if (this.readOnly) return;
    const copy = Buffer.from(key);
    this.change((state) => {
      // Somebody may have stored it anew meanwhile.
      if (this.#index.get(copy) === position) this.#store.remove(state, copy);
    }).catch(() => {});
  }

  async #transaction<Result>(body: () => Result): Promise<Result> {
    if (this.readOnly) throw new Error(`${dirname(this.path)} can only be read`);
    if (this.#stuck) throw new Error(`another process has ${this.path} locked`);
    // What came after the copy would not be in it.
    if (this.#isExchanged) throw new Error(`${this.path} is being compacted`);
    let timer: NodeJS.Timeout | undefined;
    const committed = commit(this.#root, this.path, body);
    const { maxLockWaitMs = DEFAULT_MAX_LOCK_WAIT_MS } = this.#options;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#stuck = committed
          .catch(() => {})
          .finally(() => {
            this.#stuck = undefined;
          });
        reject(new LockWaitError(`another process has had ${this.path} locked for ${maxLockWaitMs / 1000} seconds`));
      }, maxLockWaitMs);
    });
    try {
      return await Promise.race([committed, timeout]);
    } catch (error) {
      this.#doubt(error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Of whoever exchanges the file, and of those who were killed over it. */
function removeCopies(path: string): void {
  const prefix = basename(path) + COPY;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(path), name), { recursive: true, force: true });
  }
}

function isHalfFull(state: TierState): boolean {
  return usedBytes(state) > maxBytes(state) * RECENCY_FROM_SHARE;
}

/** One transaction after the newest commit. */
async function commit<Result>(root: RootDatabase, path: string, body: () => Result): Promise<Result> {
  for (let tries = 0; tries < MAX_COMMIT_TRIES; tries++) {
    const done = await commitOf(root, () => (beginsAtNewestCommit(root, path) ? { result: body() } : undefined));
    if (done) return done.result;
  }
  throw new Error(`${path} was opened by other processes too often for a write to come through`);
}

/**
 * lmdb's asynchronous transaction. A commit that fails rejects promises of lmdb's own besides, which nobody else sees and
 * which would end the process as unhandled; the reason is in one of them.
 */
async function commitOf<Result>(root: RootDatabase, body: () => Result): Promise<Result> {
  const isOver = endAtExit();
  const committed = root.transaction(body);
  // Until then lmdb's thread is at work.
  committed.then(() => root.flushed).then(isOver, isOver);
  try {
    return await committed;
  } catch (error) {
    const reason = (error as { commitError?: Promise<never> }).commitError;
    await reason?.catch((cause: Error) => {
      throw new Error(`the commit failed: ${cause.message}`, { cause });
    });
    throw error;
  }
}
