import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";
import { COMMAND, environmentOf } from "./command.ts";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "embed-once-cli-")));
const project = join(scratch, "project");
const environment = environmentOf(scratch);
afterAll(() => rmSync(scratch, { recursive: true }));

beforeAll(() => {
  mkdirSync(join(project, "lib"), { recursive: true });
  writeFileSync(
    join(project, "lib/checksum.ts"),
    "export function verifyChecksum(record: Uint8Array): boolean {\n  return true;\n}\n",
  );
  writeFileSync(join(project, "menu.ts"), "export function openPopupMenu(): void {}\n");
  writeFileSync(join(project, "image.bin"), new Uint8Array(100));
  writeFileSync(join(project, "large.txt"), "words ".repeat(400_000));
});

const bin = join(import.meta.dirname, "../../bin/embed-once.js");

let count = 0;
const newCache = () => join(scratch, `cache-${count++}`);

function run(
  args: string[],
  options: { cache?: string; env?: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number } = {},
): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [...COMMAND, ...args], {
    encoding: "utf8",
    cwd: options.cwd ?? project,
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    env: { ...environment, EMBED_ONCE_CACHE_DIR: options.cache ?? newCache(), ...options.env },
  });
}

describe("search", () => {
  test("finds the place, and a second process embeds nothing", () => {
    const cache = newCache();
    const first = run(["search", "where is a checksum verified"], { cache });
    expect(first.status).toBe(0);
    expect(first.stdout).toMatch(/^lib\/checksum\.ts:1 /);
    expect(first.stderr).toMatch(/\b[1-9]\d* texts? embedded|texts embedded in/);
    const second = run(["search", "where is a checksum verified"], { cache });
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr).toContain("0 texts embedded");
    expect(second.stderr).toContain("nothing changed");
  });

  test("--json gives results and a report, and standard output nothing else", () => {
    const { stdout, stderr, status } = run(["search", "open the popup menu", ".", "--json", "--limit", "1"]);
    expect(status).toBe(0);
    const { results, report } = JSON.parse(stdout);
    expect(results).toEqual([
      expect.objectContaining({
        file: "menu.ts",
        startLine: 1,
        endLine: 1,
        text: expect.stringContaining("openPopupMenu"),
      }),
    ]);
    expect(results[0].score).toBeGreaterThan(0);
    expect(report.texts).toMatchObject({ L1: 0, L2: 0, L3: 0, coalesced: 0 });
    expect(report.texts.asked).toBe(report.texts.embedded);
    expect(report.index).toMatchObject({ files: 2, skipped: { binary: 1, "too-large": 1 } });
    expect(stderr).not.toMatch(/warning/i);
  });

  test("writes nothing into the searched folder, and keeps the cache its owner's only", () => {
    const before = readdirSync(project, { recursive: true });
    const cache = newCache();
    run(["search", "menu"], { cache });
    expect(readdirSync(project, { recursive: true })).toEqual(before);
    if (process.platform === "win32") return;
    for (const entry of readdirSync(cache, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      expect((statSync(path).mode & 0o777).toString(8), path).toBe(entry.isDirectory() ? "700" : "600");
    }
  });

  test("the same content in another folder is not embedded again", () => {
    const cache = newCache();
    run(["index"], { cache });
    const worktree = join(scratch, "worktree");
    mkdirSync(worktree);
    writeFileSync(join(worktree, "renamed.ts"), readFileSync(join(project, "menu.ts")));
    expect(run(["index", worktree], { cache }).stderr).toContain("0 texts embedded");
  });

  test("says so where nothing is found", () => {
    const folder = join(scratch, "empty");
    mkdirSync(folder);
    const { stdout, stderr, status } = run(["search", "anything", folder]);
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
    expect(stderr).toContain("nothing found");
  });
});

