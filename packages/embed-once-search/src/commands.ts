import type { Embedder } from "embed-once";
import type { SearchResult } from "./find-chunks.ts";
import {
  type IndexOptions,
  type IndexReport,
  type SearchBasis,
  type SearchOptions,
  SemanticSearchEngine,
} from "./semantic-search-engine.ts";

export { type FormatOptions, formatResults } from "./format-results.ts";
export type { IndexReport, SearchResult };

/** What a command line gives to a command. */
export interface CommandContext {
  embedder: Embedder;
  indexDirectory: string;
  /** Texts that are embedded, of those that have to be. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Files that are read, of those that are new or changed. Comes before `onProgress`. */
  onReadProgress?: ((done: number, total: number) => void) | undefined;
  /** Takes one line a user should know. @default process.emitWarning */
  onWarning?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** See `SearchOptions`. */
export type SearchCommandOptions = Omit<SearchOptions, keyof IndexOptions | "onIndexed" | "onSearched">;

export interface SearchReport {
  /** Of the indexing that went before; `undefined` where it was turned off. */
  index: IndexReport | undefined;
  /** What the results rest on; `undefined` where there was nothing to search. */
  basis: SearchBasis | undefined;
  /** All in all, with the indexing. */
  ms: number;
}

/** `index [folder]` */
export async function runIndex(folder: string, context: CommandContext): Promise<IndexReport> {
  return withEngine(context, (engine, options) => engine.index(folder, options));
}

/** `search "<question>" [folder]` */
export async function runSearch(
  question: string,
  folder: string,
  options: SearchCommandOptions,
  context: CommandContext,
): Promise<{ results: SearchResult[]; report: SearchReport }> {
  const startedAt = performance.now();
  let index: IndexReport | undefined;
  let basis: SearchBasis | undefined;
  const results = await withEngine(context, (engine, engineOptions) =>
    engine.search(question, folder, {
      ...engineOptions,
      ...options,
      onIndexed: (report) => {
        index = report;
      },
      onSearched: (searchBasis) => {
        basis = searchBasis;
      },
    }),
  );
  return { results, report: { index, basis, ms: performance.now() - startedAt } };
}

async function withEngine<Result>(
  { embedder, indexDirectory, onProgress, onReadProgress, onWarning, signal }: CommandContext,
  work: (engine: SemanticSearchEngine, options: IndexOptions) => Promise<Result>,
): Promise<Result> {
  const engine = new SemanticSearchEngine({ embedder, indexDirectory, onWarning });
  try {
    return await work(engine, {
      signal,
      onProgress: ({ phase, done, total }) => (phase === "reading" ? onReadProgress : onProgress)?.(done, total),
    });
  } finally {
    await engine.close();
  }
}
