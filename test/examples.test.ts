import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type EmbeddingCache, openCache } from "embed-once";
import { type ProviderServer, startProviderServer } from "embed-once/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { COMMAND, environmentOf, FROM_SOURCES } from "../packages/embed-once/test/cli/command.ts";

const examples = join(import.meta.dirname, "../examples");
const scratch = mkdtempSync(join(tmpdir(), "embed-once-examples-"));
const bin = join(scratch, "bin");

const KEY = "sk-example";

let server: ProviderServer;
beforeAll(async () => {
  mkdirSync(bin);
  // The command as users have it on their path, but from the sources.
  const line = [process.execPath, ...COMMAND].map((word) => `"${word}"`).join(" ");
  writeFileSync(join(bin, "embed-once"), `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o755 });
  writeFileSync(join(bin, "embed-once.cmd"), `@${line} %*\r\n`);
  server = await startProviderServer({ apiKey: KEY, vectorOf: wordsOf });
});
afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true });
});

/** Vectors that are alike where texts share words; the server's own are not. */
function wordsOf(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const word of text.toLowerCase().match(/\w{4,}/g) ?? []) {
    const place = [...word].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % dimensions, 0);
    vector[place] = 1;
  }
  return vector;
}

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a machine's command line: a machine is a cache of its own. */
async function run(machine: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const home = join(scratch, machine);
  const ran = promisify(execFile)(process.execPath, [FROM_SOURCES, ...args], {
    cwd: examples,
    env: {
      ...environmentOf(home),
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      LOCALAPPDATA: home,
      XDG_CACHE_HOME: home,
      EMBED_ONCE_CACHE_DIR: join(home, "cache"),
      ...env,
    },
  });
  return ran.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

test("every example is in the README, and the other way round", () => {
  const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const readme = readFileSync(join(examples, "README.md"), "utf8");
  expect([...readme.matchAll(/^\| \[([\w-]+)\]/gm)].map(([, name]) => name).sort()).toEqual(
    folders.map(({ name }) => name).sort(),
  );
});

test("rag finds the passages and writes the prompt; another question embeds nothing but itself", async () => {
  const first = await run("rag", ["rag/rag.ts", "my brake squeals, what can I do?"]);
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toMatch(/^9 passages and a question, 10 of these 10 texts embedded now\n0\.\d\d brakes\.md:1\n/);
  expect(first.stdout).toMatch(/\n\[1\] # Brakes\n[\s\S]*Question: my brake squeals, what can I do\?\n$/);
  const second = await run("rag", ["rag/rag.ts", "when are you open on a saturday?"]);
  expect(second.stdout).toMatch(
    /^9 passages and a question, 1 of these 10 texts embedded now\n0\.\d\d workshop\.md:1\n/,
  );
});

test("agent starts the server, sees the tools, searches and reads", async () => {
  const { stdout, stderr, code } = await run("agent", ["agent/agent.ts", "scan a directory", "code-index"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^search_code: Search code$/m);
  expect(stdout).toMatch(/^7 files in \d+ chunks: complete\n0\.\d\d directory-scanner\.ts:\d+-\d+$/m);
  expect(stdout).toContain("\nexport class DirectoryScanner implements IDirectoryScanner {\n");
});

test("code-index pays for its blocks once, over restarts", async () => {
  const env = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: KEY };
  const index = (question: string) => run("code-index", ["code-index/main.ts", question], env);
  const first = await index("MemoryVectorStore in the place of Qdrant");
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toMatch(/^\d\.\d\d memory-vector-store\.ts:3\n/);
  const paid = server.textsEmbedded();
  expect(paid).toBeGreaterThan(20);
  const { stdout } = await index("class DirectoryScanner scan folder");
  expect(stdout).toMatch(/^\d\.\d\d directory-scanner\.ts:\d+\n/);
  expect(stdout).toMatch(/^\d+ blocks and a question, 1 of these texts embedded now$/m);
  expect(server.textsEmbedded() - paid).toBe(1);
});

/** What the commands `export` and `import` do, without a process each. */
async function withCache(machine: string, work: (cache: EmbeddingCache) => Promise<unknown>): Promise<void> {
  await using cache = await openCache({ directory: join(scratch, machine, "cache") });
  await work(cache);
}

test("warm-pack works offline on a fresh machine, and names what is not in the pack", async () => {
  const pack = join(scratch, "faq.pack");
  const warm = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: KEY };
  const workflow = parse(readFileSync(join(examples, "warm-pack/workflow.yml"), "utf8"));
  const fresh = { OPENAI_BASE_URL: server.url, ...workflow.jobs.check.env };
  expect(await run("warm", ["warm-pack/check-faq.ts"], warm)).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^(ok: .*\n){3}6 of 6 texts embedded now\n$/),
    stderr: "",
  });
  await withCache("warm", (cache) => cache.exportPack(pack));
  const requests = server.requests.length;

  await withCache("fresh", (cache) => cache.importPack(pack));
  expect(await run("fresh", ["warm-pack/check-faq.ts"], fresh)).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^(ok: .*\n){3}0 of 6 texts embedded now\n$/),
    stderr: "",
  });

  const changed = readFileSync(join(examples, "warm-pack/faq.json"), "utf8").replace("a film", "a record");
  writeFileSync(join(scratch, "changed.json"), changed);
  expect(await run("fresh", ["warm-pack/check-faq.ts", join(scratch, "changed.json")], fresh)).toEqual({
    code: 1,
    stdout: "",
    stderr: 'NOT IN THE PACK: "How long may I keep a record?". Export it again where there is a key.\n',
  });
  expect(fresh).toMatchObject({ EMBED_ONCE_MODE: "offline" });
  expect(server.requests.length).toBe(requests);
});

test("custom-embedder passes the contract's suite, and is wrapped", async () => {
  const suite = await run("custom", ["custom-embedder/trigram-embedder.test.ts"]);
  expect(suite).toMatchObject({ code: 0, stdout: expect.stringMatching(/\bpass 1\d\n\S+ fail 0$/m) });
  const main = await run("custom", ["custom-embedder/main.ts"]);
  expect(main.stdout).toMatch(/^(harbour and .*\n){4}4 of 4 texts embedded now\n$/);
});
