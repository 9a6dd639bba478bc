import type { Embedder } from "embed-once";
import type { SearchResult } from "./find-chunks.ts";
import type { IndexStatus } from "./index-status.ts";
import type { IndexRunReport } from "./indexer.ts";
import {
  type IndexOptions,
  type IndexReport,
  type SearchBasis,
  type SearchOptions,
  SemanticSearchEngine,
} from "./semantic-search-engine.ts";

export { type FormatOptions, formatResults } from "./format-results.ts";
export type { IndexReport, IndexStatus, SearchResult };

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

/** What a question is asked with: all of `SearchOptions` that is no callback. */
export type SearchCommandOptions = Omit<SearchOptions, "signal" | "onProgress" | "onIndexed" | "onSearched">;

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

/** `status [folder]` */
export async function runStatus(folder: string, context: CommandContext): Promise<IndexStatus> {
  return withEngine(context, (engine) => engine.status(folder));
}

/** `index --remove [folder]` @returns whether there were indexes */
export async function runRemove(folder: string, context: CommandContext): Promise<boolean> {
  return withEngine(context, (engine) => engine.remove(folder));
}

/**
 * `watch [folder]`: until the signal says that it is enough.
 *
 * @param onUpdate called after the first reading and after each later one that found something
 */
export async function runWatch(
  folder: string,
  onUpdate: (report: IndexRunReport) => void,
  context: CommandContext,
): Promise<void> {
  await withEngine(context, async (engine, options) => {
    await engine.watch(folder, { ...options, onUpdate }).closed;
  });
}

/** `mcp [folder]`: until the client leaves, or the signal says that it is enough. */
export async function runMcp(folder: string, version: string, context: CommandContext): Promise<void> {
  // Only this command needs the SDK, which takes longer to load than all the rest.
  const { serveMcp } = await import("./mcp-server.ts");
  const { onWarning = (message) => process.emitWarning(message), signal } = context;
  await withEngine(context, (engine) => serveMcp({ engine, folder, version, signal, onWarning }));
}

async function withEngine<Result>(
  { embedder, indexDirectory, onProgress, onReadProgress, onWarning, signal }: CommandContext,
  work: (engine: SemanticSearchEngine, options: Pick<IndexOptions, "signal" | "onProgress">) => Promise<Result>,
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
