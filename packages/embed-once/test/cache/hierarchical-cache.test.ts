import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { type EmbeddingCache, openCache } from "../../src/cache/hierarchical-cache.ts";
import { MemoryAge } from "../../src/cache/memory-age.ts";
import { DEFAULT_CACHE_OPTIONS } from "../../src/cache/options.ts";
import type { TierName } from "../../src/tier/tier.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-cache-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.useRealTimers());
let count = 0;
const newDirectory = () => join(folder, String(count++));

function key(id: number): Uint8Array {
  return new Uint8Array(32).map((_, i) => (i < 4 ? (id >> (8 * i)) & 0xff : i));
}

function vector(seed: number, dimensions = 64): number[] {
  return Array.from(
    { length: dimensions },
    (_, i) => Math.fround(Math.sin(i + seed * 1.7)) * (seed % 3 === 0 ? 1 / 3 : 1),
  );
}

async function withCache(
  options: Parameters<typeof openCache>[0],
  body: (cache: EmbeddingCache) => Promise<void> | void,
): Promise<void> {
  await using cache = await openCache({ directory: newDirectory(), ...options });
  await body(cache);
}

function hitsOf(cache: EmbeddingCache): Record<TierName, number> {
  const { L1, L2, L3 } = cache.statistics().tiers;
  return { L1: L1.hits, L2: L2.hits, L3: L3.hits };
}

