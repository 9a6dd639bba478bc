import { resolve } from "node:path";
import type { Embedder, EmbedderIdentity, Purpose } from "embed-once";
import { type ChunkFilter, readFilter } from "./chunk-filter.ts";
import { embed, requireLength } from "./embed-missing.ts";
import { chunkAt, type Example, wordsOf } from "./example.ts";
import { findChunks, type SearchResult } from "./find-chunks.ts";
import { FolderIndex } from "./folder-index.ts";
import { FolderWatch, type WatchOptions } from "./folder-watch.ts";
import { indexPath, removeIndexes, resolveRoot } from "./index-location.ts";
import { type IndexStatus, readStatus } from "./index-status.ts";
import type { IndexStore } from "./index-store.ts";
import type { IndexRunReport } from "./indexer.ts";
import { readQuestion } from "./question.ts";
import { readRelativePath } from "./relative-path.ts";
import type { IndexProgress } from "./running.ts";

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
  /**
   * Whether to wait until all texts have vectors. If not, they are embedded in the background, and `close` ends that; till
   * then they are found by their words. @default true
   */
  wait?: boolean | undefined;
}

export interface IndexReport extends IndexRunReport {
  /** Absolute path of the folder, without symbolic links. */
  root: string;
  ms: number;
}

/** Which answers are wanted. */
export interface FindOptions extends ChunkFilter {
  /** Most results, 1 to 1,000. @default 10 */
  limit?: number | undefined;
  /** Only results with at least this score, 0 to 1. @default 0 */
  minScore?: number | undefined;
  /** Lines to give with each result from right before it, and from right after it, 0 to 1,000. @default 0 */
  context?: number | undefined;
}

export interface AnswerOptions extends FindOptions {
  signal?: AbortSignal | undefined;
  /** How long to wait for the vector of the question; then the answer comes from words alone. @default no limit */
  vectorTimeoutMs?: number | undefined;
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

export interface SearchOptions extends AnswerOptions, IndexOptions {
  /** Whether to index first what is missing or changed. @default true */
  index?: boolean | undefined;
  /** Takes the report of that indexing. */
  onIndexed?: ((report: IndexReport) => void) | undefined;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 1000;
const MAX_CONTEXT = 1000;

/**
 * Indexes folders and finds the places in them that answer a question.
 *
 * It knows its embedder by the contract alone. One folder and one embedder have one index; several engines and
 * processes may use it at once. Nothing is opened before it is needed, and only a watch keeps the process alive.
 */
export class SemanticSearchEngine {
  readonly #embedder: Embedder;
  readonly #identity: EmbedderIdentity;
  readonly #indexDirectory: string;
  readonly #maxFileBytes: number | undefined;
  readonly #batchSize: number | undefined;
  readonly #onWarning: (message: string) => void;
  readonly #folders = new Map<string, FolderIndex>();
  readonly #watches = new Map<string, Set<FolderWatch>>();

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
   *
   * It first looks over what is there, and begins anew where that is damaged; a search notices only what it meets.
   */
  async index(folder: string, options: IndexOptions = {}): Promise<IndexReport> {
    return this.#bringUpToDate(resolveRoot(folder), options, true);
  }

  async #bringUpToDate(
    root: string,
    { wait = true, signal, onProgress }: IndexOptions,
    lookOver: boolean,
  ): Promise<IndexReport> {
    const startedAt = performance.now();
    const index = this.#folder(root);
    const run = { signal, onProgress, lookOver };
    const report = wait ? await index.run(run) : await index.runWithoutWaiting(run);
    return { root, ...report, ms: performance.now() - startedAt };
  }

  /**
   * The places in a folder that answer a question best, the best one first. Where the question cannot be embedded, words
   * alone answer it.
   *
   * @throws TypeError for a question without content, a folder that is none, or a path, glob, language or kind that is
   * none; RangeError for a limit, minScore or context out of range
   */
  async search(question: string, folder: string, options: SearchOptions = {}): Promise<SearchResult[]> {
    const { index = true, wait, onIndexed, onProgress, ...answerOptions } = options;
    if (typeof question !== "string" || question.trim() === "") {
      throw new TypeError(`The question must hold some words, got ${JSON.stringify(question)}`);
    }
    checkFindOptions(answerOptions);
    const root = resolveRoot(folder);
    if (index) {
      const report = await this.#bringUpToDate(root, { signal: answerOptions.signal, onProgress, wait }, false);
      onIndexed?.(report);
    }
    const { signal } = answerOptions;
    return this.#folder(root).answerFrom(
      async (store) => {
        if (store.isEmpty()) return [];
        const vector = await this.#vectorOf(question, "query", store, answerOptions);
        return this.#find(root, store, question, vector, answerOptions);
      },
      { signal, wait: index && wait !== false },
    );
  }

