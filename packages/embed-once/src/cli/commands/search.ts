import type { Command } from "commander";
import { indexDirectory } from "../../cache/options.ts";
import type { Embedder } from "../../core/embedder.ts";
import type { EmbedderStatistics } from "../../statistics/statistics.ts";
import { UsageError } from "../errors.ts";
import { formatCount, type Output, plural } from "../output.ts";
import { type GlobalOptions, servicesFor, wholeNumber } from "../services.ts";

/** What the package embed-once-search offers to this command; it depends on this package, not the other way round. */
interface SearchPackage {
  runIndex(folder: string, context: SearchContext): Promise<IndexReport>;
  runSearch(
    question: string,
    folder: string,
    options: { limit: number; index: boolean },
    context: SearchContext,
  ): Promise<{ results: object[]; report: { index: IndexReport | undefined } }>;
  formatResults(results: object[], options: { color: boolean }): string;
}

interface SearchContext {
  embedder: Embedder;
  indexDirectory: string;
  onProgress(done: number, total: number): void;
  onReadProgress(done: number, total: number): void;
  onWarning(message: string): void;
  signal: AbortSignal;
}

interface IndexReport {
  files: number;
  filesChanged: number;
  filesRemoved: number;
  chunks: number;
  skipped: Record<string, number>;
  problems: { file: string; reason: string }[];
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
        return { results, index: report.index };
      });
    });

  program
    .command("index")
    .description("index a folder, or bring its index up to date")
    .argument("[folder]", "the folder to index", ".")
    .option("--json", "the report as JSON")
    .action(async (folder: string, _options: { json?: boolean }, command: Command) => {
      await withSearch(command, output, signal, async (search, context) => {
        return { index: await search.runIndex(folder, context) };
      });
    });
}

interface SearchFlags {
  limit: string;
  index: boolean;
  json?: boolean;
}

interface Outcome {
  /** Absent for a command that only indexes. */
  results?: object[];
  /** Absent where the index was used as it is. */
  index: IndexReport | undefined;
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
  const { services, directory, providerReason } = servicesFor(options, output);
  const reading = output.progress("Reading  ");
  const embedding = output.progress("Embedding");
  try {
    const { results, index } = await run(search, {
      embedder: services.embedder,
      indexDirectory: indexDirectory(directory),
      onReadProgress: reading.update,
      onProgress: embedding.update,
      onWarning: (message) => output.note(`note: ${message}`),
      signal,
    });
    reading.end();
    embedding.end();
    const seconds = (performance.now() - startedMs) / 1000;
    const { embedderInfo, identity } = services.embedder;
    const texts = textReport(services.statistics());
    if (options.json) {
      const report = { embedder: embedderInfo.name, model: identity.model, index, texts, seconds };
      output.result(JSON.stringify({ results, report }, null, 2));
    } else if (results && results.length > 0) {
      output.result(search.formatResults(results, { color: output.color }));
    }
    if (results?.length === 0) output.note("nothing found");
    if (index) output.note(describeIndex(index));
    output.note(`${describeTexts(texts)} by ${embedderInfo.name}, ${providerReason}, ${seconds.toFixed(1)} s`);
  } finally {
    reading.end();
    embedding.end();
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

const MAX_PROBLEMS_SHOWN = 5;

function describeIndex({ files, filesChanged, filesRemoved, chunks, skipped, problems }: IndexReport): string {
  const changes = [
    filesChanged > 0 ? `${plural(filesChanged, "file")} new or changed` : "nothing changed",
    ...(filesRemoved > 0 ? [`${formatCount(filesRemoved)} removed`] : []),
  ];
  const reasons = Object.entries(skipped).filter(([, count]) => count > 0);
  const left = reasons.map(([reason, count]) => `${formatCount(count)} ${reason}`).join(", ");
  return [
    `${plural(files, "file")} in ${plural(chunks, "chunk")}, ${changes.join(", ")}${left && `; skipped: ${left}`}`,
    ...problems.slice(0, MAX_PROBLEMS_SHOWN).map(({ file, reason }) => `  ${file}: ${reason}`),
    ...(problems.length > MAX_PROBLEMS_SHOWN
      ? [`  and ${formatCount(problems.length - MAX_PROBLEMS_SHOWN)} more`]
      : []),
  ].join("\n");
}
