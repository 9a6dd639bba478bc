import { absolutePathOf, readContent } from "./catalogue.ts";
import { fuse } from "./fusion.ts";
import type { ChunkPlace, IndexStore } from "./index-store.ts";
import { type Candidate, rank } from "./ranking.ts";

/** A chunk that answers a question. */
export interface SearchResult {
  /** Relative to the searched folder, with `/`. */
  file: string;
  /** Counted from 1. */
  startLine: number;
  /** Inclusive. */
  endLine: number;
  /**
   * 0 to 1. 1 stands first both by its words and by its vector; 0.5 first by one of the two and nowhere by the other.
   * Tests, prose and further chunks of one file score a little lower (see `rank`). It compares the results of one
   * search, not of two.
   */
  score: number;
  /** The chunk's lines as they lie in the file now. */
  text: string;
}

export interface FindOptions {
  /** Most results. */
  limit: number;
  /** Only results with at least this score, 0 to 1. */
  minScore: number;
  /** Only files whose path begins so. */
  pathPrefix: string;
}

/** Candidates that each of the two rankings gives to the fusion. */
const CANDIDATES = 200;

/**
 * The best chunks for a question, by words and by vectors, by words alone where there is no vector. Text is read from the files: a chunk that is no longer there
 * is left out, and one that was moved is given where it is now.
 */
export function findChunks(
  root: string,
  store: IndexStore,
  question: string,
  queryVector: readonly number[] | undefined,
  { limit, minScore, pathPrefix }: FindOptions,
): SearchResult[] {
  const candidates = rank(
    store.snapshot(() => gatherCandidates(store, question, queryVector)),
    question,
  );
  const files = new Map<string, ReturnType<typeof readContent>>();
  const results: SearchResult[] = [];
  for (const { path, startLine, key, score } of candidates) {
    if (results.length === limit || score < minScore) break;
    if (!path.startsWith(pathPrefix)) continue;
    if (!files.has(path)) files.set(path, readContent(absolutePathOf(root, path)));
    const content = files.get(path)!;
    if ("skipped" in content) continue;
    const chunk = nearestTo(
      startLine,
      content.chunks.filter((candidate) => candidate.key === key),
    );
    if (chunk === undefined) continue;
    results.push({ file: path, startLine: chunk.startLine, endLine: chunk.endLine, score, text: chunk.text });
  }
  return results;
}

function gatherCandidates(
  store: IndexStore,
  question: string,
  queryVector: readonly number[] | undefined,
): (ChunkPlace & Candidate)[] {
  const byWords = store.matchWords(question).map(({ chunkId, score }) => ({ candidate: chunkId, score }));
  const byVector = (queryVector === undefined ? [] : store.vectors.nearest(queryVector, CANDIDATES))
    // What points away from the question is no answer to it, however few others there are.
    .filter(({ similarity }) => similarity > 0)
    .flatMap(({ key, similarity }) => store.chunksOf(key).map((candidate) => ({ candidate, score: similarity })));
  return Array.from(fuse([best(byWords), byVector]), ([chunkId, score]) => ({ ...store.place(chunkId)!, score }));
}

/** The best candidates, and all that are as good as the last of them: no order among equals is invented here. */
function best<Item extends { score: number }>(items: readonly Item[]): Item[] {
  const ordered = items.toSorted((a, b) => b.score - a.score);
  const last = ordered[CANDIDATES - 1];
  return last === undefined ? ordered : ordered.filter((item) => item.score >= last.score);
}

/** The same text may stand in a file several times. */
function nearestTo<Item extends { startLine: number }>(line: number, items: readonly Item[]): Item | undefined {
  return items.toSorted((a, b) => Math.abs(a.startLine - line) - Math.abs(b.startLine - line))[0];
}
