import { readContent } from "./catalogue.ts";
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
export async function chunkAt(
  root: string,
  store: IndexStore,
  file: string,
  line: number,
  maxFileBytes?: number,
): Promise<KeyedChunk> {
  // What the index does not know is not read: a path could lead out of the folder.
  const isKnown = store.knownFilesAt(file).some((known) => known.path === file && known.skipped === null);
  const content = isKnown ? await readContent(root, file, maxFileBytes) : undefined;
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

/** An example is asked for by its words; what else stands in code, quotes above all, means nothing in a question. */
export function wordsOf(example: string): string {
  return example.replace(/[^\p{L}\p{M}\p{N}_$]+/gu, " ").trim();
}
