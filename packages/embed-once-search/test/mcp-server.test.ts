import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { SemanticSearchEngine } from "../src/index.ts";
import { serveMcp } from "../src/mcp-server.ts";
import { eventually } from "./support/eventually.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a server sends is compared, not trusted
type Answer = any;

interface Client {
  root: string;
  embedder: WordEmbedder;
  input: PassThrough;
  warnings: string[];
  answers: Answer[];
  ended: Promise<void>;
  /** Writes a line: a message, or text as it is. */
  say(message: object | string): void;
  answerTo(id: number | string): Promise<Answer>;
  indexed(): Promise<void>;
}

function connect(indexDirectory = temporaryFolder(), stop?: AbortSignal): Client {
  const root = temporaryFolder();
  writeTree(root, { "a.ts": "export const apple = 1;\n" });
  const embedder = new WordEmbedder();
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const engine = new SemanticSearchEngine({ embedder, indexDirectory, onWarning });
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answers: Answer[] = [];
  let rest = "";
  output.on("data", (chunk) => {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop()!;
    answers.push(...lines.map((line) => JSON.parse(line)));
  });
  const ended = serveMcp({ engine, folder: root, version: "1", onWarning, input, output, signal: stop });
  onTestFinished(async () => {
    input.destroy();
    await ended;
    await engine.close();
  });
  const say: Client["say"] = (message) => {
    input.write(typeof message === "string" ? `${message}\n` : `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  };
  const answerTo = (id: number | string): Promise<Answer> =>
    eventually(() => {
      const answer = answers.find((each) => each.id === id);
      expect(answer).toBeDefined();
      return answer;
    });
  const indexed = (): Promise<void> =>
    eventually(async () => expect(await engine.status(root)).toMatchObject({ state: "complete" }));
  say(INITIALIZE);
  say({ method: "notifications/initialized" });
  return { root, embedder, input, warnings, answers, ended, say, answerTo, indexed };
}

const INITIALIZE = {
  id: "open",
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

const call = (id: number, name: string, args: object = {}): object => ({
  id,
  method: "tools/call",
  params: { name, arguments: args },
});
const search = (id: number, query = "apple"): object => call(id, "search_code", { query });

test("calls that are under way when the input ends are answered before the server leaves", async () => {
  const { input, answers, warnings, ended, say } = connect();
  say(search(1));
  say(search(2, "export"));
  input.end(JSON.stringify({ jsonrpc: "2.0", ...call(3, "index_status") })); // without an end of line
  await ended;
  expect(answers.map(({ id, error }) => [id, error]).sort()).toEqual([
    [1, undefined],
    [2, undefined],
    [3, undefined],
    ["open", undefined],
  ]);
  expect(warnings).toEqual([]);
});

test("no end waits for a call that was cancelled, nor for a subscription", async () => {
  const { input, embedder, answers, ended, say, indexed } = connect();
  await indexed();
  embedder.beforeAnswer = () => new Promise(() => {});
  say(search(1));
  await eventually(() => expect(embedder.texts).toContain("apple"));
  say({ method: "notifications/cancelled", params: { requestId: 1 } });
  say({ id: 2, method: "subscriptions/listen", params: {} });
  input.end();
  await ended;
  expect(answers.map(({ id }) => id)).not.toContain(1);
});

test("a call that is cancelled ends the work for it, and the next one is served", async () => {
  const { embedder, say, answers, answerTo, indexed } = connect();
  await indexed();
  embedder.beforeAnswer = () => new Promise(() => {});
  say(search(1));
  await eventually(() => expect(embedder.texts).toContain("apple"));
  const { signal } = embedder.calls.at(-1)!.options!;
  expect(signal?.aborted).toBe(false);
  say({ method: "notifications/cancelled", params: { requestId: 1, reason: "enough" } });
  await eventually(() => expect(signal?.aborted).toBe(true));
  embedder.beforeAnswer = undefined;
  say(search(2));
  expect((await answerTo(2)).result.structuredContent.results).toMatchObject([{ file: "a.ts" }]);
  expect(answers.map(({ id }) => id)).not.toContain(1);
});

test("the signal ends the server, whatever is under way", async () => {
  const controller = new AbortController();
  const { embedder, say, ended, indexed } = connect(undefined, controller.signal);
  await indexed();
  embedder.beforeAnswer = () => new Promise(() => {});
  say(search(1));
  await eventually(() => expect(embedder.texts).toContain("apple"));
  controller.abort();
  await ended;
});

test("what is no message is answered with an error, by its id where it has one, and told in one line", async () => {
  const { say, answers, warnings, answerTo } = connect();
  await answerTo("open");
  const ping = { jsonrpc: "2.0", method: "ping" };
  const cases: [line: string, errors: [id: number | string | null, code: number][]][] = [
    ["not JSON", [[null, -32700]]],
    ['{"jsonrpc":"2.0","id":1,', [[null, -32700]]],
    ['{"id":15}', [[15, -32600]]],
    ['{"jsonrpc":"2.0","id":"x","method":7}', [["x", -32600]]],
    ['{"jsonrpc":"1.0","id":16,"method":"ping"}', [[16, -32600]]],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', [[null, -32600]]],
    ["7", [[null, -32600]]],
    ["null", [[null, -32600]]],
    ["[]", [[null, -32600]]],
    [
      JSON.stringify([
        { ...ping, id: 21 },
        { jsonrpc: "2.0", method: "notifications/initialized" },
      ]),
      [[21, -32600]],
    ],
    [
      JSON.stringify([
        { ...ping, id: 22 },
        { ...ping, id: "y" },
      ]),
      [
        [22, -32600],
        ["y", -32600],
      ],
    ],
    // An answer to an answer might be answered.
    ['{"jsonrpc":"2.0","id":30,"result":5}', []],
    ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}', []],
    [" ".repeat(11_000_000), [[null, -32600]]],
    ["\r", []],
  ];
  for (const [index, [line, errors]] of cases.entries()) {
    answers.length = 0;
    warnings.length = 0;
    say(line);
    say({ ...ping, id: `after ${index}` });
    await answerTo(`after ${index}`);
    const got = answers.filter(({ error }) => error !== undefined);
    expect(
      got.map(({ jsonrpc, id, error }) => [jsonrpc, id, error.code]),
      line.slice(0, 80),
    ).toEqual(errors.map(([id, code]) => ["2.0", id, code]));
    expect(warnings, line.slice(0, 80)).toHaveLength(line === "\r" ? 0 : 1);
    expect(warnings.join()).not.toContain("\n");
  }
});

test("messages are read whatever pieces they come in", async () => {
  const { input, answerTo } = connect();
  const message = Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", ...search(1, "größe ☃ apple\u2028") })}\r\n`);
  for (const byte of message) input.write(Buffer.of(byte));
  expect((await answerTo(1)).result.structuredContent.results).toMatchObject([{ file: "a.ts" }]);
});

test("a folder that cannot be read at first is told in the status, fails no later search, and is served once it can", async () => {
  const indexDirectory = join(temporaryFolder(), "indexes");
  writeFileSync(indexDirectory, "a file in the place of the directory");
  const { say, answerTo, warnings } = connect(indexDirectory);
  await eventually(() => expect(warnings).toHaveLength(1));
  say(call(1, "index_status"));
  const { result } = await answerTo(1);
  expect(result.content[0].text).toMatch(/the folder could not be read \(.*cannot be opened.*\), which is tried again/);
  expect(result.structuredContent.readingFailure).toContain("cannot be opened");
  rmSync(indexDirectory);
  say(search(2));
  expect((await answerTo(2)).result.isError).toBeUndefined();
  let id = 3;
  await eventually(async () => {
    say(search(++id));
    expect((await answerTo(id)).result.structuredContent.results).toMatchObject([{ file: "a.ts" }]);
  });
  say(call(99, "index_status"));
  expect((await answerTo(99)).result.structuredContent.readingFailure).toBeUndefined();
});
