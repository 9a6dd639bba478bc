import { hash } from "node:crypto";
import { readContent } from "./catalogue.ts";
import type { FilterCondition } from "./chunk-filter.ts";
import type { SymbolKind } from "./chunker.ts";
import { fuse } from "./fusion.ts";
import type { AllowedChunks, ChunkPlace, IndexStore } from "./index-store.ts";
import { holdsPhrases, type Question } from "./question.ts";
import { rank } from "./ranking.ts";
import { readSourceFile } from "./source-file.ts";
import { TimeSlice } from "./time-slice.ts";
import type { TextKey } from "./vector-store.ts";

/** A chunk that answers a question. */
export interface SearchResult {
  /** Relative to the searched folder, with `/`. */
  file: string;
  /** Counted from 1. */
  startLine: number;
  /** Inclusive. */
  endLine: number;
  /**
   * 0 to 1. 1: the chunk holds all of the question's words as strongly as a text can, defines names made of them, has the
   * question's vector (where vectors have a say), and nothing speaks against its file (see `rank`). A half is very good for
   * a question in plain words; a question that is one name gives its definitions 0.75 and more. With one embedder, scores of
   * different searches can be compared.
   */
  score: number;
  /** The chunk's lines as they lie in the file now. */
  text: string;
  /** Where in the file's structure it lies, outermost first: "class X › method y"; absent where that is not known. */
  symbolPath?: string | undefined;
  /** What the chunk mainly is; absent where that is not known. */
  kind?: SymbolKind | undefined;
  /** "typescript"; absent where the file's name tells none. */
  language?: string | undefined;
  /** The lines right before and after the chunk, as many as were asked for and are there; absent where none were. */
  before?: readonly string[] | undefined;
  after?: readonly string[] | undefined;
}

export interface FindOptions {
  /** Most results. */
  limit: number;
  /** Only results with at least this score, 0 to 1. */
  minScore: number;
  /** Lines before and after each result. */
  context: number;
  filter: FilterCondition | undefined;
  signal?: AbortSignal | undefined;
  /** Larger files are not read. */
  maxFileBytes?: number | undefined;
}

/** Candidates that each of the two rankings gives to the fusion, at least. */
const WORD_CANDIDATES = 200;
/** Fewer, as each is an exact vector that is read and decoded, and many more that are only ruled out. */
const VECTOR_CANDIDATES = 30;

/** So many chunks are read at once to see whether they hold the question's phrases … */
const READ_AT_ONCE = 200;
/** … and of those that its words find so many times more, where the ones before were too few. */
const FURTHER = 4;

/** Words find names and vectors find meanings; questions to code mostly name something (see `npm run bench:quality`). */
const WORDS_WEIGHT = 0.7;
const VECTORS_WEIGHT = 1 - WORDS_WEIGHT;

/**
 * The best chunks for a question, by words and by vectors. Text is read from the files: a chunk that is no longer there
 * is left out, and one that was moved is given where it is now.
 *
 * @param queryVector `undefined`: by words alone
 */
export async function findChunks(
  root: string,
  store: IndexStore,
  question: Question,
  queryVector: readonly number[] | undefined,
  { limit, minScore, context, filter, maxFileBytes, signal }: FindOptions,
): Promise<SearchResult[]> {
  const holders =
    question.phrases.length === 0
      ? undefined
      : await chunksWithPhrases(root, store, question, { filter, limit, maxFileBytes, signal });
  const candidates = rank(
    store.snapshot(() => gatherCandidates(store, question, queryVector, { filter, limit, holders })),
    question,
  );
  const reader = new ChunkReader(root, maxFileBytes);
  const results: SearchResult[] = [];
  const places = new Set<string>();
  for (const { path, key, contentHash, score, symbolPath, kind, language, ...place } of candidates) {
    if (results.length === limit || score < minScore) break;
    const found = await reader.read(path, key, place.startLine, place.endLine);
    if (found === undefined && reader.isUnchanged(path, contentHash)) {
      store.doubt(`${path} is as it was indexed, without a chunk that the index has of it`);
    }
    if (found === undefined || !holdsPhrases(found.text, question.phrases)) continue;
    // Of a text that stood twice in a file, one may be gone: both are then found at the place that is left. Parts of one
    // line have its number in common.
    const name = `${key} ${found.startLine} ${path}`;
    if (places.has(name)) continue;
    places.add(name);
    const around = context === 0 ? {} : reader.linesAround(path, found, context);
    results.push({ file: path, ...found, score, symbolPath, kind, language, ...around });
  }
  return results;
}

