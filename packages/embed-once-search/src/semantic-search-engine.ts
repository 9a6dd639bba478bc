import { resolve } from "node:path";
import { ConfigurationError, type Embedder, type EmbedderIdentity } from "embed-once";
import type { SkipCounts } from "./catalogue.ts";
import { type ChunkFilter, readFilter } from "./chunk-filter.ts";
import { embed, requireLength } from "./embed-missing.ts";
import { findChunks, type SearchResult } from "./find-chunks.ts";
import { openIndexFile, setAside } from "./index-file.ts";
import { indexBytes, indexPath, realPath, resolveRoot } from "./index-location.ts";
import { IndexStore } from "./index-store.ts";
import { type IndexProgress, type IndexRunReport, indexFolder, readLastRun } from "./indexer.ts";
import { readQuestion } from "./question.ts";
import { isDamage } from "./sqlite.ts";

export interface SemanticSearchOptions {
  /** Makes the vectors. It must say who it is (`identity`): another embedder gets another index. */
  embedder: Embedder;
  /** Where the indexes lie; made with permissions for its owner only. Never put it into version control. */
  indexDirectory: string;
  /** Larger files are skipped and reported. @default 1,000,000 */
  maxFileBytes?: number | undefined;
  /** Texts of one call of the embedder, and the most that is embedded again after the process was killed. @default 64 */
  batchSize?: number | undefined;
  /** Takes what a user should know and no call fails for. @default process.emitWarning */
  onWarning?: ((message: string) => void) | undefined;
}

export interface IndexOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: IndexProgress) => void) | undefined;
}

export interface IndexReport extends IndexRunReport {
  /** Absolute path of the folder, without symbolic links. */
  root: string;
  ms: number;
}

export interface SearchOptions extends IndexOptions, ChunkFilter {
  /** Most results, 1 to 1,000. @default 10 */
  limit?: number | undefined;
  /** Only results with at least this score, 0 to 1. @default 0 */
  minScore?: number | undefined;
  /** Lines to give with each result from right before it, and from right after it, 0 to 1,000. @default 0 */
  context?: number | undefined;
  /** Whether to index first what is missing or changed. @default true */
  index?: boolean | undefined;
  /** Takes the report of that indexing. */
  onIndexed?: ((report: IndexReport) => void) | undefined;
  /** Takes what the results rest on. */
  onSearched?: ((basis: SearchBasis) => void) | undefined;
}

/** What the results of one search rest on. */
export interface SearchBasis {
  /** Whether vectors have a say. Without them a search goes by words alone. */
  vectors: boolean;
  /** Why they have none: nothing is embedded yet, or what the embedder failed with. */
  reason?: string | undefined;
}

export interface IndexStatus {
  root: string;
  /** The index's file. */
  indexPath: string;
  /** The embedder's name. */
  embedder: string;
  /** Whether there is an index at all; all counts are 0 where there is none. */
  exists: boolean;
  files: number;
  /** Files that can be found by their words only, because some of their texts have no vectors yet. */
  filesIncomplete: number;
  chunks: number;
  vectors: number;
  dimensions: number | undefined;
  /** The index's size on disk. */
  bytes: number;
  /** When the last run came to its end (ISO 8601); `undefined` while none has. */
  indexedAt: string | undefined;
  /** What that run left out. */
  skipped: SkipCounts;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 1000;
const MAX_CONTEXT = 1000;

/**
 * Indexes folders and finds the places in them that answer a question.
 *
 * It knows its embedder by the contract alone. One folder and one embedder have one index; several engines and
 * processes may use it at once. Nothing is opened before it is needed, and nothing keeps the process alive.
 */
export class SemanticSearchEngine {
  readonly #embedder: Embedder;
  readonly #identity: EmbedderIdentity;
  readonly #indexDirectory: string;
  readonly #maxFileBytes: number | undefined;
  readonly #batchSize: number | undefined;
  readonly #onWarning: (message: string) => void;
  readonly #stores = new Map<string, IndexStore>();
  /** The last index run of each root: runs on one root follow each other. */
  readonly #runs = new Map<string, Promise<unknown>>();

  /** @throws TypeError where the embedder does not say who it is, or the directory is no path */
  constructor(options: SemanticSearchOptions) {
    const {
      embedder,
      indexDirectory,
      maxFileBytes,
      batchSize,
      onWarning = (message) => process.emitWarning(message),
    } = options;
    const identity = embedder?.identity;
    if (!identity?.provider || !identity.model) {
      throw new TypeError("The embedder must say who it is: expected identity with provider and model, got none");
    }
    if (typeof indexDirectory !== "string" || indexDirectory === "") {
      throw new TypeError(`indexDirectory must be a path, got ${JSON.stringify(indexDirectory)}`);
    }
    checkPositiveInteger("maxFileBytes", maxFileBytes);
    checkPositiveInteger("batchSize", batchSize);
    this.#embedder = embedder;
    this.#identity = identity;
    this.#indexDirectory = resolve(indexDirectory);
    this.#maxFileBytes = maxFileBytes;
    this.#batchSize = batchSize;
    this.#onWarning = onWarning;
  }

