/**
 * How soon an index answers and how fresh it is: `npm run bench:freshness`. Options: `--files 10000` in the large tree,
 * `--runs 5` from an empty index, `--json FILE`.
 *
 * All trees are synthetic and seeded; every answer is checked before its time counts. The embedder is `local`, without a
 * cache, so that its work is in the figures. The MCP server is measured as users start it: the built command.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { LocalEmbedder } from "embed-once";
import { SemanticSearchEngine } from "embed-once-search";
import { writeReport } from "../../embed-once/bench/report.ts";
import { writeSyntheticTree } from "./synthetic-tree.ts";

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    files: { type: "string", default: "10000" },
    runs: { type: "string", default: "5" },
  },
});
const coldRuns = Number(values.runs);
const largeFiles = Number(values.files);
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "embed-once-freshness-")));
const report: Record<string, { p50: number; p99: number; max: number; cpuP50: number | undefined; runs: number }> = {};

/** Beside the time that passed the processor's, which a busy machine changes less; unknown for another process. */
interface Time {
  ms: number;
  cpuMs?: number;
}

function record(what: string, times: Time[], target?: string): void {
  const sorted = times.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const cpu = times.flatMap(({ cpuMs }) => cpuMs ?? []).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const row = { p50: at(0.5), p99: at(0.99), max: sorted.at(-1)!, cpuP50: cpu[cpu.length >> 1], runs: sorted.length };
  report[what] = row;
  const figures = `p50 ${row.p50.toFixed(0)} ms, p99 ${row.p99.toFixed(0)} ms, max ${row.max.toFixed(0)} ms${row.cpuP50 === undefined ? "" : `, processor p50 ${row.cpuP50.toFixed(0)} ms`}`;
  process.stdout.write(`${what}: ${figures}, ${row.runs} runs${target === undefined ? "" : ` (target ${target})`}\n`);
}

/** A clock that was started; reads the time since. */
function clock(): () => Time {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
  };
}

async function time(work: () => unknown): Promise<Time> {
  const read = clock();
  await work();
  return read();
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`wrong result: ${what}`);
}

let engines = 0;
function newEngine(): SemanticSearchEngine {
  return new SemanticSearchEngine({
    embedder: new LocalEmbedder(),
    indexDirectory: join(scratch, `index-${engines++}`),
    onWarning: (message) => check(false, message),
  });
}

/** Only the walk that the file system itself would cost: the floor of a warm re-index. */
function bareWalk(folder: string): number {
  let files = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    lstatSync(path);
    files += entry.isDirectory() ? bareWalk(path) : 1;
  }
  return files;
}

async function coldAnswer(root: string): Promise<void> {
  const words: Time[] = [];
  const vectors: Time[] = [];
  for (let run = 0; run < coldRuns; run++) {
    const engine = newEngine();
    const read = clock();
    const [first] = await engine.search("fn321x4", root, { wait: false });
    words.push(read());
    check(first!.text.includes("fn321x4("), "first answer by words");
    await engine.index(root);
    vectors.push(read());
    check((await engine.status(root)).state === "complete", "complete index");
    await engine.close();
  }
  record("cold, 500 files: index and first answer by words", words, "<= 1,500 ms");
  record("cold, 500 files: all vectors as well", vectors);
}

async function largeTree(root: string): Promise<void> {
  const engine = newEngine();
  const readIndexing = clock();
  const indexing = engine.index(root);
  const whileIndexing: Time[] = [];
  let isDone = false;
  indexing.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    whileIndexing.push(await time(() => engine.search("fn12x3", root, { index: false, vectorTimeoutMs: 200 })));
    await sleep(50);
  }
  const { files } = await indexing;
  const indexed = readIndexing();
  check(files === largeFiles + 1, `${files} files indexed`);
  record(`cold, ${largeFiles} files: index complete, with these searches`, [indexed]);
  record("a search while it indexes", whileIndexing, "<= 500 ms");

  const warm: Time[] = [];
  const floor: Time[] = [];
  for (let run = 0; run < 9; run++) {
    floor.push(await time(() => check(bareWalk(root) > largeFiles, "bare walk")));
    warm.push(
      await time(async () => {
        const again = await engine.index(root);
        check(again.filesChanged === 0 && again.textsAsked === 0, "nothing changed");
      }),
    );
  }
  record(`warm, ${largeFiles} files unchanged: index again`, warm, "<= 2,000 ms");
  record("  floor: readdir and lstat of everything", floor);

  let updated = (): void => {};
  const watch = engine.watch(root, { onUpdate: () => updated() });
  await watch.ready;
  const updates: Time[] = [];
  for (let run = 0; run < 30; run++) {
    const name = `updated${run}`;
    const path = join(root, `src/part${run % 20}/group0/file${(run % 20) * 25}.ts`);
    const update = new Promise<void>((resolve) => {
      updated = resolve;
    });
    const read = clock();
    writeFileSync(path, `export function ${name}() {\n  return ${run};\n}\n`);
    await update;
    const [first] = await engine.search(name, root, { index: false, limit: 1 });
    updates.push(read());
    check(first!.text.includes(name), "the saved file");
    await sleep(100);
  }
  record(`watch, ${largeFiles} files: a saved file is found`, updates, "<= 200 ms");
  await engine.close();
}

/** Speaks the protocol by hand: the client's own start is not the server's. */
async function mcp(root: string): Promise<void> {
  const bin = join(import.meta.dirname, "../../embed-once/bin/embed-once.js");
  const starts: Time[] = [];
  const answers: Time[] = [];
  for (let run = 0; run < coldRuns; run++) {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [bin, "mcp", root, "--cache-dir", join(scratch, `mcp-${run}`)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    let id = 0;
    const ask = async (method: string, params: object): Promise<Record<string, unknown>> => {
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params })}\n`);
      const answer = JSON.parse((await lines.next()).value as string);
      check(answer.id === id && answer.error === undefined, `${method}: ${JSON.stringify(answer.error)}`);
      return answer.result;
    };
    const clientInfo = { name: "bench", version: "1" };
    await ask("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
    starts.push({ ms: performance.now() - startedAt });
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
    for (let state = ""; state !== "complete"; ) {
      const askedAt = performance.now();
      const params = { name: "search_code", arguments: { query: "fn12x3", limit: 3 } };
      const { structuredContent } = (await ask("tools/call", params)) as {
        structuredContent: { index: { state: string } };
      };
      answers.push({ ms: performance.now() - askedAt });
      state = structuredContent.index.state;
      await sleep(50);
    }
    child.stdin.end();
    await once(child, "exit");
  }
  record("MCP: start to the first answer", starts, "< 1,000 ms");
  record("MCP, 500 files, from an empty index: answers while it indexes", answers, "<= 500 ms");
}

try {
  const [small, large] = [join(scratch, "small"), join(scratch, "large")];
  for (const [root, files] of [
    [small, 500],
    [large, largeFiles],
  ] as const) {
    mkdirSync(root);
    writeSyntheticTree(root, files, root === small ? 12 : 4);
  }
  await coldAnswer(small);
  await mcp(small);
  await largeTree(large);
  writeReport(values.json, report);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
