import { join } from "node:path";
import { type Command, Option } from "commander";
import type { EmbedderStatistics } from "../../statistics/statistics.ts";
import { UsageError } from "../errors.ts";
import { formatCount, type Output, plural } from "../output.ts";
import {
  type IndexReport,
  type SearchCommandOptions,
  type SearchReport,
  type SearchResult,
  type SearchSession,
  withSearchPackage,
} from "../search-package.ts";
import { wholeNumber } from "../services.ts";
import { describeLeftOut } from "./status.ts";

const DEFAULT_LIMIT = 10;

export function registerSearchCommands(program: Command, output: Output, signal: AbortSignal): void {
  program
    .command("search")
    .description("find the places in a folder that answer a question; indexes first what is missing or changed")
    .argument("<question>", "plain words, an identifier, or both")
    .argument("[folder]", "the folder to search", ".")
    .addOption(
      new Option("-n, --limit <number>", "most results, or files with --files")
        .default(String(DEFAULT_LIMIT))
        .helpGroup("Results:"),
    )
    .addOption(
      new Option("--min-score <number>", "only results that score at least so much, 0 to 1").helpGroup("Results:"),
    )
    .addOption(new Option("--context <lines>", "lines to show around each result").helpGroup("Results:"))
    .addOption(new Option("--files", "only the files' names, the best first").helpGroup("Results:"))
    .addOption(
      new Option("-0, --null", "with --files: names as they are, ended by NUL, for xargs -0").helpGroup("Results:"),
    )
    .addOption(new Option("--json", "results and report as JSON").helpGroup("Results:"))
    .addOption(
      new Option("--path <prefix>", "only below this folder, or this file, as src/server").helpGroup("Filters:"),
    )
    .addOption(
      repeatable("--glob <pattern>", "only files whose path matches, as **/*.test.ts; ! before it: none of those"),
    )
    .addOption(repeatable("--language <name>", "only this language, as typescript or python"))
    .addOption(
      repeatable("--kind <kind>", "only class, function, method, type, variable, module or section (of prose)"),
    )
    .addOption(new Option("--no-index", "search the index as it is").helpGroup("Index:"))
    .addOption(
      new Option("--no-wait", "answer before new texts have vectors: they are found by their words").helpGroup(
        "Index:",
      ),
    )
    .addHelpText(
      "after",
      `
Examples:
  embed-once search "where is a checksum verified"
  embed-once search parseConfig --path src --limit 3
  embed-once search "retry with backoff" ~/code/server --files -0 | xargs -0 wc -l`,
    )
    .action(async (question: string, folder: string, flags: SearchFlags, command: Command) => {
      const options = searchOptions(flags);
      await withSearchPackage(command, output, signal, async (session) => {
        const { results, report } = await session.search.runSearch(question, folder, options, session.context);
        const found = flags.files ? await inFiles(session, question, folder, options, results) : results;
        tellResults(session, output, flags, { question, folder, results: found, ...report });
      });
    });

  program
    .command("index")
    .description("index a folder, or bring its index up to date")
    .argument("[folder]", "the folder to index", ".")
    .option("--remove", "delete the folder's indexes instead; the cache keeps its vectors")
    .option("--json", "the report as JSON")
    .action(async (folder: string, flags: { json?: boolean; remove?: boolean }, command: Command) => {
      await withSearchPackage(command, output, signal, async (session) => {
        if (flags.remove) {
          const removed = await session.search.runRemove(folder, session.context);
          if (flags.json) output.result(JSON.stringify({ removed }));
          output.note(removed ? `the indexes of ${folder} are deleted` : `there was no index of ${folder}`);
          return;
        }
        const index = await session.search.runIndex(folder, session.context);
        tellResults(session, output, flags, { index });
      });
    });
}

