import { type Embedder, EmbeddingResponseError, type Purpose } from "embed-once";
import { absolutePathOf, readContent } from "./catalogue.ts";
import { prepareToChunk } from "./chunker.ts";
import type { IncompleteFile, IndexStore } from "./index-store.ts";
import { TimeSlice } from "./time-slice.ts";
import type { TextKey } from "./vector-store.ts";

export interface EmbedMissingOptions {
  /** Texts of one call of the embedder; what a killed process may have to ask for again. @default 64 */
  batchSize?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export const DEFAULT_BATCH_SIZE = 64;

/**
 * Embeds the texts that have no vector yet, and commits every batch before the next one is asked for.
 *
 * The index holds no text, so the files are read again. One that changed since it was catalogued stays incomplete, and
 * the next run catalogues it first.
 *
 * @returns texts given to the embedder
 */
export async function embedMissing(
  root: string,
  store: IndexStore,
  embedder: Embedder,
  options: EmbedMissingOptions = {},
): Promise<number> {
  const { batchSize = DEFAULT_BATCH_SIZE, signal, onProgress } = options;
  const files = store.incompleteFiles();
  if (files.length === 0) return 0;
  const total = store.missingKeys().length;
  await prepareToChunk(files.map(({ path }) => path));
  const slice = new TimeSlice(signal);
  let done = 0;
  let textsAsked = 0;
  let batch = new Map<TextKey, string>();
  /** Files that are complete once the batch is stored. */
  let waiting: IncompleteFile[] = [];
  if (total > 0) onProgress?.(0, total);

  const flush = async (): Promise<void> => {
    // Another process on the same index may have been faster.
    const keys = store.vectors.missing([...batch.keys()]);
    const texts = keys.map((key) => batch.get(key)!);
    const vectors = texts.length === 0 ? [] : await embed(embedder, texts, "document", signal);
    textsAsked += texts.length;
    store.transaction(() => {
      requireLength(store.vectors.dimensions(), vectors[0], embedder);
      store.vectors.put(keys.map((key, index) => ({ key, vector: vectors[index]! })));
      store.markComplete(waiting);
    });
    done += batch.size;
    if (batch.size > 0) onProgress?.(Math.min(done, total), total);
    batch = new Map();
    waiting = [];
    await slice.rest();
  };

  for (const file of files) {
    const content = readContent(absolutePathOf(root, file.path));
    if ("skipped" in content || content.hash !== file.contentHash) continue;
    const texts = new Map(content.chunks.map(({ key, text }) => [key, text]));
    for (const key of store.vectors.missing([...texts.keys()])) {
      if (batch.size === batchSize) await flush();
      batch.set(key, texts.get(key)!);
    }
    waiting.push(file);
    if (slice.isOver()) await slice.rest();
  }
  await flush();
  return textsAsked;
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
