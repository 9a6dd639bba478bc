import type { Command } from "commander";
import { indexDirectory } from "../../cache/options.ts";
import type { Embedder } from "../../core/embedder.ts";
import type { EmbedderStatistics } from "../../embedder/embedder-statistics.ts";
import { UsageError } from "../errors.ts";
import { formatCount, type Output, plural } from "../output.ts";
import { type GlobalOptions, servicesFor, wholeNumber } from "../services.ts";

/** What the package embed-once-search offers to this command; it depends on this package, not the other way round. */
interface SearchPackage {
  runIndex(folder: string, context: SearchContext): Promise<IndexReport>;
  runSearch(
    question: string,
    folder: string,
    options: { limit?: number; index?: boolean },
    context: SearchContext,
  ): Promise<{ results: object[]; report: IndexReport }>;
  formatResults(results: object[], options: { color: boolean }): string;
}

interface SearchContext {
  embedder: Embedder;
  indexDirectory: string;
  onProgress(done: number, total: number): void;
  signal: AbortSignal;
}

interface IndexReport {
  files: number;
  filesChanged: number;
  filesRemoved: number;
  chunks: number;
  skipped: Record<string, number>;
  warnings?: string[];
}

const SEARCH_PACKAGE = "embed-once-search";
const DEFAULT_LIMIT = 10;

export function registerSearchCommands(program: Command, output: Output, signal: AbortSignal): void {
  program
    .command("search")
    .description("find the places in a folder that answer a question; indexes first what is missing or changed")
    .argument("<question>", "plain words or an identifier")
    .argument("[folder]", "the folder to search", ".")
    .option("-n, --limit <number>", "most results", String(DEFAULT_LIMIT))
    .option("--no-index", "search the index as it is")
    .option("--json", "results and report as JSON")
    .action(async (question: string, folder: string, options: SearchFlags, command: Command) => {
      const limit = wholeNumber("--limit", options.limit);
      await withSearch(command, output, signal, async (search, context) => {
        const { results, report } = await search.runSearch(question, folder, { limit, index: options.index }, context);
        return {
          json: { results, report },
          text: results.length === 0 ? "" : search.formatResults(results, { color: output.color }),
          report,
          emptyNote: results.length === 0 ? "nothing found" : undefined,
        };
      });
    });

  program
    .command("index")
    .description("index a folder, or bring its index up to date")
    .argument("[folder]", "the folder to index", ".")
    .option("--json", "the report as JSON")
    .action(async (folder: string, _options: { json?: boolean }, command: Command) => {
      await withSearch(command, output, signal, async (search, context) => {
        const report = await search.runIndex(folder, context);
        return { json: { report }, text: "", report };
      });
    });
}

interface SearchFlags {
  limit: string;
  index: boolean;
  json?: boolean;
}

interface Outcome {
  json: { results?: object[]; report: IndexReport };
  text: string;
  report: IndexReport;
  emptyNote?: string | undefined;
}

/** Runs a command of the search package: services, progress, results, and the report at the end. */
async function withSearch(
  command: Command,
  output: Output,
  signal: AbortSignal,
  run: (search: SearchPackage, context: SearchContext) => Promise<Outcome>,
): Promise<void> {
  const options: GlobalOptions & { json?: boolean } = command.optsWithGlobals();
  const startedMs = performance.now();
  const search = await loadSearchPackage();
  const { services, directory } = servicesFor(options, output);
  const progress = output.progress("Embedding");
  try {
    const outcome = await run(search, {
      embedder: services.embedder,
      indexDirectory: indexDirectory(directory),
      onProgress: progress.update,
      signal,
    });
    progress.end();
    const seconds = (performance.now() - startedMs) / 1000;
    const { embedderInfo, identity } = services.embedder;
    const texts = textReport(services.statistics());
    if (options.json) {
      const report = { ...outcome.report, embedder: embedderInfo.name, model: identity.model, texts, seconds };
      output.result(JSON.stringify({ ...outcome.json, report }, null, 2));
    } else if (outcome.text !== "") {
      output.result(outcome.text);
    }
    if (outcome.emptyNote) output.note(outcome.emptyNote);
    for (const warning of outcome.report.warnings ?? []) output.note(`note: ${warning}`);
    output.note(describeIndex(outcome.report));
    output.note(`${describeTexts(texts)} by ${embedderInfo.name}, ${seconds.toFixed(1)} s`);
  } finally {
    progress.end();
    await services.close();
  }
}

async function loadSearchPackage(): Promise<SearchPackage> {
  const specifier = `${SEARCH_PACKAGE}/commands`;
  try {
    return (await import(specifier)) as SearchPackage;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes(SEARCH_PACKAGE)) throw error;
    throw new UsageError(`searching needs the package ${SEARCH_PACKAGE}: npm install ${SEARCH_PACKAGE}`);
  }
}

interface TextReport {
  asked: number;
  L1: number;
  L2: number;
  L3: number;
  coalesced: number;
  embedded: number;
  requests: number;
}

function textReport({ textsAsked, hits, coalesced, embeddingsMade, requestsMade }: EmbedderStatistics): TextReport {
  return { asked: textsAsked, ...hits, coalesced, embedded: embeddingsMade, requests: requestsMade };
}

function describeTexts({ asked, L1, L2, L3, coalesced, embedded, requests }: TextReport): string {
  const cached = L1 + L2 + L3;
  const tiers = cached === 0 ? "" : ` (L1 ${formatCount(L1)}, L2 ${formatCount(L2)}, L3 ${formatCount(L3)})`;
  const shared = coalesced === 0 ? "" : `, ${formatCount(coalesced)} shared`;
  const made =
    embedded === 0 ? "0 texts embedded" : `${plural(embedded, "text")} embedded in ${plural(requests, "call")}`;
  return `${plural(asked, "text")} asked: ${formatCount(cached)} from the cache${tiers}${shared}, ${made}`;
}

function describeIndex({ files, filesChanged, filesRemoved, chunks, skipped }: IndexReport): string {
  const changes = [
    filesChanged > 0 ? `${plural(filesChanged, "file")} new or changed` : "nothing changed",
    ...(filesRemoved > 0 ? [`${formatCount(filesRemoved)} removed`] : []),
  ];
  const reasons = Object.entries(skipped).filter(([, count]) => count > 0);
  const left =
    reasons.length === 0 ? "" : `; skipped: ${reasons.map(([why, n]) => `${formatCount(n)} ${why}`).join(", ")}`;
  return `${plural(files, "file")} in ${plural(chunks, "chunk")}, ${changes.join(", ")}${left}`;
}
