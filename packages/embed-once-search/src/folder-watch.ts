import { basename, dirname } from "node:path/posix";
import { FolderEvents } from "./folder-events.ts";
import type { FolderIndex } from "./folder-index.ts";
import { RULE_FILE_NAMES } from "./ignore-rules.ts";
import { folderIdentity, resolveRoot } from "./index-location.ts";
import type { IndexRunReport } from "./indexer.ts";
import type { IndexProgress } from "./running.ts";

export interface WatchOptions {
  /** Closes the watch. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: IndexProgress) => void) | undefined;
  /** Called after the first reading, and after each later one that found something. Vectors may still be missing. */
  onUpdate?: ((report: IndexRunReport) => void) | undefined;
}

/**
 * Systems drop events when too many come at once, and some file systems (over a network) have none: the whole folder is
 * walked now and then (`npm run bench:freshness` has what that takes).
 */
const SWEEP_MS = 5 * 60_000;

/** The same where the system cannot watch: a walk is all there is. */
const POLL_MS = 2000;

/**
 * Whether the folder is still the same one. The system tells nothing of a folder that comes into being, and nothing of
 * one above that is moved away.
 */
const ROOT_LOOK_MS = 1000;

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** Keeps a folder's index up to date, from its making until it is closed. */
export class FolderWatch {
  /**
   * Fulfilled once everything was read that changed while nobody watched, and can be found by its words. Rejected where
   * that failed or the watch was closed before; a reading that failed is tried again until the watch is closed.
   */
  readonly ready: Promise<void>;
  /** Fulfilled once the watch has ended, by `close` or the signal. */
  readonly closed: Promise<void>;
  readonly #index: FolderIndex;
  readonly #options: WatchOptions;
  readonly #onWarning: (message: string) => void;
  readonly #onClosed: () => void;
  readonly #stop = new AbortController();
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Of the folder that was there last: another one in its place is heard of by none of its watchers. */
  #events: FolderEvents | undefined;
  #rootIdentity: string | undefined;
  #rootLook: NodeJS.Timeout;
  readonly #ignoreReplaced: () => void;
  #sweep: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #failure: string | undefined;
  /** Whether there may be more to read than was told: nothing was read yet, or a reading has failed. */
  #isStale = true;
  #isFirst = true;
  /** The update that was begun last; they follow each other, and none fails here. */
  #updates: Promise<void> = Promise.resolve();

  constructor(index: FolderIndex, options: WatchOptions, onWarning: (message: string) => void, onClosed: () => void) {
    this.#index = index;
    this.#options = options;
    this.#onWarning = onWarning;
    this.#onClosed = onClosed;
    this.closed = this.#end.promise;
    this.#sweepEvery(SWEEP_MS);
    this.#rootLook = setInterval(() => this.#lookAtRoot(), ROOT_LOOK_MS).unref();
    this.#rootIdentity = folderIdentity(index.root);
    // Events tell what changes in the folder, not what an index lacks that began anew.
    this.#ignoreReplaced = index.onReplaced(() => void this.#update(undefined));
    this.ready = this.#update(undefined);
    const { signal } = options;
    if (signal?.aborted) void this.close();
    signal?.addEventListener("abort", () => void this.close(), { once: true, signal: this.#stop.signal });
  }

  /**
   * Fulfilled when all changes that were noticed so far can be found by their words, or could not be read, which is
   * tried again.
   */
  settled(): Promise<void> {
    return this.#updates;
  }

  /** Ends the watch. What is under way is ended too; its work so far is kept. */
  close(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort(new Error("the watch was closed"));
      clearInterval(this.#sweep);
      clearInterval(this.#rootLook);
      clearTimeout(this.#retry);
      this.#ignoreReplaced();
      this.#events?.close();
      this.#end.resolve(this.#updates.then(() => this.#onClosed()));
    }
    return this.closed;
  }

  /** @returns what comes of it; a failure is told and tried again, whoever else waits for it */
  #update(paths: readonly string[] | undefined): Promise<void> {
    const update = this.#updates.then(() => this.#read(paths));
    this.#updates = update.catch((error: Error) => this.#tryAgain(error));
    return update;
  }

  async #read(paths: readonly string[] | undefined): Promise<void> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const { root } = this.#index;
    const identity = folderIdentity(root);
    if (identity !== this.#rootIdentity) {
      this.#rootIdentity = identity;
      // They have gone deaf, or tell of what lies elsewhere now.
      this.#events?.close();
      this.#events = undefined;
      this.#isStale = true;
    }
    resolveRoot(root); // where it is gone, as a disk may be, the index stays as it is
    const places = this.#isStale ? undefined : paths;
    this.#isStale = true;
    const report = await this.#index.runWithoutWaiting({
      paths: places,
      signal,
      onProgress: this.#options.onProgress,
      onFolder: (folder) => this.#listen().add(folder),
    });
    this.#isStale = false;
    this.#failure = undefined;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#isFirst || report.filesChanged > 0 || report.filesRemoved > 0) this.#options.onUpdate?.(report);
    this.#isFirst = false;
  }

  #listen(): FolderEvents {
    if (this.#events === undefined) {
      this.#sweepEvery(SWEEP_MS); // another folder in the place of one that could not be watched may be watched
      this.#events = new FolderEvents(this.#index.root, {
        exclude: this.#index.excluded(),
        onChange: (paths) => void this.#update(paths && withFoldersOfRules(paths)),
        onFailure: (error) => this.#poll(error),
      });
    }
    return this.#events;
  }

  #sweepEvery(ms: number): void {
    clearInterval(this.#sweep);
    this.#sweep = setInterval(() => void this.#update(undefined), ms);
  }

  #lookAtRoot(): void {
    if (folderIdentity(this.#index.root) !== this.#rootIdentity) void this.#update(undefined);
  }

  /** Also where nothing changes any more that would lead to another reading. */
  #tryAgain({ message }: Error): void {
    if (this.#stop.signal.aborted) return;
    if (message !== this.#failure) {
      this.#onWarning(`${this.#index.root} could not be read, which is tried again: ${message}`);
    }
    this.#failure = message;
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#update(undefined);
    }, this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  #poll(error: Error): void {
    if (this.#stop.signal.aborted) return;
    this.#sweepEvery(POLL_MS);
    this.#onWarning(`The system cannot watch ${this.#index.root} (${error.message}); it is walked every 2 s instead.`);
  }
}

/** Where a file with rules changed, all that lies beside it and below may have come or gone. */
function withFoldersOfRules(paths: readonly string[]): string[] | undefined {
  const folders = paths.map((path) => (RULE_FILE_NAMES.includes(basename(path)) ? dirname(path) : path));
  return folders.includes(".") ? undefined : folders;
}
