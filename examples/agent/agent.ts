/**
 * An agent's side of the code search: it starts the MCP server, sees which tools there are, searches, and reads what it found.
 * A language model would choose the tools and their arguments; here it is a plan of three steps.
 *
 *   node examples/agent/agent.ts "where is a checksum verified" [folder]
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const [question, folder = "."] = process.argv.slice(2);
if (question === undefined) throw new Error('What is the question? node agent.ts "…" [folder]');
const root = resolve(folder);

// The transport hands on little of the environment by itself: without `env`, neither key nor settings would arrive.
const env = process.env as Record<string, string>;
const client = new Client({ name: "example-agent", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command: "embed-once", args: ["mcp", root], env }));

const { tools } = await client.listTools();
for (const { name, title } of tools) console.log(`${name}: ${title}`);

// The server answers at once, by words alone while it has no vectors yet. This agent has a moment to spare.
let status = await call<Status>("index_status");
while (["absent", "partial"].includes(status.state) && status.failure === undefined) {
  await sleep(100);
  status = await call<Status>("index_status");
}
console.log(`\n${status.files} files in ${status.chunks} chunks: ${status.failure ?? status.state}`);

const { results } = await call<Found>("search_code", { query: question, limit: 3 });
for (const { file, startLine, endLine, score } of results) {
  console.log(`${score.toFixed(2)} ${file}:${startLine}-${endLine}`);
}

const [best] = results;
if (best !== undefined) {
  const { file, startLine, endLine } = best;
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  console.log(`\n${file}\n${lines.slice(startLine - 1, endLine).join("\n")}`);

  const similar = await call<Found>("find_similar", { file, line: startLine, limit: 1 });
  for (const alike of similar.results) console.log(`\nmost like it: ${alike.file}:${alike.startLine}`);
}
await client.close();

interface Found {
  results: { file: string; startLine: number; endLine: number; score: number; text: string }[];
  /** Why there are no vectors behind the results, where there are none. */
  wordsOnly?: string;
}

interface Status {
  state: "absent" | "empty" | "partial" | "complete";
  files: number;
  chunks: number;
  /** Why texts could not be embedded; the server tries again. */
  failure?: string;
}

async function call<Answer>(name: string, args: Record<string, unknown> = {}): Promise<Answer> {
  const { structuredContent, content, isError } = await client.callTool({ name, arguments: args });
  if (isError) throw new Error(`${name}: ${JSON.stringify(content)}`);
  return structuredContent as Answer;
}