/**
 * The chunks that hold the question's phrases. The index can only tell which ones may, so they are read, those first that
 * the question's words find, until there are enough; before the best are chosen, as the best for the words may all hold
 * these in another order.
 */
async function chunksWithPhrases(
  root: string,
  store: IndexStore,
  question: Question,
  { filter, limit, maxFileBytes, signal }: Pick<FindOptions, "filter" | "limit" | "maxFileBytes" | "signal">,
): Promise<number[]> {
  const enough = Math.max(limit, VECTOR_CANDIDATES);
  const [seen, holders] = [new Set<number>(), [] as number[]];
  const slice = new TimeSlice(signal);
  for (let count = WORD_CANDIDATES; ; count *= FURTHER) {
    const { places, areAll } = store.snapshot(() => {
      const allowed = store.allowedChunks(filter, question.phraseNames);
      const scores = wordScores(store, question, { allowed, limit: count });
      const areAll = scores.size < count || scores.size === allowed.ids.length;
      const ids = areAll ? allowed.ids : [...scores.keys()];
      const unseen = store.places(ids.filter((id) => !seen.has(id)));
      return { places: unseen.map((place) => ({ ...place, score: scores.get(place.chunkId) ?? 0 })), areAll };
    });
    const ranked = rank(places, question);
    for (let first = 0; first < ranked.length && holders.length < enough; first += READ_AT_ONCE) {
      const reader = new ChunkReader(root, maxFileBytes); // keeps the files that it reads, so not one for all
      for (const { chunkId, path, key, startLine, endLine } of ranked.slice(first, first + READ_AT_ONCE)) {
        seen.add(chunkId);
        const found = await reader.read(path, key, startLine, endLine);
        if (found !== undefined && holdsPhrases(found.text, question.phrases)) holders.push(chunkId);
        if (slice.isOver()) await slice.rest();
      }
    }
    if (areAll || holders.length >= enough) return holders;
  }
}

/**
 * What may answer, with its score before the final ranking, in no order.
 *
 * @param options.holders the chunks that hold the question's phrases; each of them answers, whatever else it holds
 */
export function gatherCandidates(
  store: IndexStore,
  question: Question,
  queryVector: readonly number[] | undefined,
  options: Partial<Pick<FindOptions, "filter" | "limit">> & { holders?: readonly number[] | undefined } = {},
): (ChunkPlace & { score: number })[] {
  const { filter, limit = 0, holders } = options;
  const allowed = holders ? store.theseChunks(holders) : filter && store.allowedChunks(filter);
  const byWords = wordScores(store, question, { allowed, limit });
  const byVector =
    queryVector === undefined ? new Map<number, number>() : vectorScores(store, queryVector, { allowed, limit });
  const fused = fuse([
    { scores: byWords, weight: WORDS_WEIGHT },
    { scores: byVector, weight: VECTORS_WEIGHT },
  ]);
  for (const id of holders ?? []) if (!fused.has(id)) fused.set(id, 0);
  return store.places(fused.keys()).map((place) => ({ ...place, score: fused.get(place.chunkId)! }));
}

export interface CandidateOptions {
  /** Absent where all chunks may answer. */
  allowed?: AllowedChunks | undefined;
  /** Results that are wanted in the end. */
  limit?: number | undefined;
}

