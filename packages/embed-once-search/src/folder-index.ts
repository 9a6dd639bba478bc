import { setTimeout as sleep } from "node:timers/promises";
import type { Embedder } from "embed-once";
import type { CatalogueReport } from "./catalogue.ts";
import { realPath, removeUnused } from "./index-location.ts";
import type { IndexStore } from "./index-store.ts";
import { embedChanges, type IndexRunOptions, type IndexRunReport, readChanges, readLastReading } from "./indexer.ts";
import { type Access, OpenIndex, type OpenIndexOptions } from "./open-index.ts";
import { Turn } from "./turn.ts";

export interface FolderIndexOptions extends OpenIndexOptions {
  embedder: Embedder;
  indexDirectory: string;
  maxFileBytes?: number | undefined;
  batchSize?: number | undefined;
}

/** How one run of a folder is called; what all runs share is in `FolderIndexOptions`. */
export interface FolderRunOptions extends Pick<IndexRunOptions, "signal" | "onProgress" | "paths" | "onFolder"> {
  /** Whether to look over what the index holds first, so that damage is found that no search has met. @default false */
  lookOver?: boolean | undefined;
}

export interface AnswerFromOptions {
  signal?: AbortSignal | undefined;
  /** Whether to wait for the vectors, where the folder has to be read again. @default false */
  wait?: boolean | undefined;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/**
 * One folder's index and the runs on it. Readings follow each other, and so do embeddings, but what changed can be read,
 * and found by its words, while texts are embedded that were found before.
 */
export class FolderIndex {
  readonly #index: OpenIndex;
  readonly #options: FolderIndexOptions;
  readonly #readings = new Turn();
  readonly #embeddings = new Turn();
  readonly #stop = new AbortController();
  readonly #replacedListeners = new Set<() => void>();
  /** Whether what was read in this process may be gone, because the index is another one since. */
  #isReplaced = false;
  #background: Promise<void> | undefined;
  #isWanted = false;
  #failure: string | undefined;
  #readingFailure: string | undefined;

  constructor(options: FolderIndexOptions) {
    this.#options = options;
    this.#index = new OpenIndex(options, () => {
      this.#isReplaced = true;
      for (const listener of this.#replacedListeners) listener();
    });
  }

  get root(): string {
    return this.#options.root;
  }

  /** What is never walked: the indexes themselves, should they lie in the folder. There once the index was used. */
  excluded(): string[] {
    return [realPath(this.#options.indexDirectory)];
  }

  /** Why texts could not be embedded in the background the last time; `undefined` where they could. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Why the folder could not be read the last time by a run that leaves the embedding to the background. */
  get readingFailure(): string | undefined {
    return this.#readingFailure;
  }

  /** Calls `listener` whenever the index was damaged or removed, and another one is in its place. @returns what ends that */
  onReplaced(listener: () => void): () => void {
    this.#replacedListeners.add(listener);
    return () => this.#replacedListeners.delete(listener);
  }

  /** See `OpenIndex`. */
  use<Result>(access: Access, work: (store: IndexStore) => Result | Promise<Result>): Promise<Result> {
    return this.#index.use(access, work);
  }

  /**
   * Runs `work`, which answers from what the index holds. Where the index was lost since it was opened, the folder is
   * read again first: nothing found would be no answer.
   */
  answerFrom<Result>(
    work: (store: IndexStore) => Result | Promise<Result>,
    { signal, wait = false }: AnswerFromOptions = {},
  ): Promise<Result> {
    return this.use("read", async (store) => {
      if (this.#isReplaced && readLastReading(store) === undefined) {
        await this.#read(store, { signal });
        if (wait) await this.#embed(store, { signal });
        else if (store.counts().filesIncomplete > 0) this.#embedInBackground();
      }
      return work(store);
    });
  }

  /** Reads what changed, then embeds what is missing. */
  run(options: FolderRunOptions = {}): Promise<IndexRunReport> {
    return this.use("write", async (store) => {
      const catalogue = await this.#read(store, options);
      const textsAsked = await this.#embed(store, options);
      return { ...catalogue, ...store.counts(), textsAsked };
    });
  }

  /** Reads what changed, and leaves the embedding to the background. */
  async runWithoutWaiting(options: FolderRunOptions = {}): Promise<IndexRunReport> {
    const report = await this.use("write", async (store) => {
      const catalogue = await this.#read(store, options);
      return { ...catalogue, ...store.counts(), textsAsked: 0 };
    }).catch((error: Error) => {
      if (!options.signal?.aborted) this.#readingFailure = error.message;
      throw error;
    });
    if (report.filesIncomplete > 0) this.#embedInBackground();
    return report;
  }

  /** Ends what runs in the background, waits for the runs that somebody waits for, and closes the index. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the index was closed"));
    await Promise.all([this.#readings.over(), this.#embeddings.over(), this.#background]);
    this.#index.close();
  }

  async #read(store: IndexStore, { lookOver = false, ...options }: FolderRunOptions): Promise<CatalogueReport> {
    if (lookOver) store.lookOver();
    const { root, maxFileBytes } = this.#options;
    const exclude = this.excluded();
    const report = await this.#readings.take(() => readChanges(root, store, { ...options, maxFileBytes, exclude }));
    this.#isReplaced = false;
    this.#readingFailure = undefined;
    return report;
  }

  #embed(store: IndexStore, options: Pick<FolderRunOptions, "signal" | "onProgress">): Promise<number> {
    const { root, embedder, batchSize, maxFileBytes, indexDirectory, path } = this.#options;
    return this.#embeddings.take(async () => {
      const textsAsked = await embedChanges(root, store, embedder, { ...options, batchSize, maxFileBytes });
      // Only a complete index has replaced others.
      if (textsAsked > 0 && store.counts().filesIncomplete === 0) removeUnused(indexDirectory, path);
      return textsAsked;
    });
  }

  /** However often it is called, one more look is taken at what is missing, and no more than one waits. */
  #embedInBackground(): void {
    this.#isWanted = true;
    this.#background ??= this.#embedWhileWanted();
  }

  async #embedWhileWanted(): Promise<void> {
    const { signal } = this.#stop;
    let retryMs = FIRST_RETRY_MS;
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false;
      try {
        await this.use("write", (store) => this.#embed(store, { signal }));
        this.#failure = undefined;
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        if (signal.aborted) break;
        const message = (error as Error).message;
        if (message !== this.#failure) {
          this.#options.onWarning(`Texts could not be embedded, their files are found by words only: ${message}`);
        }
        this.#failure = message;
        await sleep(retryMs, undefined, { ref: false, signal }).catch(() => {}); // ended by `close`
        retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
        this.#isWanted = true;
      }
    }
    this.#background = undefined;
  }
}