describe("the hierarchical cache", () => {
  test("gives back the same bits from every tier, and promotes on use", () =>
    withCache({}, async (cache) => {
      const values = [0, -0, 1 / 3, 5e-324, -1.5];
      await cache.setMany([{ key: key(1), vector: values }]);
      for (const expected of [
        { L1: 0, L2: 1, L3: 0 },
        { L1: 1, L2: 1, L3: 0 },
      ]) {
        const [found] = cache.getMany([key(1)]);
        expect(new BigUint64Array(Float64Array.from(found!).buffer)).toEqual(
          new BigUint64Array(Float64Array.from(values).buffer),
        );
        expect(hitsOf(cache)).toEqual(expected);
      }
      expect(cache.statistics().promotions).toBe(1);
    }));

  test("a reopened cache hits L3 first, then L2, then L1", async () => {
    const directory = newDirectory();
    await withCache({ directory }, (cache) => cache.setMany([{ key: key(1), vector: vector(1) }]));
    await withCache({ directory }, (cache) => {
      for (let i = 0; i < 4; i++) expect(cache.getMany([key(1)])).toEqual([vector(1)]);
      const { promotions, keysAsked, misses } = cache.statistics();
      expect({ hits: hitsOf(cache), promotions, keysAsked, misses }).toEqual({
        hits: { L1: 2, L2: 1, L3: 1 },
        promotions: 2,
        keysAsked: 4,
        misses: 0,
      });
    });
  });

  test("what a caller does to a vector never reaches the cache; duplicates are arrays of their own", () =>
    withCache({}, async (cache) => {
      const handedIn = vector(1);
      const stored = cache.setMany([{ key: key(1), vector: handedIn }]);
      handedIn.fill(7);
      await stored;
      for (let i = 0; i < 3; i++) {
        const [a, b] = cache.getMany([key(1), key(1)]);
        expect(a).toEqual(vector(1));
        a!.fill(9);
        expect(b).toEqual(vector(1));
      }
    }));

  test("what leaves L1 for want of room is found in L2", () =>
    withCache({ hotBytes: 5_000, diskBytes: 0 }, async (cache) => {
      const ids = Array.from({ length: 50 }, (_, i) => i);
      for (const id of ids) await cache.setMany([{ key: key(id), vector: vector(id) }]);
      for (const id of ids) cache.getMany([key(id)]);
      for (const id of ids) expect(cache.getMany([key(id)])).toEqual([vector(id)]);
      expect(cache.statistics().tiers.L1!.evictions).toBeGreaterThan(0);
    }));

  test("a vector that only L1 still has is demoted to L2 on its way out, not lost", () =>
    withCache({ hotBytes: 5_000, compressedBytes: 1_500, diskBytes: 0 }, async (cache) => {
      // L2 has room for two: each vector is promoted to L1 and then pushed out of L2 by the next ones.
      for (let id = 0; cache.statistics().demotions === 0; id++) {
        await cache.setMany([{ key: key(id), vector: vector(id) }]);
        expect(cache.getMany([key(id)])).toEqual([vector(id)]);
      }
      const before = cache.hits.L2;
      expect(cache.getMany([key(0)])).toEqual([vector(0)]);
      expect(cache.hits.L2).toBe(before + 1);
    }));

  test("a budget of 0 switches a tier off, and any combination gives the same vectors", async () => {
    for (let off = 0; off < 8; off++) {
      const options = {
        ...(off & 1 ? { hotBytes: 0 } : {}),
        ...(off & 2 ? { compressedBytes: 0 } : {}),
        ...(off & 4 ? { diskBytes: 0 } : {}),
      };
      await withCache(options, async (cache) => {
        await cache.setMany([{ key: key(1), vector: vector(1) }]);
        for (let i = 0; i < 3; i++) {
          expect(cache.getMany([key(1)]), JSON.stringify(options)).toEqual([off === 7 ? undefined : vector(1)]);
        }
        const { L1, L2, L3 } = cache.statistics().tiers;
        const states = [1, 2, 4].map((bit) => (off & bit ? "off" : "open"));
        expect([L1.state, L2.state, L3.state]).toEqual(states);
      });
    }
  });

  test("opening one directory twice in a process shares what is stored", async () => {
    const directory = newDirectory();
    await withCache({ directory }, (a) =>
      withCache({ directory }, async (b) => {
        await a.setMany([{ key: key(1), vector: vector(1) }]);
        expect(b.getMany([key(1)])).toEqual([vector(1)]);
        await b.close();
        await a.setMany([{ key: key(2), vector: vector(2) }]);
        expect(a.getMany([key(1), key(2)])).toEqual([vector(1), vector(2)]);
      }),
    );
  });

  test("a wrong key or vector is an error that names it, and nothing of the batch is stored", () =>
    withCache({}, async (cache) => {
      const good = { key: key(1), vector: vector(1) };
      const bad = [
        { entry: { key: new Uint8Array(31), vector: vector(2) }, message: /32 bytes, key 1 is 31 bytes/ },
        { entry: { key: "text" as unknown as Uint8Array, vector: vector(2) }, message: /key 1 is string/ },
        { entry: { key: key(2), vector: [] }, message: /1 to 65536 dimensions; got 0/ },
      ];
      for (const { entry, message } of bad) {
        await expect(cache.setMany([good, entry])).rejects.toThrow(message);
        expect(cache.getMany([key(1)])).toEqual([undefined]);
      }
      expect(() => cache.getMany([key(1), new Uint8Array(33)])).toThrow(/key 1 is 33 bytes/);
    }));

  test("behaves like a Map over random operations, eviction aside, and over restarts", async () => {
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ set: fc.array(fc.tuple(fc.nat(30), fc.nat(1_000)), { maxLength: 8 }) }) },
      { weight: 6, arbitrary: fc.record({ get: fc.array(fc.nat(30), { maxLength: 8 }) }) },
      { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        const options = { directory: newDirectory(), hotBytes: 4_000, compressedBytes: 6_000 };
        const model = new Map<number, number[]>();
        let cache = await openCache(options);
        try {
          for (const step of operations) {
            if ("reopen" in step) {
              await cache.close();
              cache = await openCache(options);
            } else if ("set" in step) {
              await cache.setMany(step.set.map(([id, seed]) => ({ key: key(id), vector: vector(seed) })));
              for (const [id, seed] of step.set) model.set(id, vector(seed));
            } else {
              expect(cache.getMany(step.get.map(key))).toEqual(step.get.map((id) => model.get(id)));
            }
          }
          const { keysAsked, misses } = cache.statistics();
          const hits = hitsOf(cache);
          expect(keysAsked).toBe(hits.L1 + hits.L2 + hits.L3 + misses);
        } finally {
          await cache.close();
        }
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  test("what is older than ttlMs is a miss in memory, too, whether it was stored here or read from disk", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const startedMs = Date.now();
    const options = { directory: newDirectory(), ttlMs: 60_000 };
    await using stored = await openCache(options);
    await using inMemory = await openCache({ ttlMs: 60_000, diskBytes: 0 });
    for (const cache of [stored, inMemory]) await cache.setMany([{ key: key(1), vector: vector(1) }]);
    vi.setSystemTime(startedMs + 30_000);
    await using read = await openCache(options);
    for (const cache of [stored, inMemory, read]) {
      for (let i = 0; i < 3; i++) expect(cache.getMany([key(1)])).toEqual([vector(1)]);
      expect(hitsOf(cache).L1).toBeGreaterThan(0);
    }
    vi.setSystemTime(startedMs + 60_001);
    await stored.setMany([{ key: key(2), vector: vector(2) }]);
    for (const cache of [stored, inMemory, read]) expect(cache.getMany([key(1)])).toEqual([undefined]);
    expect(stored.getMany([key(2)])).toEqual([vector(2)]);
  });

  test("with a ttlMs memory gives nothing that was stored before the clock was set back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const startedMs = Date.now();
    const options = { directory: newDirectory(), ttlMs: 60_000 };
    await using stored = await openCache(options);
    await using inMemory = await openCache({ ttlMs: 60_000, diskBytes: 0 });
    for (const cache of [stored, inMemory]) {
      vi.setSystemTime(startedMs);
      await cache.setMany([{ key: key(1), vector: vector(1) }]);
      vi.setSystemTime(startedMs + 50_000);
      await cache.setMany([{ key: key(2), vector: vector(2) }]);
      vi.setSystemTime(startedMs + 47_000);
      expect(cache.getMany([key(1), key(2)])).toEqual([vector(1), vector(2)]);
      vi.setSystemTime(startedMs + 20_000);
      const [, ahead] = cache.getMany([key(1), key(2)]);
      expect(ahead).toBeUndefined();
    }
    expect(stored.getMany([key(1)])).toEqual([vector(1)]);
  });

  test("what is soon too old does not go into memory, so that memory is not emptied again and again", () => {
    const age = new MemoryAge(800);
    expect(age.admits(1_000, 1_701)).toBe(false);
    expect(age.isOver(1_801)).toBe(false);
    expect(age.admits(1_000, 1_700)).toBe(true);
    expect([age.isOver(1_800), age.isOver(1_801), age.isOver(1_801)]).toEqual([false, true, false]);
  });

  test("where the directory cannot be had, the memory tiers serve and it is said once", async () => {
    const directory = newDirectory();
    writeFileSync(directory, "a file in the directory's place");
    const notices: string[] = [];
    await withCache({ directory, onNotice: (message) => notices.push(message) }, async (cache) => {
      await cache.setMany([{ key: key(1), vector: vector(1) }]);
      expect(cache.getMany([key(1)])).toEqual([vector(1)]);
      expect(cache.statistics().degraded).toEqual(notices);
    });
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(directory);
  });

  test.skipIf(process.platform === "win32")("folders are their owner's only, and so are files", async () => {
    const directory = join(newDirectory(), "nested");
    await withCache({ directory }, async (cache) => {
      await cache.setMany([{ key: key(1), vector: vector(1) }]);
      expect(statSync(directory).mode & 0o777).toBe(0o700);
      for (const file of ["vectors-v2.lmdb", "vectors-v2.lmdb-lock"]) {
        expect(statSync(join(directory, file)).mode & 0o777, file).toBe(0o600);
      }
    });
  });

  test("the documented defaults are the actual ones", () =>
    withCache({}, (cache) => {
      expect(DEFAULT_CACHE_OPTIONS).toEqual({ hotBytes: 2_000_000, compressedBytes: 5_000_000, durability: "commit" });
      expect(cache.statistics().tiers.L3.maxBytes).toBe(10_000_000_000);
    }));

  test.each([
    [{ hotBytes: -1 }, /hotBytes must be a whole number of bytes, 0 or more, got -1/],
    [{ diskBytes: 1.5 }, /diskBytes .* got 1.5/],
    [{ compressedBytes: Number.NaN }, /compressedBytes .* got NaN/],
    [{ ttlMs: 0 }, /ttlMs must be a number of milliseconds above 0, got 0/],
    [{ durability: "later" as "sync" }, /durability must be "commit" or "sync", got "later"/],
    [{ directory: "" }, /directory must be a path, got ""/],
  ])("refuses %j and says what came", async (options, message) => {
    await expect(openCache(options)).rejects.toThrow(message);
  });

  test("lifetime counters are summed over openings", async () => {
    const directory = newDirectory();
    await withCache({ directory }, async (cache) => {
      expect(await cache.addLifetime({ "textsAsked small": 2, "misses small": 1 })).toBe(true);
    });
    await withCache({ directory }, async (cache) => {
      await cache.addLifetime({ "textsAsked small": 3, "textsAsked large one": 4, "unknown small": 7, "no-model": 1 });
      const { total, models } = cache.lifetime();
      expect(total).toMatchObject({ textsAsked: 9, misses: 1 });
      expect(Object.keys(models)).toEqual(["small", "large one"]);
      expect(models.small).toMatchObject({ textsAsked: 5, misses: 1, embeddingsMade: 0 });
    });
  });
});