/** The best chunks by words alone, 0 to 1; where there are none but in phrases, as `"!=="`, all that may hold them. */
export function wordScores(
  store: IndexStore,
  question: Question,
  { allowed, limit = 0 }: CandidateOptions = {},
): Map<number, number> {
  if (question.words.length === 0 && question.phrases.length > 0) {
    return new Map(allowed?.ids.map((id) => [id, 1]));
  }
  const matches = store.matchWords(question.words, Math.max(limit, WORD_CANDIDATES), allowed);
  return new Map(matches.map(({ chunkId, score }) => [chunkId, score]));
}

/** The cosines of the nearest chunks. What points away from the question is no answer, however few others there are. */
export function vectorScores(
  store: IndexStore,
  queryVector: readonly number[],
  { allowed, limit = 0 }: CandidateOptions = {},
): Map<number, number> {
  // A filter meets the vectors here, never after the best were chosen, so that none is lost.
  const nearest = store.vectors
    .nearest(queryVector, Math.max(limit, VECTOR_CANDIDATES), allowed?.vectorRows())
    .filter(({ similarity }) => similarity > 0);
  const chunks = store.chunksOf(nearest.map(({ key }) => key));
  if (chunks.size < nearest.length && store.isPruned()) store.doubt("There are vectors of texts that no file has");
  const scores = new Map<number, number>();
  for (const { key, similarity } of nearest) {
    for (const id of chunks.get(key) ?? []) if (allowed?.has(id) ?? true) scores.set(id, similarity);
  }
  return scores;
}

interface FoundChunk {
  startLine: number;
  endLine: number;
  text: string;
}

/** Reads chunks out of their files, each file once. */
class ChunkReader {
  readonly #root: string;
  readonly #maxFileBytes: number | undefined;
  readonly #lines = new Map<string, readonly string[]>();
  readonly #contents = new Map<string, Awaited<ReturnType<typeof readContent>>>();

  constructor(root: string, maxFileBytes: number | undefined) {
    this.#root = root;
    this.#maxFileBytes = maxFileBytes;
  }

  /** The chunk where it lies now, nearest to where it lay; `undefined` where the file has it no more. */
  async read(path: string, key: TextKey, startLine: number, endLine: number): Promise<FoundChunk | undefined> {
    const text = this.#linesOf(path)
      .slice(startLine - 1, endLine)
      .join("\n");
    if (hash("sha256", text) === key) return { startLine, endLine, text };
    // The file has changed since, or the chunk is a part of a line.
    const content = this.#contents.get(path) ?? (await readContent(this.#root, path, this.#maxFileBytes));
    this.#contents.set(path, content);
    if ("skipped" in content) return undefined;
    const chunk = nearestTo(
      startLine,
      content.chunks.filter((candidate) => candidate.key === key),
    );
    return chunk && { startLine: chunk.startLine, endLine: chunk.endLine, text: chunk.text };
  }

  /** Whether a file that `read` has not found a chunk in has this content. */
  isUnchanged(path: string, contentHash: string): boolean {
    const content = this.#contents.get(path);
    return content !== undefined && "hash" in content && content.hash === contentHash;
  }

  linesAround(path: string, { startLine, endLine }: FoundChunk, count: number): { before: string[]; after: string[] } {
    const lines = this.#linesOf(path);
    return {
      before: lines.slice(Math.max(0, startLine - 1 - count), startLine - 1),
      after: lines.slice(endLine, endLine + count),
    };
  }

  #linesOf(path: string): readonly string[] {
    let lines = this.#lines.get(path);
    if (lines === undefined) {
      const source = readSourceFile(this.#root, path, this.#maxFileBytes);
      lines = "skipped" in source ? [] : source.text.replace(/\n$/, "").split("\n");
      this.#lines.set(path, lines);
    }
    return lines;
  }
}

/** The same text may stand in a file several times. */
function nearestTo<Item extends { startLine: number }>(line: number, items: readonly Item[]): Item | undefined {
  return items.toSorted((a, b) => Math.abs(a.startLine - line) - Math.abs(b.startLine - line))[0];
}