  /**
   * The places in a folder that are most like an example, the most similar first; the index is used as it is.
   *
   * @throws TypeError for a text without content or a file that the index does not know, RangeError for a line that the
   * file does not have or an option out of range
   */
  async findSimilar(example: Example, folder: string, options: AnswerOptions = {}): Promise<SearchResult[]> {
    const root = resolveRoot(folder);
    checkFindOptions(options);
    if ("text" in example && example.text.trim() === "") {
      throw new TypeError(`The example's text must hold some words, got ${JSON.stringify(example.text)}`);
    }
    const work = async (store: IndexStore): Promise<SearchResult[]> => {
      if ("text" in example) {
        if (store.isEmpty()) return [];
        const vector = await this.#vectorOf(example.text, "document", store, options);
        return this.#find(root, store, wordsOf(example.text), vector, options);
      }
      const file = readRelativePath("file", example.file);
      const { line } = example;
      const { key, text, startLine } = await chunkAt(root, store, file, line, this.#maxFileBytes);
      const stored = store.vectors.get(key);
      if (stored !== undefined) options.onSearched?.({ vectors: true });
      const vector = stored ?? (await this.#vectorOf(text, "document", store, options));
      const { limit = DEFAULT_LIMIT } = options;
      const results = await this.#find(root, store, wordsOf(text), vector, { ...options, limit: limit + 1 });
      return results.filter((result) => !(result.file === file && result.startLine === startLine)).slice(0, limit);
    };
    return this.#folder(root).answerFrom(work, { signal: options.signal });
  }

  /**
   * Keeps the folder's index up to date until it is closed: what changes is found by its words at once, its vectors
   * follow in the background, and a failing embedder is asked again after a while.
   */
  watch(folder: string, options: WatchOptions = {}): FolderWatch {
    const root = resolveRoot(folder);
    const watches = this.#watches.get(root) ?? new Set();
    this.#watches.set(root, watches);
    const watch = new FolderWatch(this.#folder(root), options, this.#onWarning, () => watches.delete(watch));
    watches.add(watch);
    return watch;
  }

  /** What the folder's index holds, how fresh and how complete it is, without changing it. */
  async status(folder: string): Promise<IndexStatus> {
    const root = resolveRoot(folder);
    const path = this.#pathOf(root);
    return readStatus(root, path, this.#embedder.embedderInfo.name, this.#folder(root));
  }

  /**
   * Deletes the folder's indexes, by whichever embedder. The folder itself may be gone already.
   *
   * @returns whether there were any
   */
  async remove(folder: string): Promise<boolean> {
    let root = resolve(folder);
    try {
      root = resolveRoot(folder);
    } catch {
      // Gone: its path is all that is left.
    }
    await this.#closeFolder(root);
    return removeIndexes(this.#indexDirectory, root);
  }

  /** Ends watches and background work, and closes the indexes that were opened. A later call opens them again. */
  async close(): Promise<void> {
    await Promise.all([...this.#folders.keys()].map((root) => this.#closeFolder(root)));
  }

  async #closeFolder(root: string): Promise<void> {
    const folder = this.#folders.get(root);
    await Promise.all([...(this.#watches.get(root) ?? [])].map((watch) => watch.close()));
    await folder?.close();
    if (this.#folders.get(root) === folder) this.#folders.delete(root);
  }

  /** The one place where the ranking is asked. */
  async #find(
    root: string,
    store: IndexStore,
    question: string,
    vector: readonly number[] | undefined,
    options: AnswerOptions,
  ): Promise<SearchResult[]> {
    const { limit = DEFAULT_LIMIT, minScore = 0, context = 0, signal } = options;
    const filter = readFilter(options);
    const maxFileBytes = this.#maxFileBytes;
    const how = { limit, minScore, context, filter, maxFileBytes, signal };
    return findChunks(root, store, readQuestion(question), vector, how);
  }

  /** The vector of a text, `undefined` where words have to do; the caller is told which. */
  async #vectorOf(
    text: string,
    purpose: Purpose,
    store: IndexStore,
    { signal, vectorTimeoutMs, onSearched }: AnswerOptions,
  ): Promise<number[] | undefined> {
    if (store.vectors.dimensions() === undefined) {
      onSearched?.({ vectors: false, reason: "nothing is embedded yet" });
      return undefined;
    }
    const timeout = vectorTimeoutMs === undefined ? undefined : AbortSignal.timeout(vectorTimeoutMs);
    const signals = [signal, timeout].filter((each) => each !== undefined);
    const either = signals.length > 0 ? AbortSignal.any(signals) : undefined;
    const answer = embed(this.#embedder, [text], purpose, either);
    try {
      const [vector] = await (either === undefined ? answer : unlessAborted(answer, either));
      requireLength(store.vectors.dimensions(), vector, this.#embedder);
      onSearched?.({ vectors: true });
      return vector;
    } catch (error) {
      answer.catch(() => {}); // given up, whatever it comes to
      if (signal?.aborted) throw error;
      const reason = timeout?.aborted ? `no vector within ${vectorTimeoutMs} ms` : (error as Error).message;
      onSearched?.({ vectors: false, reason });
      return undefined;
    }
  }

  #folder(root: string): FolderIndex {
    let folder = this.#folders.get(root);
    if (folder === undefined) {
      folder = new FolderIndex({
        root,
        path: this.#pathOf(root),
        indexDirectory: this.#indexDirectory,
        embedder: this.#embedder,
        identity: this.#identity,
        maxFileBytes: this.#maxFileBytes,
        batchSize: this.#batchSize,
        onWarning: this.#onWarning,
      });
      this.#folders.set(root, folder);
    }
    return folder;
  }

  #pathOf(root: string): string {
    return indexPath(this.#indexDirectory, root, this.#identity);
  }
}

/** Gives work up when the signal is aborted; an embedder need not heed it. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function checkFindOptions(options: FindOptions): void {
  const { limit = DEFAULT_LIMIT, minScore = 0, context = 0 } = options;
  checkInteger("limit", limit, 1, MAX_LIMIT);
  checkInteger("context", context, 0, MAX_CONTEXT);
  if (typeof minScore !== "number" || !(minScore >= 0 && minScore <= 1)) {
    throw new RangeError(`minScore must be a number from 0 to 1, got ${minScore}`);
  }
  readFilter(options);
}

function checkInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, got ${value}`);
  }
}

function checkPositiveInteger(name: string, value: number | undefined): void {
  if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
    throw new RangeError(`${name} must be an integer of at least 1, got ${value}`);
  }
}
