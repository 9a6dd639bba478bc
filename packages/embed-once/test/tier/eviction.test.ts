import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { CLOCK_TOLERANCE_MS } from "../../src/tier/entry-age.ts";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-eviction-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newDirectory = () => join(folder, String(count++));
const batch = (from: number, size = 50) => Array.from({ length: size }, (_, i) => numberedEntry(from + i));
const kept = (tier: MappedTier, from: number, size = 50) => batch(from, size).filter(({ key }) => tier.get(key)).length;

describe("the mapped tier", () => {
  test("keeps what is read while it evicts, over restarts, and stays within its budget", async () => {
    const directory = newDirectory();
    const maxBytes = 2_000_000;
    let tier = await MappedTier.open({ directory, maxBytes });
    await tier.set(batch(0));
    for (let from = 1_000; from < 5_000; from += 50) {
      await tier.set(batch(from));
      if (from === 3_000) {
        await tier.close();
        tier = await MappedTier.open({ directory, maxBytes });
      }
      kept(tier, 0);
      expect(tier.usage().usedBytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(kept(tier, 0)).toBe(50);
    expect(kept(tier, 1_000)).toBe(0);
    await tier.close();
  });

  test("reuses the room of what it evicted: the file stops growing", async () => {
    const directory = newDirectory();
    const maxBytes = 2_000_000;
    const tier = await MappedTier.open({ directory, maxBytes });
    for (let from = 0; from < 10_000; from += 50) await tier.set(batch(from));
    await tier.close();
    // About 26 MB went through it.
    expect(statSync(join(directory, "vectors-v2.lmdb")).size).toBeLessThan(2 * maxBytes);
  });

  test("keeps to the budget that was given last where nobody gives one", async () => {
    const directory = newDirectory();
    const givers = [undefined, 1_000_000, undefined, 2_000_000, undefined];
    const kept = [10_000_000_000, 1_000_000, 1_000_000, 2_000_000, 2_000_000];
    for (const [round, maxBytes] of givers.entries()) {
      const tier = await MappedTier.open({ directory, maxBytes });
      for (let i = 0; i < 100; i++) await tier.set(batch(round * 5_000 + i * 50));
      expect(tier.usage().maxBytes).toBe(kept[round]);
      expect(tier.usage().usedBytes).toBeLessThanOrEqual(kept[round]!);
      // As much as there is room for.
      expect(tier.usage().usedBytes).toBeGreaterThan(Math.min(kept[round]!, 2_000_000) * 0.9);
      await tier.close();
    }
  });

  test("an open tier without a budget follows the one that another gives", async () => {
    const directory = newDirectory();
    const follower = await MappedTier.open({ directory });
    await follower.set(batch(0));
    const giver = await MappedTier.open({ directory, maxBytes: 1_000_000 });
    await giver.set(batch(50));
    for (let from = 100; from < 5_000; from += 50) await follower.set(batch(from));
    expect(follower.usage().usedBytes).toBeLessThanOrEqual(1_000_000);
    await giver.close();
    await follower.close();
  });

  test("keeps nothing twice when the same entries are stored again", async () => {
    const tier = await MappedTier.open({ directory: newDirectory(), maxBytes: 1e9 });
    await tier.set(batch(0));
    const { usedBytes } = tier.usage();
    for (let i = 0; i < 5; i++) await tier.set(batch(0));
    expect(tier.usage()).toMatchObject({ usedBytes, entries: 50 });
    await tier.close();
  });

  test("an entry older than ttlMs is a miss, and its room is used again", async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const tier = await MappedTier.open({ directory: newDirectory(), maxBytes: 1e9, ttlMs: 1_000, now: () => nowMs });
    await tier.set(batch(0));
    nowMs += 1_000;
    expect(kept(tier, 0)).toBe(50);
    await tier.set(batch(100, 10));
    nowMs += 1;
    expect([kept(tier, 0), kept(tier, 100, 10)]).toEqual([0, 10]);
    await tier.set(batch(200));
    expect(tier.usage().entries).toBeLessThan(70);
    // Storing an entry again makes it young.
    await tier.set(batch(0));
    expect(kept(tier, 0)).toBe(50);
    await tier.close();
  });

  test("with a ttlMs what a clock stored that was ahead is a miss, within what clocks differ by a hit", async () => {
    const startedMs = Date.UTC(2026, 0, 1);
    const directory = newDirectory();
    let nowMs = startedMs + 3_600_000;
    const options = { directory, maxBytes: 1e9, now: () => nowMs };
    const tier = await MappedTier.open({ ...options, ttlMs: 1_000 });
    await tier.set(batch(0));
    nowMs = startedMs + CLOCK_TOLERANCE_MS;
    await tier.set(batch(100));
    nowMs = startedMs;
    expect([kept(tier, 0), kept(tier, 100)]).toEqual([0, 50]);
    nowMs = startedMs - 1;
    expect(kept(tier, 100)).toBe(0);
    // It is the reader's ttlMs: without one nothing ages, whatever the clocks say.
    const ageless = await MappedTier.open(options);
    expect([kept(ageless, 0), kept(ageless, 100)]).toEqual([50, 50]);
    // To store it again by a clock that is right makes it a hit.
    nowMs = startedMs + 1_500;
    await tier.set(batch(0));
    expect(kept(tier, 0)).toBe(50);
    await ageless.close();
    await tier.close();
  });

  test("with durability sync acknowledges what is on the disk", async () => {
    const tier = await MappedTier.open({ directory: newDirectory(), maxBytes: 1e9, durability: "sync" });
    await tier.set(batch(0));
    expect(kept(tier, 0)).toBe(50);
    await tier.close();
  });

  test("finds what worker threads store in the same directory", async () => {
    const directory = newDirectory();
    const tier = await MappedTier.open({ directory, maxBytes: 1e9 });
    const source = `
      const { workerData } = require("node:worker_threads");
      (async () => {
        const { MappedTier } = await import(workerData.tier);
        const { numberedEntry } = await import(workerData.entries);
        const tier = await MappedTier.open({ directory: workerData.directory, maxBytes: 1e9 });
        for (let i = 0; i < 50; i++) await tier.set([numberedEntry(workerData.from + i)]);
        await tier.close();
      })();`;
    await Promise.all(
      [0, 50, 100].map((from) => {
        const workerData = {
          directory,
          from,
          tier: new URL("../../src/tier/mapped-tier.ts", import.meta.url).href,
          entries: new URL("./numbered-entry.ts", import.meta.url).href,
        };
        const worker = new Worker(source, { eval: true, workerData });
        return new Promise<void>((resolve, reject) => {
          worker.on("error", reject).on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`code ${code}`))));
        });
      }),
    );
    expect(kept(tier, 0, 150)).toBe(150);
    await tier.close();
  });
});