  /**
   * Brings the folder's index up to date. Interrupted by `signal`, a failing embedder or a killed process, it keeps what
   * is done.
   */
  async index(folder: string, options: IndexOptions = {}): Promise<IndexReport> {
    const root = resolveRoot(folder);
    return this.#afterOtherRuns(root, async () => {
      const startedAt = performance.now();
      const report = await this.#withStore(root, (store) =>
        indexFolder(root, store, this.#embedder, {
          ...options,
          maxFileBytes: this.#maxFileBytes,
          batchSize: this.#batchSize,
          exclude: [realPath(this.#indexDirectory)],
        }),
      );
      return { root, ...report, ms: performance.now() - startedAt };
    });
  }

  /**
   * The places in a folder that answer a question best, the best one first. Where the question cannot be embedded, or
   * nothing is embedded yet, words alone decide; `onSearched` is told.
   *
   * @throws TypeError for a question without content, a folder that is none, or a path, glob, language or kind that is
   * none; RangeError for a limit, minScore or context out of range
   */
  async search(question: string, folder: string, options: SearchOptions = {}): Promise<SearchResult[]> {
    const { limit = DEFAULT_LIMIT, minScore = 0, context = 0, index = true, onIndexed, onSearched } = options;
    const { signal, onProgress } = options;
    if (typeof question !== "string" || question.trim() === "") {
      throw new TypeError(`The question must hold some words, got ${JSON.stringify(question)}`);
    }
    checkInteger("limit", limit, 1, MAX_LIMIT);
    checkInteger("context", context, 0, MAX_CONTEXT);
    if (typeof minScore !== "number" || !(minScore >= 0 && minScore <= 1)) {
      throw new RangeError(`minScore must be a number from 0 to 1, got ${minScore}`);
    }
    const filter = readFilter(options);
    const root = resolveRoot(folder);
    if (index) {
      const report = await this.index(root, { signal, onProgress });
      onIndexed?.(report);
    }
    return this.#withStore(root, async (store) => {
      if (store.counts().chunks === 0) return [];
      const { vector, reason } = await this.#embedQuestion(question, store, signal);
      onSearched?.(vector === undefined ? { vectors: false, reason } : { vectors: true });
      return findChunks(root, store, readQuestion(question), vector, { limit, minScore, context, filter });
    });
  }

  async #embedQuestion(
    question: string,
    store: IndexStore,
    signal: AbortSignal | undefined,
  ): Promise<{ vector?: readonly number[]; reason?: string }> {
    const dimensions = store.vectors.dimensions();
    if (dimensions === undefined) return { reason: "nothing is embedded yet" };
    try {
      const [vector] = await embed(this.#embedder, [question], "query", signal);
      requireLength(dimensions, vector, this.#embedder);
      return { vector: vector! };
    } catch (error) {
      signal?.throwIfAborted();
      return { reason: (error as Error).message };
    }
  }

  /** What the folder's index holds, without changing it. */
  async status(folder: string): Promise<IndexStatus> {
    const root = resolveRoot(folder);
    const path = this.#pathOf(root);
    const common = { root, indexPath: path, embedder: this.#embedder.embedderInfo.name };
    const bytes = indexBytes(path);
    if (bytes === undefined) {
      const nothing = { files: 0, filesIncomplete: 0, chunks: 0, vectors: 0, dimensions: undefined, bytes: 0 };
      return { ...common, exists: false, ...nothing, indexedAt: undefined, skipped: {} };
    }
    return this.#withStore(root, async (store) => {
      const lastRun = readLastRun(store);
      return {
        ...common,
        exists: true,
        ...store.counts(),
        vectors: store.vectors.count(),
        dimensions: store.vectors.dimensions(),
        bytes,
        indexedAt: lastRun?.at,
        skipped: lastRun?.skipped ?? {},
      };
    });
  }

  /** Closes the indexes that were opened. A later call opens them again. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#runs.values());
    for (const store of this.#stores.values()) store.close();
    this.#stores.clear();
  }

  async #afterOtherRuns<Result>(root: string, run: () => Promise<Result>): Promise<Result> {
    const before = this.#runs.get(root);
    const current = (async () => {
      await before?.catch(() => {}); // its own caller was told
      return run();
    })();
    this.#runs.set(root, current);
    try {
      return await current;
    } finally {
      if (this.#runs.get(root) === current) this.#runs.delete(root);
    }
  }

  /** Runs `work` on the root's index; once more, on an empty one, where the file turns out to be damaged. */
  async #withStore<Result>(root: string, work: (store: IndexStore) => Promise<Result>): Promise<Result> {
    for (let isRetry = false; ; isRetry = true) {
      let store: IndexStore | undefined;
      try {
        store = this.#open(root);
        return await work(store);
      } catch (error) {
        // Another call met the damage first and has closed this store.
        const isReplaced = store !== undefined && this.#stores.get(root) !== store;
        if (isRetry || !(isReplaced || isDamage(error))) throw error;
        if (!isReplaced) this.#setAside(root);
      }
    }
  }

  #open(root: string): IndexStore {
    const opened = this.#stores.get(root);
    if (opened !== undefined) return opened;
    const { database, warning } = openOrExplain(this.#pathOf(root));
    if (warning !== undefined) this.#onWarning(warning);
    try {
      const store = new IndexStore(database);
      store.setMeta("root", root);
      store.setMeta("embedder", JSON.stringify(this.#identity));
      this.#stores.set(root, store);
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #setAside(root: string): void {
    this.#stores.get(root)?.close();
    this.#stores.delete(root);
    this.#onWarning(setAside(this.#pathOf(root)));
  }

  #pathOf(root: string): string {
    return indexPath(this.#indexDirectory, root, this.#identity);
  }
}

function openOrExplain(path: string): ReturnType<typeof openIndexFile> {
  try {
    return openIndexFile(path);
  } catch (error) {
    throw new ConfigurationError(`The index ${path} cannot be opened: ${(error as Error).message}`, { cause: error });
  }
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be an integer from ${min} to ${max}, got ${value}`);
  }
}

function checkPositiveInteger(name: string, value: number | undefined): void {
  if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
    throw new RangeError(`${name} must be an integer of at least 1, got ${value}`);
  }
}
