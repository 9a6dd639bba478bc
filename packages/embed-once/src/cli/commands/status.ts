import type { Command } from "commander";
import { formatBytes, formatCount, type Output, plural } from "../output.ts";
import { type IndexStatus, type SearchSession, withSearchPackage } from "../search-package.ts";

export function registerStatusCommand(program: Command, output: Output, signal: AbortSignal): void {
  program
    .command("status")
    .description("say what a folder's index holds, how fresh and how complete it is, and what was left out")
    .argument("[folder]", "the folder", ".")
    .option("--json", "as JSON")
    .action(async (folder: string, { json }: { json?: boolean }, command: Command) => {
      const show = async ({ search, context }: SearchSession): Promise<void> => {
        const status = await search.runStatus(folder, context);
        output.result(json ? JSON.stringify(status, null, 2) : describeStatus(status));
      };
      await withSearchPackage(command, output, signal, show, true);
    });
}

const STATES: Readonly<Record<IndexStatus["state"], string>> = {
  absent: "not indexed yet; embed-once index does it, and so does the first search",
  empty: "indexed, and there is no source text in it",
  partial: "not complete yet",
  complete: "complete",
};

function describeStatus(status: IndexStatus): string {
  const { root, state, embedder, indexPath, running, readAt, files, filesIncomplete, chunks, vectors } = status;
  const lines = [`${root}: ${STATES[state]}`];
  if (running !== undefined) {
    const what = running.phase === "reading" ? "files read" : "texts embedded";
    const share = `${formatCount(running.done)} of ${formatCount(running.total)} ${what}`;
    lines.push(`  running   ${share}, by process ${running.pid}`);
  }
  if (state === "absent") return lines.join("\n");
  const incomplete = filesIncomplete === 0 ? "" : `; ${plural(filesIncomplete, "file")} found by words only so far`;
  const [skipped, ...problems] = describeLeftOut(status);
  const dimensions = status.dimensions === undefined ? "" : ` of ${status.dimensions} dimensions`;
  return [
    ...lines,
    `  holds     ${plural(files, "file")} in ${plural(chunks, "chunk")}${incomplete}`,
    `  vectors   ${formatCount(vectors)}${dimensions}, by ${embedder}`,
    `  read      ${readAt === undefined ? "never to the end" : `${readAt} (${age(readAt)} ago)`}`,
    `  skipped   ${skipped || "nothing"}`,
    ...problems.map((problem) => `          ${problem}`),
    `  on disk   ${formatBytes(status.bytes)}, ${indexPath}`,
  ].join("\n");
}

function age(since: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000));
  if (seconds < 120) return plural(seconds, "second");
  if (seconds < 7200) return plural(Math.round(seconds / 60), "minute");
  if (seconds < 172_800) return plural(Math.round(seconds / 3600), "hour");
  return plural(Math.round(seconds / 86_400), "day");
}

const MAX_PROBLEMS_SHOWN = 5;

/** What was left out, by reason and count (empty for nothing); then a line for each of the first files that one might miss. */
export function describeLeftOut({
  skipped,
  problems,
}: Pick<IndexStatus, "skipped" | "problems">): [string, ...string[]] {
  const reasons = Object.entries(skipped).filter(([, count]) => count > 0);
  return [
    reasons.map(([reason, count]) => `${formatCount(count)} ${reason}`).join(", "),
    ...problems.slice(0, MAX_PROBLEMS_SHOWN).map(({ file, reason }) => `  ${file}: ${reason}`),
    ...(problems.length > MAX_PROBLEMS_SHOWN
      ? [`  and ${formatCount(problems.length - MAX_PROBLEMS_SHOWN)} more`]
      : []),
  ];
}
