import { basename, dirname } from "node:path/posix";
import { FolderEvents } from "./folder-events.ts";
import type { FolderIndex } from "./folder-index.ts";
import { RULE_FILE_NAMES } from "./ignore-rules.ts";
import { resolveRoot } from "./index-location.ts";
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

/** Keeps a folder's index up to date, from its making until it is closed. */
export class FolderWatch {
  /** Fulfilled once everything was read that changed while nobody watched, and can be found by its words. */
  readonly ready: Promise<void>;
  /** Fulfilled once the watch has ended, by `close`, the signal, or because the first reading failed. */
  readonly closed: Promise<void>;
  readonly #index: FolderIndex;
  readonly #options: WatchOptions;
  readonly #onWarning: (message: string) => void;
  readonly #onClosed: () => void;
  readonly #stop = new AbortController();
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers();
  #events: FolderEvents | undefined;
  #sweep: NodeJS.Timeout | undefined;
  /** The update that was begun last; they follow each other. */
  #updates: Promise<void> = Promise.resolve();

  constructor(index: FolderIndex, options: WatchOptions, onWarning: (message: string) => void, onClosed: () => void) {
    this.#index = index;
    this.#options = options;
    this.#onWarning = onWarning;
    this.#onClosed = onClosed;
    this.closed = this.#end.promise;
    this.ready = this.#start();
    this.ready.catch(() => {}); // for those who do not ask
    const { signal } = options;
    if (signal?.aborted) void this.close();
    signal?.addEventListener("abort", () => void this.close(), { once: true, signal: this.#stop.signal });
  }

  /** Settles when all changes that were noticed so far can be found by their words. */
  async settled(): Promise<void> {
    await this.ready;
    await this.#updates;
  }

  /** Ends the watch. What is under way is ended too; its work so far is kept. */
  close(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort(new Error("the watch was closed"));
      clearInterval(this.#sweep);
      this.#events?.close();
      const underWay = Promise.allSettled([this.ready, this.#updates]);
      this.#end.resolve(underWay.then(() => this.#onClosed()));
    }
    return this.closed;
  }

  async #start(): Promise<void> {
    const { signal } = this.#stop;
    try {
      await this.#index.use(() => {}); // it must be there to be excluded
      signal.throwIfAborted();
      this.#events = new FolderEvents(this.#index.root, {
        exclude: this.#index.excluded(),
        onChange: (paths) => this.#update(paths && withFoldersOfRules(paths)),
        onFailure: (error) => this.#poll(error),
      });
      if (this.#sweep === undefined) this.#sweep = setInterval(() => this.#update(undefined), SWEEP_MS);
      await this.#read(undefined, true);
    } catch (error) {
      if (!signal.aborted) void this.close();
      throw error;
    }
  }

  #update(paths: readonly string[] | undefined): void {
    this.#updates = this.#updates.then(async () => {
      await this.ready;
      await this.#read(paths, false);
    });
    this.#updates = this.#updates.catch((error: Error) => {
      if (this.#stop.signal.aborted) return;
      this.#onWarning(
        `${this.#index.root} could not be read again, the next change or sweep tries it: ${error.message}`,
      );
    });
  }

  async #read(paths: readonly string[] | undefined, isFirst: boolean): Promise<void> {
    resolveRoot(this.#index.root); // where it is gone, as a disk may be, the index stays as it is
    const report = await this.#index.runWithoutWaiting({
      paths,
      signal: this.#stop.signal,
      onProgress: this.#options.onProgress,
      onFolder: (folder) => this.#events?.add(folder),
    });
    if (isFirst || report.filesChanged > 0 || report.filesRemoved > 0) this.#options.onUpdate?.(report);
  }

  #poll(error: Error): void {
    if (this.#stop.signal.aborted) return;
    clearInterval(this.#sweep);
    this.#sweep = setInterval(() => this.#update(undefined), POLL_MS);
    this.#onWarning(`The system cannot watch ${this.#index.root} (${error.message}); it is walked every 2 s instead.`);
  }
}

/** Where a file with rules changed, all that lies beside it and below may have come or gone. */
function withFoldersOfRules(paths: readonly string[]): string[] | undefined {
  const folders = paths.map((path) => (RULE_FILE_NAMES.includes(basename(path)) ? dirname(path) : path));
  return folders.includes(".") ? undefined : folders;
}
