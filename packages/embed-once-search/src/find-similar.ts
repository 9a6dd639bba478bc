import { absolutePathOf, readContent } from "./catalogue.ts";
import { type FindOptions, findChunks, type SearchResult } from "./find-chunks.ts";
import type { IndexStore, KeyedChunk } from "./index-store.ts";

/** What others shall be like: a place in a file of the index, or any text. */
export type Example =
  | {
      /** Relative to the folder, with `/`. */
      file: string;
      /** Counted from 1; the whole chunk that it lies in is the example. */
      line: number;
    }
  | { text: string };

/**
 * The chunk at a line, or the next one where the line is blank.
 *
 * @throws TypeError for a file that the index does not know, RangeError for a line that the file does not have
 */
export function chunkAt(root: string, store: IndexStore, file: string, line: number): KeyedChunk {
  // What the index does not know is not read: a path could lead out of the folder.
  const isKnown = store.knownFilesAt(file).some((known) => known.path === file && known.skipped === null);
  const content = isKnown ? readContent(absolutePathOf(root, file)) : undefined;
  if (content === undefined || "skipped" in content) {
    throw new TypeError(`The index has no file ${JSON.stringify(file)}; expected a path relative to ${root}, with "/"`);
  }
  const chunk = Number.isInteger(line) && line >= 1 ? content.chunks.find(({ endLine }) => line <= endLine) : undefined;
  if (chunk === undefined) {
    throw new RangeError(
      `line must be from 1 to ${content.chunks.at(-1)?.endLine ?? 0}, the last one of ${file} that is not blank, got ${line}`,
    );
  }
  return chunk;
}

/** The chunks that are most like a text, the chunk at `place` itself not among them. */
export function findSimilar(
  root: string,
  store: IndexStore,
  text: string,
  vector: readonly number[] | undefined,
  options: FindOptions,
  place?: { file: string; startLine: number },
): SearchResult[] {
  const { limit = 10 } = options;
  const isItself = (result: SearchResult): boolean =>
    result.file === place?.file && result.startLine === place.startLine;
  return findChunks(root, store, text, vector, { ...options, limit: limit + 1 })
    .filter((result) => !isItself(result))
    .slice(0, limit);
}