describe("the index", () => {
  test("status tells what there is, before and after, and index --remove takes it away", () => {
    const cache = newCache();
    const before = run(["status"], { cache });
    expect(before.stdout).toMatch(
      /project: not indexed yet; embed-once index does it, and so does the first search\n$/,
    );
    expect(existsSync(join(cache, "index"))).toBe(false);
    run(["index"], { cache });
    const { stdout, status } = run(["status"], { cache });
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /project: complete\n {2}holds {5}2 files in 2 chunks\n {2}vectors {3}2 of \d+ dimensions, by local/,
    );
    expect(stdout).toMatch(/skipped.*1 binary/);
    expect(stdout).toContain("large.txt: too-large");
    expect(JSON.parse(run(["status", "--json"], { cache }).stdout)).toMatchObject({ state: "complete", files: 2 });
    expect(run(["index", "--remove"], { cache }).stderr).toContain("the indexes of . are deleted");
    expect(run(["index", "--remove", "--json"], { cache }).stdout).toBe('{"removed":false}\n');
    expect(run(["status"], { cache }).stdout).toContain("not indexed yet");
    expect(run(["index"], { cache }).stderr).toContain("0 texts embedded");
  });

  test("--files prints names only, once each, and filters are obeyed", () => {
    const cache = newCache();
    const files = (...args: string[]) => run(["search", "function", "--files", ...args], { cache }).stdout;
    expect(files().trim().split("\n").sort()).toEqual(["lib/checksum.ts", "menu.ts"]);
    expect(files("--path", "lib/")).toBe("lib/checksum.ts\n");
    expect(files("--limit", "1").trim().split("\n")).toHaveLength(1);
    expect(
      run(["search", "function", ".", "--files", "--limit", "2"], { cache }).stdout.trim().split("\n"),
    ).toHaveLength(2);
    const fromOutside = run(["search", "function", "project", "--files", "--path", "lib"], { cache, cwd: scratch });
    expect(fromOutside.stdout).toBe("project/lib/checksum.ts\n");
    expect(files("--path", "lib/", "-0")).toBe("lib/checksum.ts\0");
    expect(run(["search", "function", "--null"], { cache })).toMatchObject({ status: 2, stdout: "" });
  });

  test("--no-wait answers by words, and says what that means", () => {
    const { stdout, stderr, status } = run(["search", "verifyChecksum", "--no-wait", "--json", "--limit", "1"]);
    expect(status).toBe(0);
    const { results, report } = JSON.parse(stdout);
    expect(results[0].file).toBe("lib/checksum.ts");
    expect(report.index).toMatchObject({ files: 2 });
    expect(stderr.includes("answered by words alone: nothing is embedded yet")).toBe(!report.basis.vectors);
  });

  test("watch tells of each change on standard output, and ends well when it is told to", async () => {
    const folder = join(scratch, "watched");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.ts"), "export const a = 1;\n");
    const child = spawn(process.execPath, [...COMMAND, "watch", folder, "--json"], {
      env: { ...environment, EMBED_ONCE_CACHE_DIR: newCache() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const nextLine = async (): Promise<string> => (await lines.next()).value ?? "nothing";
    expect(JSON.parse(await nextLine())).toMatchObject({ filesChanged: 1, files: 1 });
    writeFileSync(join(folder, "b.ts"), "export const b = 1;\n");
    expect(JSON.parse(await nextLine())).toMatchObject({ filesChanged: 1, files: 2 });
    child.kill("SIGINT");
    // Windows knows no signals: there the process is ended at once.
    expect(await once(child, "exit")).toEqual(process.platform === "win32" ? [null, "SIGINT"] : [0, null]);
  });
});

describe("a provider on the network", () => {
  let server: ProviderServer;
  beforeAll(async () => {
    server = await startProviderServer({ apiKey: "sk-secret" });
  });
  afterAll(() => server.close());

  // Not `run`: the server lives in this process and must be able to answer.
  async function runBeside(args: string[], cache: string): Promise<{ stdout: string; stderr: string; status: number }> {
    const child = spawn(process.execPath, [...COMMAND, ...args], {
      cwd: project,
      env: {
        ...environment,
        EMBED_ONCE_CACHE_DIR: cache,
        EMBED_ONCE_PROVIDER: "openai",
        EMBED_ONCE_BASE_URL: server.url,
        OPENAI_API_KEY: "sk-secret",
      },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const status = await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
    return { stdout, stderr, status };
  }

  test("one line of configuration, and nothing is paid twice", async () => {
    const cache = newCache();
    const first = await runBeside(["search", "verify the checksum"], cache);
    expect(first, first.stderr).toMatchObject({ status: 0 });
    const paid = server.textsEmbedded();
    expect(paid).toBeGreaterThan(0);
    const second = await runBeside(["search", "verify the checksum"], cache);
    expect(second).toMatchObject({ status: 0, stdout: first.stdout });
    expect(second.stderr).toContain("0 texts embedded");
    expect(server.textsEmbedded()).toBe(paid);
  });

  test("the key is nowhere: not in what is printed, not on disk", async () => {
    const cache = newCache();
    server.failNext("echo-key", 100);
    const { stdout, stderr, status } = await runBeside(["search", "anything else"], cache);
    expect(status).toBe(1);
    expect(stdout + stderr).not.toContain("sk-secret");
    for (const entry of readdirSync(cache, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      expect(readFileSync(join(entry.parentPath, entry.name)).includes("sk-secret")).toBe(false);
    }
  }, 60_000);
});

describe("bad input is one clear line", () => {
  const cases: [string, string[], number, RegExp][] = [
    ["an unknown command", ["serach", "x"], 2, /unknown command 'serach'.*Did you mean search\?/],
    ["an unknown flag", ["search", "x", "--limt", "3"], 2, /unknown option '--limt'.*Did you mean --limit\?/],
    ["no question", ["search"], 2, /missing required argument 'question'/],
    ["an empty question", ["search", "  "], 2, /question/],
    ["a limit that is no number", ["search", "x", "--limit", "many"], 2, /--limit takes a whole number, got "many"/],
    ["a limit of 0", ["search", "x", "--limit", "0"], 2, /limit.*0/],
    ["a score beyond the scale", ["search", "x", "--min-score", "1.5"], 2, /--min-score.*0 to 1, got "1\.5"/],
    ["nothing for a score", ["search", "x", "--min-score", ""], 2, /--min-score.*got ""/],
    ["no folder to watch", ["watch", "/no/such/folder"], 2, /\/no\/such\/folder.*no such folder/],
    ["all that one owns, for an agent", ["mcp", scratch], 2, /mcp serves the folder of a project, got/],
    ["no such folder", ["search", "x", "/no/such/folder"], 2, /\/no\/such\/folder/],
    ["a file for a folder", ["index", "menu.ts"], 2, /menu\.ts/],
    ["a cache directory that cannot be made", ["index", ".", "--cache-dir", "menu.ts/cache"], 2, /menu\.ts\/cache/],
    ["an unknown provider", ["status", "--provider", "opnai"], 2, /Unknown provider "opnai".*Did you mean "openai"/],
    ["a missing key", ["search", "x", "--provider", "openai"], 2, /OPENAI_API_KEY/],
    [
      "dimensions that are no number",
      ["status", "--dimensions", "12x"],
      2,
      /--dimensions takes a whole number, got "12x"/,
    ],
    [
      "an unreachable server",
      ["search", "x", "--provider", "openai-compatible", "--model", "m", "--base-url", "http://127.0.0.1:9"],
      1,
      /127\.0\.0\.1:9/,
    ],
  ];

  test.each(cases)(
    "%s",
    (_, args, status, message) => {
      const result = run(args);
      expect(result.stderr).toMatch(message);
      expect(result.stderr.trim().split("\n")).toHaveLength(1);
      expect(result.stderr).toMatch(/^embed-once: /);
      expect(result.stdout).toBe("");
      expect(result.status).toBe(status);
    },
    60_000,
  );

  test("an environment variable that cannot be is named", () => {
    const { stderr, status } = run(["stats"], { env: { EMBED_ONCE_DIMENSIONS: "many" } });
    expect(stderr).toBe('embed-once: EMBED_ONCE_DIMENSIONS must be a whole number, got "many"\n');
    expect(status).toBe(2);
  });

  test("help and version are no faults", () => {
    expect(run(["--help"])).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("Examples:") });
    expect(run(["--version"]).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a cache that cannot be had never stops a search", () => {
  test("garbage in the cache file's place", () => {
    const cache = newCache();
    run(["search", "menu"], { cache });
    writeFileSync(join(cache, "vectors-v2.lmdb"), "garbage\n".repeat(5_000));
    const { stdout, stderr, status } = run(["search", "popup"], { cache });
    expect(status).toBe(0);
    expect(stdout).toContain("menu.ts");
    expect(stderr).toMatch(/note: .*is damaged.*set aside as/);
    expect(readdirSync(cache).some((name) => name.startsWith("vectors-v2.lmdb.damaged-"))).toBe(true);
  });

  test("garbage in the index's place", () => {
    const cache = newCache();
    run(["search", "menu"], { cache });
    const index = readdirSync(cache, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith(".sqlite"))!;
    writeFileSync(join(cache, index), "garbage\n".repeat(5_000));
    const { stdout, stderr, status } = run(["search", "menu"], { cache });
    expect(status).toBe(0);
    expect(stdout).toContain("menu.ts");
    expect(stderr).toContain("set aside");
    expect(stderr).toContain("0 texts embedded");
  });
});

describe("stats", () => {
  test("shows what is stored and what was saved, over all processes", () => {
    const cache = newCache();
    run(["index"], { cache });
    run(["search", "menu"], { cache });
    run(["search", "menu"], { cache });
    const { stored, lifetime, directory } = JSON.parse(run(["stats", "--json"], { cache }).stdout);
    expect(directory).toBe(cache);
    expect(stored.entries).toBe(lifetime.total.embeddingsMade);
    expect(lifetime.total).toMatchObject({ hits: { L3: 1 }, stored: { vectors: stored.entries } });
    const text = run(["stats"], { cache }).stdout;
    expect(text).toMatch(new RegExp(`asked +L1 +L2 +L3 +shared +embedded.*\n.*\\b${lifetime.total.embeddingsMade}\\b`));
  });
});

describe("an old Node.js", () => {
  test("is named in one line with what is needed", () => {
    const fake = `data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.1" } })`;
    const { stderr, status } = spawnSync(process.execPath, ["--import", fake, bin], {
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^embed-once needs Node\.js 22\.18 or newer, this is 20\.11\.1 \(.*\)\n$/);
    expect(status).toBe(1);
  });

  test("the started file has no syntax that an old Node.js could not read", () => {
    const source = readFileSync(bin, "utf8");
    expect(existsSync(bin)).toBe(true);
    expect(source).not.toMatch(/\bawait\b|\?\?|\?\.|^import\s+[^(]/m);
  });
});

describe("a directory that cannot be made", () => {
  test.runIf(process.platform === "linux")("is told at once, where Node.js itself would try for ever", () => {
    const cache = "/proc/embed-once/cache";
    const { stdout, stderr, status, signal } = run(["doctor"], { cache, timeoutMs: 20_000 });
    expect({ stderr, status, signal }).toEqual({ stderr: "embed-once: 1 check failed\n", status: 1, signal: null });
    expect(stdout).toMatch(/✗ cache: vectors are kept in memory only: ENOENT: .* '\/proc\/embed-once'/);
    const search = run(["search", "menu"], { cache, timeoutMs: 20_000 });
    expect(search).toMatchObject({ status: 2, signal: null });
    expect(search.stderr).toMatch(/embed-once: .*ENOENT: .* '\/proc\/embed-once'/);
  });
});

describe("doctor", () => {
  test("finds nothing wrong with the default configuration", () => {
    const { stdout, stderr, status } = run(["doctor"]);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(stdout.match(/^✓/gm)).toHaveLength(6);
    expect(stdout).toContain("local (lexical, hashed features), model hashed-features-v1 (by default)");
  });

  test("says what is wrong and what to do, and ends with exit code 1", () => {
    const missingKey = run(["doctor", "--provider", "openai"]);
    expect(missingKey).toMatchObject({ status: 1, stderr: "embed-once: 1 check failed\n" });
    expect(missingKey.stdout).toMatch(/✗ configuration: .*OPENAI_API_KEY/);
    const cache = join(scratch, "in-the-way");
    writeFileSync(cache, "a file in the directory's place");
    expect(run(["doctor"], { cache }).stdout).toMatch(/✗ cache: vectors are kept in memory only: .*in-the-way/);
  });

  test("tells of a folder's index: none yet, complete, found damaged", () => {
    const cache = newCache();
    expect(run(["doctor"], { cache }).stdout).toContain(`✓ index: none of ${project} yet: embed-once index makes it`);
    expect(run(["index"], { cache }).status).toBe(0);
    expect(run(["doctor", project], { cache, cwd: scratch }).stdout).toContain(
      `✓ index: 2 files in 2 chunks of ${project} in `,
    );
    const { indexPath } = JSON.parse(run(["status", "--json"], { cache }).stdout);
    writeFileSync(indexPath, "this is no database\n".repeat(1_000));
    const damaged = run(["doctor"], { cache });
    expect(damaged).toMatchObject({ status: 1, stderr: "embed-once: 1 check failed\n" });
    expect(damaged.stdout).toMatch(/✗ index: .*set aside/);
    expect(run(["doctor"], { cache }).stdout).toContain("not all files were read: run embed-once index");
  });

  test("in the mode offline wants no key and asks nobody", () => {
    const { stdout, status } = run(["doctor", "--provider", "openai"], { env: { EMBED_ONCE_MODE: "offline" } });
    expect(stdout).toContain('✓ provider: not asked in the mode "offline"');
    expect(status).toBe(0);
  });

  test("--provider auto takes the provider whose key is set, and says why", () => {
    expect(run(["doctor", "--provider", "auto"]).stdout).toContain(
      "local (lexical, hashed features), model hashed-features-v1 (no provider's key is set)",
    );
    const env = { OPENAI_API_KEY: "sk-test", EMBED_ONCE_BASE_URL: "http://127.0.0.1:9/v1" };
    const { stdout } = run(["doctor", "--provider", "auto"], { env });
    expect(stdout).toContain("openai, model text-embedding-3-small (OPENAI_API_KEY is set)");
    expect(stdout).toMatch(/✗ provider: .*127\.0\.0\.1:9/);
    expect(stdout).not.toContain("sk-test");
  });
});

describe("a configuration file", () => {
  const folder = join(scratch, "configured");
  const settings = join(folder, "embed-once.config.json");
  const inFolder = (args: string[], env: NodeJS.ProcessEnv = {}) => run(args, { cwd: folder, env });
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(join(folder, "menu.ts"), "export function openPopupMenu(): void {}\n");
  });

  test("is found, told on standard error, and doctor says which value came from where", () => {
    writeFileSync(settings, '{ "provider": "local", "dimensions": 128, "mode": "read-only" }');
    const { stderr, status } = inFolder(["search", "menu"]);
    expect({ stderr, status }).toMatchObject({ status: 0 });
    expect(stderr).toContain(`note: provider, dimensions, mode from ${settings}\n`);
    const { stdout } = inFolder(["doctor", "--dimensions", "256"], { EMBED_ONCE_MODE: "read-write" });
    expect(stdout).toMatch(
      /✓ settings: provider local \(.*embed-once\.config\.json\), dimensions 256 \(--dimensions\)/,
    );
    expect(stdout).toContain("mode read-write (EMBED_ONCE_MODE)");
    expect(inFolder(["doctor", "--no-config"]).stdout).not.toContain("embed-once.config.json");
  });

  test("of a stranger cannot choose where keys and texts go; its user can", () => {
    writeFileSync(settings, '{ "provider": "openai", "baseURL": "http://evil.example/v1" }');
    const env = { OPENAI_API_KEY: "sk-secret" };
    const { stderr, stdout, status } = inFolder(["search", "menu"], env);
    expect(stderr).toMatch(/^embed-once: .*sends texts and keys to evil\.example.*\n$/);
    expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
    expect(inFolder(["doctor"], env).stdout).toMatch(/✗ configuration: .*evil\.example/);
    const confirmed = inFolder(["doctor", "--base-url", "http://127.0.0.1:9/v1"], env);
    expect(confirmed.stdout).toMatch(/✗ provider: .*127\.0\.0\.1:9/);
    expect(confirmed.stdout).toContain("baseURL http://127.0.0.1:9/v1 (--base-url)");
    const mine = join(scratch, "mine.json");
    writeFileSync(mine, '{ "provider": "openai", "baseURL": "http://127.0.0.1:9/v1", "directory": "my-cache" }');
    const named = inFolder(["doctor", "--config", mine], { ...env, EMBED_ONCE_CACHE_DIR: "" });
    expect(named.stdout).toContain(`directory ${join(scratch, "my-cache")} (${mine})`);
    expect(named.stdout).not.toContain("sk-secret");
  });
});

describe("inspect", () => {
  test("shows the forms that are hidden in vectors, and how small they become", () => {
    const file = join(scratch, "vectors.jsonl");
    const halves = Array.from({ length: 512 }, (_, i) => Math.round(Math.sin(i * 7) * 1_000) / 2 ** 15);
    const doubles = Array.from({ length: 512 }, (_, i) => Math.sin(i) / 7);
    writeFileSync(file, `${[halves, halves, doubles].map((vector) => JSON.stringify(vector)).join("\n")}\n`);
    const { stdout, status } = run(["inspect", file]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^3 vectors of 512 dimensions, 1,536 numbers\n/);
    expect(stdout).toMatch(/66\.7 % {2}float32, 10 bits .* bits a number/);
    expect(JSON.parse(run(["inspect", file, "--json"]).stdout)).toMatchObject({ vectors: 3, values: 1536 });
  });

  test.each([
    ["a line that is no JSON", "[1, 2]\noops\n", /broken\.jsonl:2 is no JSON/],
    ["a line that is no array of numbers", '{"embedding": [1]}\n', /broken\.jsonl:1 is no array of numbers/],
    ["nothing", "", /has no vectors/],
  ])("refuses %s by its line", (_, content, message) => {
    const file = join(scratch, "broken.jsonl");
    writeFileSync(file, content);
    const { stderr, status } = run(["inspect", file]);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test("a file that is not there is one clear line", () => {
    const { stderr, status } = run(["inspect", "/no/such.jsonl.gz"]);
    expect(stderr).toMatch(/^embed-once: there is no \/no\/such\.jsonl\.gz\n$/);
    expect(status).toBe(1);
  });
});
