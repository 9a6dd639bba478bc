import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type CallToolResult, McpServer, type ServerContext } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { Example } from "./example.ts";
import type { SearchResult } from "./find-chunks.ts";
import type { FolderWatch } from "./folder-watch.ts";
import { formatResults } from "./format-results.ts";
import type { IndexStatus } from "./index-status.ts";
import { McpConnection } from "./mcp-connection.ts";
import { searchInput, searchOutput, similarInput, statusInput, statusOutput } from "./mcp-schemas.ts";
import type { AnswerOptions, SemanticSearchEngine } from "./semantic-search-engine.ts";

export interface McpOptions {
  engine: SemanticSearchEngine;
  folder: string;
  /** Of the server, as clients show it. */
  version: string;
  /** Ends the server. */
  signal?: AbortSignal | undefined;
  /** Takes faults of the connection, a line each; standard output belongs to the protocol. */
  onWarning: (message: string) => void;
  /** @default process.stdin */
  input?: Readable | undefined;
  /** @default process.stdout */
  output?: Writable | undefined;
}

/** An agent waits for an answer. While files are read, it is given what is there after this time … */
const READING_MS = 150;
/** … and by words alone where the question's vector takes longer, because the embedder is busy with the index. */
const VECTOR_WHILE_INDEXING_MS = 200;
const VECTOR_MS = 10_000;

const INSTRUCTIONS = `Finds places in the folder's files by meaning, by words and by identifiers; the index keeps itself up to date.
Ask search_code before reading files one by one. Right after the start the index may still be built: results tell how far it is.`;

const READ_ONLY = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

/**
 * Serves one folder to one client, and watches it, until the client leaves: the input has ended, and all that was asked
 * till then is answered.
 */
export async function serveMcp(options: McpOptions): Promise<void> {
  const { engine, folder, signal, onWarning, input = process.stdin, output = process.stdout } = options;
  const watch = engine.watch(folder);
  const connection = new McpConnection(input, output);
  const server = serveStdio(() => createServer(options, watch), {
    transport: connection,
    onerror: (error) => onWarning(`The client's message could not be served: ${oneLine(error.message)}`),
  });
  const leave = (): void => void server.close();
  if (signal?.aborted) leave();
  signal?.addEventListener("abort", leave, { once: true });
  await connection.closed;
  signal?.removeEventListener("abort", leave);
  await watch.close();
}

function createServer({ engine, folder, version }: McpOptions, watch: FolderWatch): McpServer {
  const server = new McpServer({ name: "embed-once", version }, { instructions: INSTRUCTIONS });

  /** Gives a search the time it may take now, and tells with its results what they come from. */
  async function answer(
    { mcpReq: { signal } }: ServerContext,
    search: (options: AnswerOptions) => Promise<SearchResult[]>,
  ): Promise<CallToolResult> {
    await Promise.race([watch.settled(), sleep(READING_MS, undefined, { signal })]);
    const before = await engine.status(folder);
    let wordsOnly: string | undefined;
    const results = await search({
      signal,
      vectorTimeoutMs: before.state === "complete" ? VECTOR_MS : VECTOR_WHILE_INDEXING_MS,
      onSearched: ({ vectors, reason }) => {
        if (!vectors) wordsOnly = reason;
      },
    });
    const index = await engine.status(folder);
    const notes = [
      ...(results.length === 0 ? ["Nothing found."] : []),
      ...(index.state === "complete" ? [] : [describeIndex(index)]),
      ...(wordsOnly === undefined ? [] : [`Answered by words alone: ${wordsOnly}.`]),
    ];
    const text = [formatResults(results, { color: false }), ...notes].filter((part) => part !== "").join("\n");
    return { content: [{ type: "text", text }], structuredContent: { results, wordsOnly, index: summary(index) } };
  }

  server.registerTool(
    "search_code",
    {
      title: "Search code",
      description:
        "Finds the places in the folder's source files and documents that answer a question, best first. Plain words, " +
        "identifiers and a mix of both work. Gives file, lines, score and text of each place.",
      inputSchema: searchInput,
      outputSchema: searchOutput,
      annotations: READ_ONLY,
    },
    ({ query, ...filters }, context) =>
      answer(context, (options) => engine.search(query, folder, { ...filters, ...options, index: false })),
  );

  server.registerTool(
    "find_similar",
    {
      title: "Find similar code",
      description:
        "Finds the places that are most like an example: the code around a line of a file (file and line), or a snippet. " +
        "Good for duplicates, for other callers of a pattern, and for where else a change is due.",
      inputSchema: similarInput,
      outputSchema: searchOutput,
      annotations: READ_ONLY,
    },
    ({ file, line, snippet, ...filters }, context) =>
      answer(context, (options) =>
        engine.findSimilar(exampleOf({ file, line, snippet }), folder, { ...filters, ...options }),
      ),
  );

  server.registerTool(
    "index_status",
    {
      title: "Status of the index",
      description: "Says what the index holds, how fresh and how complete it is, what was left out and why.",
      inputSchema: statusInput,
      outputSchema: statusOutput,
      annotations: READ_ONLY,
    },
    async () => {
      const status = await engine.status(folder);
      const { embedder, bytes, readAt, skipped, problems, failure, readingFailure } = status;
      return {
        content: [{ type: "text", text: describeIndex(status) }],
        structuredContent: { ...summary(status), embedder, bytes, readAt, skipped, problems, failure, readingFailure },
      };
    },
  );
  return server;
}

function exampleOf(given: {
  file?: string | undefined;
  line?: number | undefined;
  snippet?: string | undefined;
}): Example {
  const { file, line, snippet } = given;
  if (snippet !== undefined && file === undefined && line === undefined) return { text: snippet };
  if (snippet === undefined && file !== undefined && line !== undefined) return { file, line };
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  throw new TypeError(`Expected either file and line, or snippet, got ${names.join(" and ") || "none of them"}`);
}

function summary({ root, state, files, filesIncomplete, chunks, vectors, running }: IndexStatus) {
  const progress = running && { phase: running.phase, done: running.done, total: running.total };
  return { root, state, files, filesIncomplete, chunks, vectors, running: progress };
}

const MAX_FAULT_LENGTH = 200;

/** The SDK's messages may be lists of all that is wrong. */
function oneLine(message: string): string {
  const line = message.replaceAll(/\s+/g, " ");
  return line.length > MAX_FAULT_LENGTH ? `${line.slice(0, MAX_FAULT_LENGTH)} …` : line;
}

/** One line for the reader of a text answer. */
function describeIndex(status: IndexStatus): string {
  const { state, files, filesIncomplete, chunks, running, readAt, failure, readingFailure } = status;
  const parts = [`The index is ${state}: ${files} files in ${chunks} chunks`];
  if (filesIncomplete > 0) parts.push(`${filesIncomplete} files are found by words only so far`);
  if (running !== undefined) {
    const what = running.phase === "reading" ? "files are read" : "texts are embedded";
    parts.push(`${running.done} of ${running.total} ${what}`);
  } else if (readingFailure !== undefined) {
    parts.push(`the folder could not be read (${readingFailure}), which is tried again`);
  } else if (readAt === undefined) parts.push("its first reading has begun");
  if (failure !== undefined) parts.push(`texts could not be embedded (${failure}), which is tried again`);
  return `${parts.join("; ")}.`;
}
