import { chmodSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Database, RootDatabase } from "lmdb";
import type { ContentKey } from "../core/content-key.ts";
import {
  decodeFrame,
  encodeFrame,
  FRAME_HEADER_BYTES,
  frameKey,
  frameModelId,
  frameStoredMs,
  frameValue,
  hasKey,
  isSound,
} from "./entry-frame.ts";
import { KeyIndex } from "./key-index.ts";
import { type LmdbModule, type OpenDatabase, openDatabase } from "./lmdb-open.ts";
import { TABLES } from "./lmdb-options.ts";
import { openMarkers, openMarkersHere, placeExchangeMarker, removeQuietly } from "./open-marker.ts";
import { Recency } from "./recency.ts";
import { type LogWriter, PAYLOAD_BYTES, RecordLog, segmentOf } from "./record-log.ts";
import type { Tier, TierEntry, TierUsage } from "./tier.ts";
import { costBytes, count, emptyState, lastSegment, modelId, type TierState, usedBytes } from "./tier-state.ts";

/** What `setMany` waits for: the commit (a power cut may take the last moments), or the disk. */
export type Durability = "commit" | "sync";

export interface MappedTierOptions {
  /** Made with mode 0700 where it does not exist. */
  directory: string;
  /** The budget in bytes of whole pages. */
  maxBytes: number;
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

/** Counters that outlive a process; each is summed over all processes that used the directory. */
export type LifetimeCounters = Record<string, number>;

/** The version of the layout. Another version is another file; neither touches the other. */
const FILE_NAME = "vectors-v1.lmdb";

const DEFAULT_MAX_LOCK_WAIT_MS = 10_000;
/** Recency is of no use before there is something to evict. */
const RECENCY_FROM_SHARE = 0.5;
const MAX_UNSAVED_RECENCY = 16_384;
/** A write gives second chances to at most so many times the bytes that it brings. */
const SECOND_CHANCE_FACTOR = 4;
const MIN_SECOND_CHANCE_BYTES = 65_536;

/** lmdb's own words for damage that it notices. */
const CORRUPTION = /MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID|PANIC|BAD_TXN|CURSOR_FULL)|corrupt|Requested page not found/i;

/**
 * L3: codec records in an lmdb file, memory-mapped and shared by all processes that open the directory. ARCHITECTURE.md
 * has the layout. Every batch is one transaction.
 *
 * Room is made at the log's old end. What was read since it was written is appended anew instead of dropped, so the
 * log is a queue with second chances (CLOCK), at the grain of a page.
 */
