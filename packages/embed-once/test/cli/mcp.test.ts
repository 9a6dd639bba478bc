import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";
import { COMMAND, environmentOf } from "./command.ts";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "embed-once-mcp-")));
afterAll(() => rmSync(scratch, { recursive: true }));

let count = 0;

function project(files: Record<string, string>): string {
  const folder = join(scratch, `project-${count++}`);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    ...environmentOf(join(scratch, "home")),
    EMBED_ONCE_CACHE_DIR: join(scratch, `cache-${count++}`),
    ...more,
  };
}

async function connect(folder: string, env: Record<string, string>): Promise<{ client: Client; notes: () => string }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...COMMAND, "mcp", folder],
    env,
    stderr: "pipe",
  });
  let notes = "";
  transport.stderr!.on("data", (chunk) => {
    notes += chunk;
  });
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return { client, notes: () => notes };
}

interface Answer {
  isError?: boolean;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a server sends is compared, not trusted
  structured: any;
}

async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<Answer> {
  const { content, structuredContent, isError } = await client.callTool({ name, arguments: args });
  const [first] = content as { type: string; text: string }[];
  return { text: first!.text, structured: structuredContent, ...(isError === undefined ? {} : { isError }) };
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 15_000; !(await check()); ) {
    if (performance.now() > deadline) throw new Error("gave up waiting");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const FILES = {
  "lib/checksum.ts":
    "/** Verifies a record. */\nexport function verifyChecksum(record: Uint8Array): boolean {\n  return true;\n}\n",
  "lib/copy.ts":
    "/** Verifies a record. */\nexport function verifyAgain(record: Uint8Array): boolean {\n  return true;\n}\n",
  "menu.ts": "export function openPopupMenu(): void {}\n",
};

describe("the MCP server, with the SDK's client", () => {
  let folder: string;
  let client: Client;
  let notes: () => string;
  beforeAll(() => {
    folder = project(FILES);
  });

  test("offers three tools that only read, each input and output described", async () => {
    ({ client, notes } = await connect(folder, environment()));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(["find_similar", "index_status", "search_code"]);
    for (const { annotations, description, inputSchema, outputSchema, name } of tools) {
      expect(annotations, name).toMatchObject({ readOnlyHint: true, destructiveHint: false, openWorldHint: false });
      expect(description!.length).toBeGreaterThan(40);
      expect(outputSchema?.type).toBe("object");
      for (const [property, schema] of Object.entries(inputSchema.properties ?? {})) {
        expect((schema as { description?: string }).description, `${name}.${property}`).toBeTruthy();
      }
    }
    const search = tools.find(({ name }) => name === "search_code")!;
    expect(search.inputSchema.required).toEqual(["query"]);
    expect(client.getServerVersion()?.name).toBe("embed-once");
    expect(client.getInstructions()).toContain("search_code");
    expect(notes()).toBe("");
  });

  test("search_code gives places, structured and as short text; index_status and find_similar agree", async () => {
    ({ client, notes } = await connect(folder, environment()));
    await until(async () => (await call(client, "index_status")).structured.state === "complete");
    const found = await call(client, "search_code", { query: "where is a checksum verified", limit: 1 });
    expect(found.structured).toMatchObject({
      results: [{ file: "lib/checksum.ts", startLine: 1, endLine: 4, text: FILES["lib/checksum.ts"].trimEnd() }],
      index: { root: folder, state: "complete", files: 3, chunks: 3, vectors: 3, filesIncomplete: 0 },
    });
    expect(found.text).toMatch(/^lib\/checksum\.ts:1 /);

    const status = await call(client, "index_status");
    expect(status.text).toBe("The index is complete: 3 files in 3 chunks.");
    expect(status.structured).toMatchObject({ embedder: expect.stringContaining("local"), skipped: {}, problems: [] });

    const similar = await call(client, "find_similar", { file: "lib/checksum.ts", line: 2, limit: 1 });
    expect(similar.structured.results).toMatchObject([{ file: "lib/copy.ts" }]);
    const snippet = await call(client, "find_similar", { snippet: "function openPopupMenu() {}", limit: 1 });
    expect(snippet.structured.results).toMatchObject([{ file: "menu.ts" }]);
    const within = await call(client, "search_code", { query: "function", pathPrefix: "lib/" });
    expect(within.structured.results.map(({ file }: { file: string }) => file).sort()).toEqual([
      "lib/checksum.ts",
      "lib/copy.ts",
    ]);
  });

  test("keeps itself fresh: a file that is written now is found", async () => {
    ({ client } = await connect(folder, environment()));
    writeFileSync(join(folder, "zebra.ts"), "export const zebraStripes = 1;\n");
    await until(async () => {
      const { structured } = await call(client, "search_code", { query: "zebraStripes", limit: 1 });
      return structured.results[0]?.file === "zebra.ts";
    });
    rmSync(join(folder, "zebra.ts"));
  });

  test("answers what it cannot do with an error of one line, and goes on", async () => {
    ({ client } = await connect(folder, environment()));
    await until(async () => (await call(client, "index_status")).structured.state === "complete");
    const cases: [string, Record<string, unknown>, RegExp][] = [
      ["search_code", { query: " " }, /question must hold some words/],
      ["search_code", { query: "x", limit: 0 }, /limit/],
      ["search_code", {}, /query/],
      [
        "find_similar",
        { file: "../outside.ts", line: 1 },
        /file must be relative to the searched folder and lie in it, got "\.\.\/outside\.ts"/,
      ],
      ["find_similar", { file: "menu.ts" }, /either file and line, or snippet, got file/],
      ["find_similar", {}, /got none of them/],
    ];
    for (const [name, args, message] of cases) {
      const { isError, text } = await call(client, name, args);
      expect({ isError, text }, JSON.stringify(args)).toEqual({ isError: true, text: expect.stringMatching(message) });
      expect(text).not.toMatch(/\n\s+at /);
    }
    expect((await call(client, "search_code", { query: "menu" })).structured.results[0].file).toBe("menu.ts");
  });
});

describe("the MCP server, while it indexes with an embedder that is out of order", () => {
  let server: ProviderServer;
  beforeAll(async () => {
    server = await startProviderServer({ apiKey: "sk-secret" });
  });
  afterAll(() => server.close());

  test("answers by words, and says how far it is", async () => {
    server.failNext({ status: 429 }, 1_000_000);
    const { client } = await connect(
      project(FILES),
      environment({ EMBED_ONCE_PROVIDER: "openai", EMBED_ONCE_BASE_URL: server.url, OPENAI_API_KEY: "sk-secret" }),
    );
    await until(async () => (await call(client, "index_status")).structured.filesIncomplete === 3);
    const { structured, text } = await call(client, "search_code", { query: "verifyChecksum", limit: 1 });
    expect(structured).toMatchObject({
      results: [{ file: "lib/checksum.ts" }],
      wordsOnly: "nothing is embedded yet",
      index: { state: "partial", files: 3, vectors: 0, filesIncomplete: 3 },
    });
    expect(text).toContain("3 files are found by words only so far");
    expect(text).toContain("Answered by words alone: nothing is embedded yet.");
  });
});

test("standard output is the protocol's alone, and the process ends when its input does", async () => {
  const child = spawn(process.execPath, [...COMMAND, "mcp", project(FILES)], { env: environment(), stdio: "pipe" });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const say = (message: object): void => void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  // As clients of 2025 open a connection.
  const clientInfo = { name: "old", version: "1" };
  say({ id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo } });
  say({ method: "notifications/initialized" });
  say({ id: 2, method: "tools/call", params: { name: "search_code", arguments: { query: "menu" } } });
  await until(async () => stdout.includes('"id":2'));
  child.stdin.end();
  expect(await once(child, "exit")).toEqual([0, null]);
  const messages = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(messages.map(({ id, jsonrpc, error }) => [id, jsonrpc, error])).toEqual([
    [1, "2.0", undefined],
    [2, "2.0", undefined],
  ]);
  expect(stderr).toBe("");
});

test("what is piped into it is answered to the end, each bad line with an error, before the process ends well", () => {
  const clientInfo = { name: "shell", version: "1" };
  const lines = [
    {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo },
    },
    { id: 15 },
    { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "search_code", arguments: { query: "menu" } } },
  ].map((message) => JSON.stringify(message));
  const { stdout, stderr, status } = spawnSync(process.execPath, [...COMMAND, "mcp", project(FILES)], {
    env: environment(),
    input: lines.join("\n"),
    encoding: "utf8",
  });
  expect(status).toBe(0);
  const answers = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const outcomes = new Map(answers.map(({ id, error }) => [id, error?.code]));
  expect(outcomes).toEqual(
    new Map([
      [1, undefined],
      [15, -32600],
      [2, undefined],
    ]),
  );
  expect(stderr.trimEnd().split("\n")).toEqual([expect.stringContaining("no message of JSON-RPC 2.0")]);
});
