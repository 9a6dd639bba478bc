import type { Command } from "commander";
import { indexDirectory } from "../cache/options.ts";
import type { Embedder } from "../core/embedder.ts";
import { UsageError } from "./errors.ts";
import type { Output } from "./output.ts";
import { type CommandServices, type GlobalOptions, servicesFor } from "./services.ts";

/** What the package embed-once-search offers to the command; it depends on this package, not the other way round. */
export interface SearchPackage {
  runIndex(folder: string, context: SearchContext): Promise<IndexReport>;
  runSearch(
    question: string,
    folder: string,
    options: SearchCommandOptions,
    context: SearchContext,
  ): Promise<{ results: SearchResult[]; report: SearchReport }>;
  runStatus(folder: string, context: SearchContext): Promise<IndexStatus>;
  runRemove(folder: string, context: SearchContext): Promise<boolean>;
  runWatch(folder: string, onUpdate: (report: IndexCounts) => void, context: SearchContext): Promise<void>;
  runMcp(folder: string, version: string, context: SearchContext): Promise<void>;
  formatResults(
    results: object[],
    options: { color: boolean; question?: string | undefined; files?: boolean | undefined; null?: boolean | undefined },
  ): string;
}

export interface SearchResult {
  /** Relative to the searched folder, with `/`. */
  file: string;
}

export interface SearchReport {
  index: IndexReport | undefined;
  basis: { vectors: boolean; reason?: string | undefined } | undefined;
}

export interface SearchCommandOptions {
  limit: number;
  index: boolean;
  wait: boolean;
  pathPrefix?: string | undefined;
  glob?: string[] | undefined;
  language?: string[] | undefined;
  kind?: string[] | undefined;
  minScore?: number | undefined;
  context?: number | undefined;
}

export interface SearchContext {
  embedder: Embedder;
  indexDirectory: string;
  onProgress?(done: number, total: number): void;
  onReadProgress?(done: number, total: number): void;
  onWarning(message: string): void;
  signal: AbortSignal;
}

export interface IndexCounts {
  files: number;
  filesIncomplete: number;
  filesChanged: number;
  filesRemoved: number;
  chunks: number;
}

export interface IndexReport extends IndexCounts {
  skipped: Record<string, number>;
  problems: { file: string; reason: string }[];
}

export interface IndexStatus {
  root: string;
  indexPath: string;
  embedder: string;
  state: "absent" | "empty" | "partial" | "complete";
  files: number;
  filesIncomplete: number;
  chunks: number;
  vectors: number;
  dimensions: number | undefined;
  bytes: number;
  readAt: string | undefined;
  skipped: Record<string, number>;
  problems: { file: string; reason: string }[];
  running: { phase: "reading" | "embedding"; done: number; total: number; pid: number } | undefined;
}

/** What a command of the search package works with. */
export interface SearchSession extends CommandServices {
  search: SearchPackage;
  context: SearchContext;
  /** When the command began, as `performance.now` has it. */
  startedMs: number;
}

/**
 * Runs a command with the search package, the services that its options describe, and progress bars on a terminal.
 * @param asksNobody for commands that embed nothing: no key is needed then
 */
export async function withSearchPackage(
  command: Command,
  output: Output,
  signal: AbortSignal,
  run: (session: SearchSession) => Promise<void>,
  asksNobody = false,
): Promise<void> {
  const startedMs = performance.now();
  const search = await loadSearchPackage();
  const opened = servicesFor(command.optsWithGlobals<GlobalOptions>(), output, asksNobody);
  const reading = output.progress("Reading  ");
  const embedding = output.progress("Embedding");
  const endProgress = (): void => {
    reading.end();
    embedding.end();
  };
  // Notes and results are printed below the bars, not over them.
  const note = (message: string): void => {
    endProgress();
    output.note(message);
  };
  try {
    const context: SearchContext = {
      embedder: opened.services.embedder,
      indexDirectory: indexDirectory(opened.directory),
      onReadProgress: (done, total) => (done < total ? reading.update(done, total) : reading.end()),
      onProgress: (done, total) => (done < total ? embedding.update(done, total) : embedding.end()),
      onWarning: (message) => note(`note: ${message}`),
      signal,
    };
    await run({ ...opened, search, context, startedMs });
  } finally {
    endProgress();
    await opened.services.close();
  }
}

const SEARCH_PACKAGE = "embed-once-search";

export async function loadSearchPackage(): Promise<SearchPackage> {
  const specifier = `${SEARCH_PACKAGE}/commands`;
  try {
    return (await import(specifier)) as SearchPackage;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes(SEARCH_PACKAGE)) throw error;
    throw new UsageError(`searching needs the package ${SEARCH_PACKAGE}: npm install ${SEARCH_PACKAGE}`);
  }
}