export class MappedTier implements Tier<Uint8Array> {
  readonly name = "L3";
  readonly #maxBytes: number;
  readonly #options: MappedTierOptions;
  readonly #now: () => number;
  readonly #file: OpenDatabase;
  readonly #root: RootDatabase & { resetReadTxn(): void };
  readonly #meta: Database<unknown, string>;
  readonly #evictionsBefore: number;
  readonly #log: RecordLog;
  readonly #index: KeyIndex;
  readonly #recency: Recency;
  #marksRecency = false;
  #damaged = 0;
  #doubtful = false;
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
    const file = await openDatabase({ path: join(directory, FILE_NAME), onNotice, now, loadLmdb });
    try {
      return new MappedTier(options, file);
    } catch (error) {
      file.release(CORRUPTION.test(String(error)));
      throw error;
    }
  }

  private constructor(options: MappedTierOptions, file: OpenDatabase) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
    this.#now = options.now ?? Date.now;
    this.#file = file;
    this.#root = file.root as RootDatabase & { resetReadTxn(): void };
    const table = <Value, Key extends string | number | Buffer>(name: keyof typeof TABLES): Database<Value, Key> =>
      this.#root.openDB({ name, ...TABLES[name] }) as Database<Value, Key>;
    this.#index = new KeyIndex(table("index"));
    this.#log = new RecordLog(table("segments"));
    this.#recency = new Recency(table("used"));
    this.#meta = table("meta");
    const state = this.state();
    this.#evictionsBefore = state.evictions;
    this.#marksRecency = usedBytes(state) > this.#maxBytes * RECENCY_FROM_SHARE;
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
    let position = this.#position(key);
    if (position === undefined) {
      // lmdb reads from one snapshot for as long as the event loop does not turn.
      this.#root.resetReadTxn();
      position = this.#position(key);
      if (position === undefined) return undefined;
    }
    const frame = this.#log.read(position);
    if (!frame || !isSound(frame)) {
      this.#drop(key);
      return undefined;
    }
    // The index led to another text's entry: its row is damaged, or two keys share a fold.
    if (!hasKey(frame, key)) return undefined;
    const { ttlMs } = this.#options;
    if (ttlMs !== undefined && this.#now() - frameStoredMs(frame) > ttlMs) return undefined;
    if (this.#marksRecency) this.#markUsed(position);
    return frame;
  }

  async set(entries: readonly MappedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    // The transaction runs later; the caller's arrays may have changed by then. Of equal keys the last one counts.
    const latest = new Map<string, MappedEntry>();
    for (const { key, value, model } of entries) {
      const copy = { key: Buffer.from(key), value: Buffer.from(value), model };
      latest.set(copy.key.toString("latin1"), copy);
    }
    await this.change((state) => this.#append(state, [...latest.values()]));
  }

  async delete(key: ContentKey): Promise<void> {
    const copy = Buffer.from(key);
    await this.change((state) => void this.#remove(state, copy));
  }

  usage(): TierUsage {
    const state = this.state();
    return {
      entries: state.entries,
      usedBytes: usedBytes(state),
      maxBytes: this.#maxBytes,
      evictions: state.evictions - this.#evictionsBefore,
      damaged: this.#damaged,
    };
  }

  /** Entries by model, in the order in which the models came. */
  models(): { name: string; entries: number; bytes: number }[] {
    return this.state().models.filter(({ entries }) => entries > 0);
  }

  /** Stores frames as they came from another cache, checksum and age included. */
  async setFrames(frames: readonly { frame: Buffer; model: string }[]): Promise<void> {
    await this.change((state) => {
      const writer = this.#log.writer(state.end);
      for (const { frame, model } of frames) {
        const { key, value, storedMs } = decodeFrame(frame);
        if (this.#isStored(key, value)) continue;
        this.#remove(state, key, false);
        const id = modelId(state, model);
        this.#index.put(key, writer.append(encodeFrame({ key, value, storedMs, modelId: id })));
        count(state, id, frame.length, 1);
      }
      this.finish(state, writer);
      if (usedBytes(state) > this.#maxBytes) this.makeRoom(state, writer, 0);
    });
  }

  /** Adds to the counters that outlive this process. */
  async addLifetime(counters: LifetimeCounters): Promise<void> {
    if (this.readOnly) return;
    await this.#transaction(() => {
      const sums = this.lifetime();
      for (const [name, added] of Object.entries(counters)) sums[name] = (sums[name] ?? 0) + added;
      this.#meta.put("lifetime", sums);
    });
  }

  lifetime(): LifetimeCounters {
    return { ...(this.#meta.get("lifetime") as LifetimeCounters | undefined) };
  }

  async flush(): Promise<void> {
    if (!this.readOnly) await this.#root.flushed;
  }

  async close(): Promise<void> {
    try {
      this.#lastState = this.state();
      if (this.#recency.unsaved > 0 && !this.#stuck) await this.change(() => {});
    } catch {
      // What was read lately is a help for eviction, no more.
    }
    await this.#root.close();
    this.#file.release(this.#doubtful);
  }

  /** What the file holds as a whole. */
  state(): TierState {
    if (this.#lastState) return this.#lastState;
    return { ...emptyState(), ...(this.#meta.get("state") as TierState | undefined) };
  }

  /** The log and the index, for whoever goes over all of it. */
  get parts(): { root: RootDatabase; log: RecordLog; index: KeyIndex; file: OpenDatabase } {
    return { root: this.#root, log: this.#log, index: this.#index, file: this.#file };
  }

  /**
   * One transaction over everything; resolves when it is committed (and on the disk, where that was asked for).
   * The body must not fail half-way: lmdb commits what was done before.
   */
  async change<Result>(body: (state: TierState) => Result): Promise<Result> {
    const result = await this.#transaction(() => {
      const state = this.state();
      const value = body(state);
      if (this.#recency.unsaved > 0) this.#recency.save(state.firstSegment);
      this.#meta.put("state", state);
      this.#marksRecency = usedBytes(state) > this.#maxBytes * RECENCY_FROM_SHARE;
      return value;
    });
    if (this.#options.durability === "sync") await this.#root.flushed;
    if (!this.isInPlace) throw new Error(`${this.path} was deleted or replaced while it was open`);
    return result;
  }

  /** Makes room until the budget holds. */
  makeRoom(state: TierState, writer: LogWriter, incomingBytes: number): void {
    let chanceBytes = Math.max(MIN_SECOND_CHANCE_BYTES, SECOND_CHANCE_FACTOR * incomingBytes);
    chanceBytes = Math.min(chanceBytes, this.#maxBytes / 2);
    while (usedBytes(state) > this.#maxBytes && state.segments > 0) {
      const segment = this.#log.nextSegment(state.firstSegment);
      if (segment === undefined) break;
      const spare = chanceBytes > 0 && segment < lastSegment(state) && this.#recency.has(segment);
      for (const position of this.#log.positionsIn(segment)) {
        const frame = this.liveFrame(position);
        if (!frame) continue;
        if (spare && frame.length <= chanceBytes) {
          chanceBytes -= frame.length;
          this.move(writer, frame);
        } else {
          this.#index.remove(frameKey(frame));
          count(state, frameModelId(frame), frame.length, -1);
          state.evictions++;
        }
      }
      this.dropSegment(state, segment);
      if (spare) this.finish(state, writer);
    }
    this.#startAnewIfEmpty(state);
  }

  /** A copy of the sound frame at a position, if the index leads to it. */
  liveFrame(position: number): Buffer | undefined {
    const frame = this.#log.read(position);
    if (!frame || !isSound(frame)) return undefined;
    const copy = Buffer.from(frame);
    return this.#index.get(frameKey(copy)) === position ? copy : undefined;
  }

  /** Appends a frame as it is and has the index lead to it. */
  move(writer: LogWriter, frame: Buffer): void {
    this.#index.put(frameKey(frame), writer.append(frame));
  }

  /** @param isFirst whether nothing lies before it */
  dropSegment(state: TierState, segment: number, isFirst = true): void {
    this.#log.remove(segment);
    state.segments--;
    if (!isFirst) return;
    state.firstSegment = segment + 1;
    this.#recency.forgetBefore(segment + 1);
  }

  /** Removes what the index says of segments that are gone: their entries were damaged. */
  tidy(state: TierState): void {
    state.entries = this.#index.removeLost((position) => this.#log.read(position) !== undefined);
    this.#startAnewIfEmpty(state);
  }

  /**
   * Closes the database, puts a copy in its place and opens that.
   * @throws where another process or another tier of this one has the directory open: it would go on in the old file
   */
  async exchange(copyTo: (path: string) => Promise<void>): Promise<void> {
    const { path } = this;
    const removeMarker = placeExchangeMarker(path);
    if (!removeMarker) throw new Error(`another process is compacting ${path}`);
    const copy = `${path}-copy`;
    try {
      const [other] = openMarkers(path).living;
      if (other) throw new Error(`${path} is open in process ${other.pid}, too`);
      if (openMarkersHere(path) > 1) throw new Error(`${path} is open a second time in this process`);
      removeQuietly(copy);
      await copyTo(copy);
      chmodSync(copy, 0o600);
      await this.close();
      renameSync(copy, path);
      // The lock file tells of the file that is gone.
      removeQuietly(`${path}-lock`);
    } finally {
      removeQuietly(copy);
      removeQuietly(`${copy}-lock`);
      removeMarker();
    }
  }

  /** Writes what the writer still holds, and keeps the state in step. */
  finish(state: TierState, writer: LogWriter): void {
    writer.finish();
    state.end = writer.end;
    state.segments += writer.added;
    writer.added = 0;
  }

  #append(state: TierState, entries: readonly MappedEntry[]): void {
    const writer = this.#log.writer(state.end);
    let incomingBytes = 0;
    for (const { key, value, model } of entries) {
      if (costBytes(FRAME_HEADER_BYTES + value.length) > this.#maxBytes) {
        this.#remove(state, key);
        state.evictions++;
        continue;
      }
      if (this.#isStored(key, value)) {
        this.#recency.mark(segmentOf(this.#index.get(key)!));
        continue;
      }
      this.#remove(state, key, false);
      const id = modelId(state, model ?? "");
      const frame = encodeFrame({ key, value, storedMs: this.#now(), modelId: id });
      this.#index.put(key, writer.append(frame));
      count(state, id, frame.length, 1);
      incomingBytes += frame.length;
    }
    this.finish(state, writer);
    if (usedBytes(state) > this.#maxBytes) this.makeRoom(state, writer, incomingBytes);
    if (this.#options.ttlMs !== undefined) this.#dropExpired(state, this.#options.ttlMs);
  }

  /** Two processes that embed the same text need the room of one. */
  #isStored(key: ContentKey, value: Uint8Array): boolean {
    if (this.#options.ttlMs !== undefined) return false;
    const position = this.#index.get(key);
    const frame = position === undefined ? undefined : this.#log.read(position);
    return frame !== undefined && isSound(frame) && hasKey(frame, key) && frameValue(frame).equals(value);
  }

  #remove(state: TierState, key: ContentKey, startAnew = true): void {
    const position = this.#index.get(key);
    if (position === undefined) return;
    this.#index.remove(key);
    const frame = this.#log.read(position);
    if (frame && isSound(frame)) count(state, frameModelId(frame), frame.length, -1);
    // Which model's it was is lost with the frame.
    else state.entries--;
    if (startAnew) this.#startAnewIfEmpty(state);
  }

  /** Whole segments of entries that are too old, at the log's old end. */
  #dropExpired(state: TierState, ttlMs: number): void {
    for (;;) {
      const segment = this.#log.nextSegment(state.firstSegment);
      if (segment === undefined || segment >= lastSegment(state)) break;
      const frames = this.#log.positionsIn(segment).flatMap((position) => this.liveFrame(position) ?? []);
      if (frames.some((frame) => this.#now() - frameStoredMs(frame) <= ttlMs)) break;
      for (const frame of frames) {
        this.#index.remove(frameKey(frame));
        count(state, frameModelId(frame), frame.length, -1);
        state.expired++;
      }
      this.dropSegment(state, segment);
    }
  }

  /** Without entries the whole log is waste. */
  #startAnewIfEmpty(state: TierState): void {
    if (state.entries > 0 || state.segments === 0) return;
    for (;;) {
      const segment = this.#log.nextSegment(state.firstSegment);
      if (segment === undefined) break;
      this.dropSegment(state, segment);
    }
    state.segments = 0;
    state.end = Math.ceil(state.end / PAYLOAD_BYTES) * PAYLOAD_BYTES;
    for (const model of state.models) model.entries = model.bytes = 0;
  }

  #position(key: ContentKey): number | undefined {
    try {
      return this.#index.get(key);
    } catch (error) {
      this.#doubtful ||= CORRUPTION.test(String(error));
      throw error;
    }
  }

  #markUsed(position: number): void {
    this.#recency.mark(segmentOf(position));
    if (this.#recency.unsaved < MAX_UNSAVED_RECENCY || this.readOnly || this.#stuck) return;
    // It is a help for eviction, no more.
    this.change(() => {}).catch(() => {});
  }

  /** A damaged entry is a miss, is counted, and is removed so that it is stored anew. */
  #drop(key: ContentKey): void {
    this.#damaged++;
    if (!this.readOnly) this.delete(key).catch(() => {});
  }

  async #transaction<Result>(body: () => Result): Promise<Result> {
    if (this.readOnly) throw new Error(`${dirname(this.path)} can only be read`);
    if (this.#stuck) throw new Error(`another process has ${this.path} locked`);
    let timer: NodeJS.Timeout | undefined;
    const committed = commitOf(this.#root, body);
    const { maxLockWaitMs = DEFAULT_MAX_LOCK_WAIT_MS } = this.#options;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#stuck = committed
          .catch(() => {})
          .finally(() => {
            this.#stuck = undefined;
          });
        reject(new Error(`another process has had ${this.path} locked for ${maxLockWaitMs / 1000} seconds`));
      }, maxLockWaitMs);
    });
    try {
      return await Promise.race([committed, timeout]);
    } catch (error) {
      this.#doubtful ||= CORRUPTION.test(String(error));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * lmdb's asynchronous transaction. A commit that fails rejects promises of lmdb's own besides, which nobody else sees and
 * which would end the process as unhandled; the reason is in one of them.
 */
async function commitOf<Result>(root: RootDatabase, body: () => Result): Promise<Result> {
  const committed = root.transaction(body);
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
