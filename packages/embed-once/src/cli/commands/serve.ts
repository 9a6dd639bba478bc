import { homedir } from "node:os";
import { parse, resolve } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../errors.ts";
import { formatCount, type Output, plural } from "../output.ts";
import { type IndexCounts, withSearchPackage } from "../search-package.ts";
import { version } from "../version.ts";

/** The commands that stay: they keep an index fresh until they are ended. */
export function registerServeCommands(program: Command, output: Output, signal: AbortSignal): void {
  program
    .command("watch")
    .description("keep a folder's index up to date until it is ended (Ctrl-C)")
    .argument("[folder]", "the folder to watch", ".")
    .option("--json", "each update as a line of JSON")
    .action(async (folder: string, { json }: { json?: boolean }, command: Command) => {
      await withSearchPackage(command, output, signal, async ({ search, context }) => {
        const tell = (counts: IndexCounts): void => {
          if (json) output.result(JSON.stringify(counts));
          else output.note(describeUpdate(counts));
        };
        await search.runWatch(folder, tell, context);
      });
    });

  program
    .command("mcp")
    .description("serve a folder's search to an agent: an MCP server on standard input and output")
    .argument("[folder]", "the folder to serve", ".")
    .addHelpText(
      "after",
      `
Tools: search_code, find_similar, index_status. The index is built and kept up to date meanwhile.

Configuration of most agents:
  { "mcpServers": { "embed-once": { "command": "embed-once", "args": ["mcp", "/path/to/repository"] } } }`,
    )
    .action(async (folder: string, _flags: object, command: Command) => {
      refuseHome(folder);
      await withSearchPackage(command, output, signal, async ({ search, context }) => {
        // There is nobody at a terminal, and standard output belongs to the protocol.
        const { onProgress: _texts, onReadProgress: _files, ...silent } = context;
        await search.runMcp(folder, version, silent);
      });
    });
}

function describeUpdate({ files, chunks, filesChanged, filesRemoved, filesIncomplete }: IndexCounts): string {
  const parts = [
    `${plural(filesChanged, "file")} new or changed`,
    ...(filesRemoved > 0 ? [`${formatCount(filesRemoved)} removed`] : []),
    ...(filesIncomplete > 0 ? [`${formatCount(filesIncomplete)} found by words only so far`] : []),
  ];
  return `${parts.join(", ")}; ${plural(files, "file")} in ${plural(chunks, "chunk")}`;
}

/** Agents start servers in whichever folder they please; nobody means to index all that they own. */
function refuseHome(folder: string): void {
  const path = resolve(folder);
  if (path !== homedir() && path !== parse(path).root) return;
  throw new UsageError(
    `mcp serves the folder of a project, got ${path}: give its path, as in embed-once mcp ~/code/server`,
  );
}
