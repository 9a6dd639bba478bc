import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import { LIFETIME_SAVE_MS } from "../../src/statistics/lifetime-saver.ts";

const directory = mkdtempSync(join(tmpdir(), "embed-once-lifetime-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** What a save may take on a busy machine. */
const SLACK_MS = 2_500;

/** Kills a process that embeds, so long after its first call. @returns the texts that it had asked, in time and in all */
async function killAfter(ms: number): Promise<{ safe: number; all: number }> {
  const script = join(import.meta.dirname, "embed-until-killed.ts");
  const child = spawn(process.execPath, [script, directory], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await once(child.stdout, "data");
  await new Promise((resolve) => setTimeout(resolve, ms));
  const killedMs = Date.now();
  child.kill("SIGKILL");
  await once(child, "close");
  const calls = output
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number) as [number, number]);
  const safe = calls.filter(([atMs]) => atMs < killedMs - LIFETIME_SAVE_MS - SLACK_MS).at(-1)?.[1] ?? 0;
  return { safe, all: calls.at(-1)![1] };
}

test("processes that are killed lose the last seconds of their figures and no more, and count nothing twice", {
  timeout: 120_000,
}, async () => {
  const counts = await Promise.all([killAfter(9_000), killAfter(11_000), killAfter(12_500)]);
  const sum = (name: "safe" | "all") => counts.reduce((total, count) => total + count[name], 0);
  expect(Math.min(...counts.map(({ safe }) => safe))).toBeGreaterThan(0);
  await using cache = await openCache({ directory });
  const { total, models } = cache.lifetime();
  expect(total.textsAsked).toBeGreaterThanOrEqual(sum("safe"));
  // A call that had ended may not have been told any more.
  expect(total.textsAsked).toBeLessThanOrEqual(sum("all") + 3 * counts.length);
  const { hits, coalesced, misses } = total;
  expect(hits.L1 + hits.L2 + hits.L3 + coalesced + misses).toBe(total.textsAsked);
  expect(models).toEqual({ small: total });
});
