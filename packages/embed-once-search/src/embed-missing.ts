import { type Embedder, EmbeddingResponseError, EmbeddingsFailedError, type Purpose } from "embed-once";
import { readContent } from "./catalogue.ts";
import type { IncompleteFile, IndexStore } from "./index-store.ts";
import { TimeSlice } from "./time-slice.ts";
import type { TextKey } from "./vector-store.ts";

export interface EmbedMissingOptions {
  /** Texts of one call of the embedder; what a killed process may have to ask for again. @default 64 */
  batchSize?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Larger files are not read. @default 1,000,000 */
  maxFileBytes?: number | undefined;
}

export const DEFAULT_BATCH_SIZE = 64;

/** So many texts may be refused in one run; with more of them, the fault does not lie in the texts. */
const MAX_REFUSED = 20;

/**
 * Embeds the texts that have no vector yet, and commits every batch before the next one is asked for.
 *
 * The index holds no text, so the files are read again. One that changed since it was catalogued stays incomplete, and
 * the next run catalogues it first.
 *
 * A text that the embedder refuses, as too long for its model, holds no other one back: its file stays incomplete, and the
 * run fails with that text's error once all others have their vectors.
 *
 * @returns texts given to the embedder
 */
export async function embedMissing(
  root: string,
  store: IndexStore,
  embedder: Embedder,
  options: EmbedMissingOptions = {},
): Promise<number> {
  const { batchSize = DEFAULT_BATCH_SIZE, maxFileBytes, signal, onProgress } = options;
  const files = store.incompleteFiles();
  if (files.length === 0) return 0;
  const slice = new TimeSlice(signal);
  const total = await countMissing(store, files, slice);
  let done = 0;
  let textsAsked = 0;
  let batch = new Map<TextKey, { text: string; path: string }>();
  const refused = new Map<TextKey, Error>();
  /** Files that are complete once the batch is stored. */
  let waiting: IncompleteFile[] = [];
  if (total > 0) onProgress?.(0, total);

  /** Without the texts that are refused, which it sets down. */
  const embedBatch = async (): Promise<{ keys: TextKey[]; vectors: number[][] }> => {
    // Another process on the same index may have been faster.
    let keys = store.vectors.missing([...batch.keys()]);
    textsAsked += keys.length;
    while (keys.length > 0) {
      const texts = keys.map((key) => batch.get(key)!.text);
      try {
        return { keys, vectors: await embed(embedder, texts, "document", signal) };
      } catch (error) {
        const index = error instanceof EmbeddingsFailedError ? error.textIndex : undefined;
        const key = index === undefined ? undefined : keys[index];
        if (key === undefined || refused.size === MAX_REFUSED) throw error;
        refused.set(key, new Error(`${batch.get(key)!.path}: ${(error as Error).message}`, { cause: error }));
        // What the call brought is kept behind the embedder, where that is cached.
        keys = keys.filter((other) => other !== key);
      }
    }
    return { keys, vectors: [] };
  };
  const holdsRefused = (file: IncompleteFile): boolean =>
    refused.size > 0 && store.keysOf(file).some((key) => refused.has(key));

  const flush = async (): Promise<void> => {
    const { keys, vectors } = await embedBatch();
    store.transaction(() => {
      requireLength(store.vectors.dimensions(), vectors[0], embedder);
      store.vectors.put(keys.map((key, index) => ({ key, vector: vectors[index]! })));
      store.markComplete(waiting.filter((file) => !holdsRefused(file)));
    });
    done += batch.size;
    if (batch.size > 0) onProgress?.(Math.min(done, total), total);
    batch = new Map();
    waiting = [];
    await slice.rest();
  };

  for (const file of files) {
    const content = await readContent(root, file.path, maxFileBytes);
    if ("skipped" in content || content.hash !== file.contentHash) continue;
    const texts = new Map(content.chunks.map(({ key, text }) => [key, text]));
    for (const key of store.vectors.missing([...texts.keys()])) {
      if (refused.has(key)) continue;
      if (batch.size === batchSize) await flush();
      batch.set(key, { text: texts.get(key)!, path: file.path });
    }
    waiting.push(file);
    if (slice.isOver()) await slice.rest();
  }
  await flush();
  const [firstRefusal] = refused.values();
  if (firstRefusal !== undefined) throw firstRefusal;
  return textsAsked;
}

/** The distinct texts of these files that have no vector yet. */
async function countMissing(store: IndexStore, files: readonly IncompleteFile[], slice: TimeSlice): Promise<number> {
  const missing = new Set<TextKey>();
  for (const file of files) {
    for (const key of store.vectors.missing(store.keysOf(file))) missing.add(key);
    if (slice.isOver()) await slice.rest();
  }
  return missing.size;
}

/** @throws EmbeddingResponseError for an answer that breaks the embedder's contract */
export async function embed(
  embedder: Embedder,
  texts: string[],
  purpose: Purpose,
  signal: AbortSignal | undefined,
): Promise<number[][]> {
  const response = await embedder.createEmbeddings(texts, undefined, { purpose, signal });
  const name = embedder.embedderInfo.name;
  const embeddings = response?.embeddings;
  if (!Array.isArray(embeddings) || embeddings.length !== texts.length) {
    const came = Array.isArray(embeddings) ? embeddings.length : `no array of (${typeof embeddings})`;
    throw new EmbeddingResponseError(`${name} gave ${came} vectors for ${texts.length} texts`);
  }
  for (const vector of embeddings) {
    requireLength(embeddings[0]!.length, vector, embedder);
    const wrong = vector.findIndex((value) => !Number.isFinite(value));
    if (wrong !== -1) throw new EmbeddingResponseError(`${name} gave ${vector[wrong]} at index ${wrong} of a vector`);
  }
  return embeddings;
}

/** One index holds vectors of one length; an embedder that gives another one is another model under the same name. */
export function requireLength(
  expected: number | undefined,
  vector: readonly number[] | undefined,
  embedder: Embedder,
): void {
  if (vector === undefined || (vector.length > 0 && vector.length === (expected ?? vector.length))) return;
  throw new EmbeddingResponseError(
    `${embedder.embedderInfo.name} gave a vector of ${vector.length} numbers, expected ${expected ?? "at least 1"}; ` +
      "if the model behind the name has changed, give the embedder's identity a new revision",
  );
}
