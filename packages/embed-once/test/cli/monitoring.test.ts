import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { terminalOutput } from "../../src/cli/output.ts";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { FakeEmbedder } from "../embedder/fake-embedder.ts";
import { COMMAND, environmentOf } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-monitoring-"));
const directory = join(folder, "cache");
afterAll(() => rmSync(folder, { recursive: true }));
const env = environmentOf(folder);
/** Starting Node.js takes seconds on a machine that is busy. */
const WAIT = { timeout: 20_000, interval: 20 };

async function embed(...texts: string[]): Promise<void> {
  await using embedder = cacheEmbedder(new FakeEmbedder(), { directory });
  await embedder.createEmbeddings(texts);
}

beforeAll(() => embed("one", "two"));

function start(...args: string[]): { child: ChildProcess; output: () => string } {
  const all = [...COMMAND, ...args, "--cache-dir", directory];
  const child = spawn(process.execPath, all, { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  return { child, output: () => output };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  const [code] = await once(child, "close");
  // Windows knows no signals: there the process is ended at once.
  return process.platform === "win32" ? 0 : code;
}

describe("stats --watch", { timeout: 60_000 }, () => {
  test("shows what other processes do meanwhile, without escape codes where there is no terminal", async () => {
    const { child, output } = start("stats", "--watch", "--interval", "1");
    await vi.waitFor(() => expect(output()).toContain("2 vectors in"), WAIT);
    await embed("one", "three");
    await vi.waitFor(() => expect(output()).toContain("3 vectors in"), WAIT);
    expect(await stop(child, "SIGINT")).toBe(0);
    expect(output()).not.toContain("\x1b");
  });

  test("gives a line of JSON each time with --json", async () => {
    const { child, output } = start("stats", "--watch", "--json", "--interval", "1");
    await vi.waitFor(() => expect(output().split("\n").length).toBeGreaterThan(2), WAIT);
    expect(await stop(child, "SIGTERM")).toBe(0);
    for (const line of output().trim().split("\n")) {
      expect(JSON.parse(line)).toMatchObject({ directory, stored: { state: "open" }, degraded: [] });
    }
  });

  test.each([
    [["--interval", "2"], /--interval goes with --watch/],
    [["--watch", "--interval", "0"], /--interval takes 1 to 86400 seconds, got 0/],
    [["--watch", "--interval", "soon"], /--interval takes a whole number, got "soon"/],
  ])("refuses %j", (args, message) => {
    const all = [...COMMAND, "stats", ...args, "--cache-dir", directory];
    const { status, stderr } = spawnSync(process.execPath, all, { cwd: folder, env, encoding: "utf8" });
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test("in a terminal writes over what it wrote before", () => {
    const written: string[] = [];
    const stream = { isTTY: true, hasColors: () => true, write: (text: string) => written.push(text) };
    const output = terminalOutput(stream as never, stream as never);
    output.redraw("a\nb");
    output.redraw("c");
    expect(written).toEqual(["\x1b[2J\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J", "\x1b[Hc\x1b[K\n\x1b[J"]);
  });
});

describe("metrics", { timeout: 60_000 }, () => {
  test("serves what all processes did, to this machine only, until it is stopped", async () => {
    const { child, output } = start("metrics", "--port", "0");
    await vi.waitFor(() => expect(output()).toContain("\n"), WAIT);
    const url = output().trim();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const embeddings = async () => {
      const response = await fetch(url);
      expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      return Number(/^embed_once_lifetime_embeddings_total\{model="small"\} (\d+)$/m.exec(await response.text())?.[1]);
    };
    const before = await embeddings();
    expect(before).toBeGreaterThanOrEqual(2);
    await embed("only here");
    expect(await embeddings()).toBe(before + 1);
    expect((await fetch(url.replace("/metrics", "/"))).status).toBe(404);
    for (const { address, internal, family } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
      if (internal || family !== "IPv4") continue;
      const socket = connect({ host: address, port: Number(new URL(url).port) });
      await expect(once(socket, "connect")).rejects.toThrow("ECONNREFUSED");
    }
    const second = spawnSync(
      process.execPath,
      [...COMMAND, "metrics", "--port", new URL(url).port, "--cache-dir", directory],
      { cwd: folder, env, encoding: "utf8" },
    );
    expect(second.stderr).toContain("address already in use 127.0.0.1");
    expect(second.status).toBe(1);
    expect(await stop(child, "SIGTERM")).toBe(0);
  });
});
