import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-processes-"));
const servers: ProviderServer[] = [];
let server: ProviderServer;
let count = 0;
let directory: string;

beforeEach(async () => {
  server = await startProviderServer();
  servers.push(server);
  directory = join(folder, String(count++));
});
afterAll(async () => {
  await Promise.all(servers.map((started) => started.close()));
  rmSync(folder, { recursive: true });
});

function embedMany(
  first: number,
  texts: number,
): { child: ChildProcess; result: Promise<{ vectors: number; made: number }> } {
  const script = join(import.meta.dirname, "embed-many.ts");
  const child = spawn(process.execPath, [script, server.url, directory, String(first), String(texts)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const result = new Promise<{ vectors: number; made: number }>((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(output.trim().split("\n").at(-1)!));
      else reject(new Error(`the process ended with ${code ?? signal}`));
    });
  });
  result.catch(() => {});
  return { child, result };
}

/** How often each of the texts was paid for. */
function payments(texts: number): number[] {
  return Array.from({ length: texts }, (_, i) => server.textsEmbedded(`text ${i}`));
}

describe("processes that embed at the same time", () => {
  test("pay each text once, whichever of them asks first", { timeout: 60_000 }, async () => {
    server.failNext({ slowMs: 40 }, 1_000);
    const processes = [embedMany(0, 120), embedMany(40, 120), embedMany(0, 160)];
    const results = await Promise.all(processes.map(({ result }) => result));
    expect(results.map(({ vectors }) => vectors)).toEqual([120, 120, 160]);
    expect(results.reduce((sum, { made }) => sum + made, 0)).toBe(160);
    expect(payments(160)).toEqual(new Array(160).fill(1));
  });

  test("one that is killed leaves its texts to the others, and what it stored is not paid again", {
    timeout: 60_000,
  }, async () => {
    server.failNext({ slowMs: 60 }, 1_000);
    const doomed = embedMany(0, 160);
    await vi.waitFor(() => expect(server.textsEmbedded()).toBeGreaterThan(60), { timeout: 20_000, interval: 5 });
    const survivor = embedMany(0, 160);
    await new Promise((resolve) => survivor.child.stdout!.once("data", resolve));
    doomed.child.kill("SIGKILL");
    await expect(doomed.result).rejects.toThrow("SIGKILL");
    expect((await survivor.result).vectors).toBe(160);
    // Paid twice is at most what the killed process had under way: four requests of eight texts.
    expect(payments(160).reduce((sum, times) => sum + times, 0)).toBeLessThanOrEqual(160 + 4 * 8);
    expect(Math.min(...payments(160))).toBe(1);
  });
});