/** The best places of as many files as were asked for: several of the best may lie in one. */
async function inFiles(
  { search, context }: SearchSession,
  question: string,
  folder: string,
  options: SearchCommandOptions,
  results: SearchResult[],
): Promise<SearchResult[]> {
  let [found, asked] = [results, options.limit];
  for (;;) {
    const best = new Map<string, SearchResult>();
    for (const result of found) if (!best.has(result.file)) best.set(result.file, result);
    if (best.size >= options.limit || found.length < asked) return [...best.values()].slice(0, options.limit);
    asked *= 4;
    ({ results: found } = await search.runSearch(
      question,
      folder,
      { ...options, limit: asked, index: false },
      context,
    ));
  }
}

/** A filter that may be given several times: any of its values will do. */
function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`)
    .argParser<string[]>((value, before) => [...(before ?? []), value])
    .helpGroup("Filters:");
}

interface SearchFlags {
  limit: string;
  minScore?: string;
  context?: string;
  files?: boolean;
  null?: boolean;
  json?: boolean;
  path?: string;
  glob?: string[];
  language?: string[];
  kind?: string[];
  index: boolean;
  wait: boolean;
}

function searchOptions({ limit, minScore, context, path, index, wait, ...flags }: SearchFlags): SearchCommandOptions {
  const { glob, language, kind } = flags;
  if (flags.null && (!flags.files || flags.json)) throw new UsageError("--null goes with --files, and not with --json");
  return {
    limit: wholeNumber("--limit", limit),
    minScore: minScore === undefined ? undefined : fraction("--min-score", minScore),
    context: context === undefined ? undefined : wholeNumber("--context", context),
    pathPrefix: path,
    glob,
    language,
    kind,
    index,
    wait,
  };
}

function fraction(flag: string, value: string): number {
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!(number >= 0 && number <= 1)) {
    throw new UsageError(`${flag} takes a number from 0 to 1, got ${JSON.stringify(value)}`);
  }
  return number;
}

interface Outcome {
  /** Both absent for a command that only indexes. */
  question?: string;
  /** As it was given: names are printed with it, so that they lead there from here. */
  folder?: string;
  results?: SearchResult[];
  /** Absent where the index was used as it is. */
  index: IndexReport | undefined;
  basis?: SearchReport["basis"];
}

function tellResults(
  { search, services, providerReason, startedMs }: SearchSession,
  output: Output,
  { json, files, null: isForPrograms }: Pick<SearchFlags, "json" | "files" | "null">,
  { question, folder = ".", results, index, basis }: Outcome,
): void {
  const seconds = (performance.now() - startedMs) / 1000;
  const { embedderInfo, identity } = services.embedder;
  const texts = textReport(services.statistics());
  if (json) {
    const report = { embedder: embedderInfo.name, model: identity.model, index, basis, texts, seconds };
    output.result(JSON.stringify({ results, report }, null, 2));
  } else if (results && results.length > 0) {
    const named = results.map((result) => ({ ...result, file: join(folder, result.file) }));
    const text = search.formatResults(named, { color: output.color, question, files, null: isForPrograms });
    if (isForPrograms) output.rawResult(text);
    else output.result(text);
  }
  if (results?.length === 0) output.note("nothing found");
  if (basis?.vectors === false) output.note(`answered by words alone: ${basis.reason}`);
  if (index) output.note(describeIndex(index));
  output.note(`${describeTexts(texts)} by ${embedderInfo.name}, ${providerReason}, ${seconds.toFixed(1)} s`);
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

function describeIndex(report: IndexReport): string {
  const { files, filesChanged, filesRemoved, filesIncomplete, chunks } = report;
  const changes = [
    filesChanged > 0 ? `${plural(filesChanged, "file")} new or changed` : "nothing changed",
    ...(filesRemoved > 0 ? [`${formatCount(filesRemoved)} removed`] : []),
    ...(filesIncomplete > 0 ? [`${formatCount(filesIncomplete)} found by words only so far`] : []),
  ];
  const [skipped, ...problems] = describeLeftOut(report);
  return [
    `${plural(files, "file")} in ${plural(chunks, "chunk")}, ${changes.join(", ")}${skipped && `; skipped: ${skipped}`}`,
    ...problems,
  ].join("\n");
}
