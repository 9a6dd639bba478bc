import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RootDatabaseOptionsWithPath } from "lmdb";
import { afterAll, describe, expect, test } from "vitest";
import { DiskTier } from "../../src/cache/disk-tier.ts";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import type { CacheOptions } from "../../src/cache/options.ts";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "../tier/numbered-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-faults-"));
const mounts: string[] = [];
afterAll(() => {
  for (const path of mounts) execFileSync("umount", ["--lazy", path]);
  rmSync(folder, { recursive: true });
});
let count = 0;
const newDirectory = () => join(folder, String(count++));

/** A file system of its own of this size, where this process may mount one. */
function mountSmall(path: string, megabytes: number): boolean {
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    return false;
  }
  mounts.push(path);
  return true;
}

const key = (id: number) => numberedEntry(id).key;
const vector = (id: number) => Array.from({ length: 256 }, (_, i) => Math.sin(i * 1.1 + id));
const entry = (id: number) => ({ key: key(id), vector: vector(id) });

async function openNoticing(options: CacheOptions) {
  const notices: string[] = [];
  const cache = await openCache({ onNotice: (message) => notices.push(message), ...options });
  return { cache, notices };
}

describe("the cache", () => {
  test("answers from memory where lmdb would end the process: a folder in the lock file's place", async () => {
    const directory = newDirectory();
    mkdirSync(join(directory, "vectors-v2.lmdb-lock"), { recursive: true });
    const { cache, notices } = await openNoticing({ directory });
    await cache.setMany([entry(1)]);
    expect(cache.getMany([key(1)])).toEqual([vector(1)]);
    expect(notices).toEqual([expect.stringContaining("vectors-v2.lmdb-lock is no file")]);
    await cache.close();
  });

  test("answers from memory on a disk that is full already when it is opened", async ({ skip }) => {
    const mount = newDirectory();
    if (!mountSmall(mount, 1)) skip("this process may not mount a file system");
    const file = openSync(join(mount, "filler"), "w");
    try {
      for (;;) writeSync(file, Buffer.alloc(4096));
    } catch {
      closeSync(file);
    }
    const { cache, notices } = await openNoticing({ directory: mount });
    await cache.setMany([entry(1)]);
    expect(cache.getMany([key(1)])).toEqual([vector(1)]);
    expect(notices).toEqual([expect.stringContaining("ENOSPC")]);
    await cache.close();
  });

  test("on a full disk refuses to acknowledge, says so once, goes on reading, and writes again when there is room", async ({
    skip,
  }) => {
    const mount = newDirectory();
    if (!mountSmall(mount, 2)) skip("this process may not mount a file system");
    const directory = join(mount, "cache");
    const { cache, notices } = await openNoticing({ directory, hotBytes: 0, compressedBytes: 0 });
    const kept: number[] = [];
    let failures = 0;
    for (let id = 0; failures < 3; id += 20) {
      const ids = Array.from({ length: 20 }, (_, i) => id + i);
      try {
        await cache.setMany(ids.map(entry));
        kept.push(...ids);
      } catch {
        failures++;
      }
    }
    expect(kept.length).toBeGreaterThan(100);
    for (const id of kept) expect(cache.getMany([key(id)])).toEqual([vector(id)]);
    expect(notices).toEqual([expect.stringMatching(/cannot be written to disk: the commit failed/)]);
    expect(cache.statistics()).toMatchObject({ failedWrites: 3, degraded: notices });

    execFileSync("mount", ["-o", "remount,size=20m", mount]);
    await cache.setMany([entry(1_000_000)]);
    expect(cache.getMany([key(1_000_000)])).toEqual([vector(1_000_000)]);
    expect(cache.statistics().degraded).toEqual([]);
    await cache.close();
    const { cache: reopened } = await openNoticing({ directory });
    for (const id of kept) expect(reopened.getMany([key(id)])).toEqual([vector(id)]);
    await reopened.close();
  });

  test("at the limit of the map refuses to acknowledge, says so once, goes on reading, and writes again when there is room", async () => {
    let isFull = false;
    // lmdb's own answer, where the system gives it no more addresses.
    const loadLmdb = async () => {
      const lmdb = await import("lmdb");
      const open = (options: RootDatabaseOptionsWithPath) => {
        const root = lmdb.open(options);
        const { transaction } = root;
        root.transaction = ((body: () => unknown) =>
          isFull
            ? Promise.reject(new Error("MDB_MAP_FULL: Environment mapsize limit reached"))
            : transaction.call(root, body)) as typeof transaction;
        return root;
      };
      return { ...lmdb, open } as typeof lmdb;
    };
    const memory = { hotBytes: 0, compressedBytes: 0 };
    const { cache, notices } = await openNoticing({ directory: newDirectory(), loadLmdb, ...memory });
    await cache.setMany([entry(1)]);
    isFull = true;
    for (const id of [2, 3]) await expect(cache.setMany([entry(id)])).rejects.toThrow(/MDB_MAP_FULL/);
    expect(cache.getMany([key(1), key(2)])).toEqual([vector(1), undefined]);
    expect(notices).toEqual([expect.stringMatching(/cannot be written to disk: MDB_MAP_FULL/)]);
    expect(cache.statistics()).toMatchObject({ failedWrites: 2, degraded: notices });
    isFull = false;
    await cache.setMany([entry(2)]);
    expect(cache.getMany([key(2)])).toEqual([vector(2)]);
    expect(cache.statistics().degraded).toEqual([]);
    await cache.close();
  });

  test("in a read-only directory hands out what is there, keeps new vectors in memory and says so once", async ({
    skip,
  }) => {
    const mount = newDirectory();
    if (!mountSmall(mount, 20)) skip("this process may not mount a file system");
    const directory = join(mount, "cache");
    const { cache: writer } = await openNoticing({ directory });
    await writer.setMany([entry(1)]);
    await writer.close();
    execFileSync("mount", ["-o", "remount,ro", mount]);
    const { cache, notices } = await openNoticing({ directory });
    expect(cache.getMany([key(1)])).toEqual([vector(1)]);
    await expect(cache.setMany([entry(2)])).rejects.toThrow(/can only be read/);
    expect(cache.getMany([key(2)])).toEqual([vector(2)]);
    expect(notices).toEqual([expect.stringMatching(/can only be read; new vectors stay in memory/)]);
    await cache.close();
  });

  test("without the native module serves from memory and says so once", async () => {
    const loadLmdb = () => Promise.reject(new Error("no native build for this platform"));
    const { cache, notices } = await openNoticing({ directory: newDirectory(), loadLmdb });
    await cache.setMany([entry(1)]);
    await cache.setMany([entry(2)]);
    expect(cache.getMany([key(1), key(2), key(3)])).toEqual([vector(1), vector(2), undefined]);
    expect(notices).toEqual([expect.stringMatching(/kept in memory only: no native build/)]);
    expect(cache.statistics().degraded).toEqual(notices);
    await cache.close();
  });

  test("does not acknowledge what is written after the directory was deleted, and begins a new one later", async () => {
    const directory = newDirectory();
    let nowMs = 0;
    const notices: string[] = [];
    const onNotice = (message: string) => void notices.push(message);
    const disk = new DiskTier({
      open: () => MappedTier.open({ directory, maxBytes: 1e9 }),
      onNotice,
      now: () => nowMs,
    });
    await disk.open();
    await disk.set([numberedEntry(1)]);
    rmSync(directory, { recursive: true });
    for (const id of [2, 3]) await expect(disk.set([numberedEntry(id)])).rejects.toThrow(/deleted or replaced/);
    expect(existsSync(directory)).toBe(false);
    expect(disk.get(numberedEntry(2).key)).toBeUndefined();
    expect({ notices: notices.length, failedWrites: disk.failedWrites }).toEqual({ notices: 1, failedWrites: 2 });
    nowMs += 1_000;
    await disk.set([numberedEntry(4)]);
    expect(disk.degraded).toEqual([]);
    expect(Buffer.compare(disk.get(numberedEntry(4).key)!, numberedEntry(4).value)).toBe(0);
    await disk.close();
  });

  test("tells each of two writes that fail together why it failed, and loses the file once", async () => {
    const directory = newDirectory();
    let nowMs = 0;
    const notices: string[] = [];
    const open = () => MappedTier.open({ directory, maxBytes: 1e9 });
    const disk = new DiskTier({ open, onNotice: (message) => void notices.push(message), now: () => nowMs });
    await disk.open();
    rmSync(directory, { recursive: true });
    const writes = [1, 2, 3].map((id) => disk.set([numberedEntry(id)]));
    await Promise.all(writes.map((write) => expect(write).rejects.toThrow(/deleted or replaced/)));
    expect({ notices: notices.length, failedWrites: disk.failedWrites }).toEqual({ notices: 1, failedWrites: 3 });
    nowMs += 1_000;
    await disk.set([numberedEntry(4)]);
    expect(disk.degraded).toEqual([]);
    await disk.close();
  });

  test("without WebAssembly the base answers, what is paid stays in memory, and it is told once and counted", () => {
    const source = new URL("../../src/index.ts", import.meta.url).href;
    const script = `
      import { cacheEmbedder } from ${JSON.stringify(source)};
      const { Module } = WebAssembly;
      WebAssembly.Module = class {
        constructor() {
          throw new RangeError("no memory for it");
        }
      };
      let paid = 0;
      const base = {
        identity: { provider: "paid", model: "m" },
        embedderInfo: { name: "paid" },
        validateConfiguration: async () => ({ valid: true }),
        async createEmbeddings(texts) {
          paid += texts.length;
          return { embeddings: texts.map((text) => [text.length, 0.1]) };
        },
      };
      const notices = [];
      const onNotice = (message) => notices.push(message);
      const embedder = cacheEmbedder(base, { directory: ${JSON.stringify(newDirectory())}, onNotice, hotBytes: 5_000 });
      const answers = [];
      for (let i = 0; i < 2; i++) answers.push((await embedder.createEmbeddings(["a", "bb"])).embeddings);
      const twice = { paid, answers, notices: [...notices] };
      const { failedWrites, degraded } = embedder.statistics().cache;
      // More than L1 has room for: what leaves it cannot be demoted.
      for (let length = 3; length < 30; length++) await embedder.createEmbeddings(["x".repeat(length)]);
      const told = notices.length;
      WebAssembly.Module = Module;
      await embedder.createEmbeddings(["x".repeat(30)]);
      const mended = embedder.statistics().cache.degraded;
      await embedder.close();
      process.stdout.write(JSON.stringify({ ...twice, failedWrites, degraded, told, mended }));`;
    const args = ["--conditions=embed-once-source", "--input-type=module", "-e", script];
    const vectors = [
      [1, 0.1],
      [2, 0.1],
    ];
    const message = "vectors cannot be encoded, and are kept as long as L1 has room: no memory for it";
    expect(JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }))).toEqual({
      paid: 2,
      answers: [vectors, vectors],
      notices: [message],
      failedWrites: 1,
      degraded: [message],
      told: 1,
      mended: [],
    });
  });

  test("a vector that nobody could store is the caller's fault, not one of the cache", async () => {
    const { cache, notices } = await openNoticing({ diskBytes: 0 });
    await expect(cache.setMany([{ key: key(1), vector: [] }])).rejects.toThrow(RangeError);
    await expect(cache.setMany([{ key: key(1), vector: ["1"] as never }])).rejects.toThrow(TypeError);
    expect({ notices, failedWrites: cache.statistics().failedWrites }).toEqual({ notices: [], failedWrites: 0 });
    await cache.close();
  });

  test("tries a disk tier again that could not be opened, at longer and longer intervals", async () => {
    let nowMs = 0;
    let tries = 0;
    const open = () => {
      tries++;
      return Promise.reject(new Error("not now"));
    };
    const disk = new DiskTier({ open, onNotice: () => {}, now: () => nowMs });
    for (; nowMs < 60_000; nowMs += 100) await disk.open();
    expect(tries).toBe(6);
    await disk.close();
  });

  test("gives up waiting for a lock that another process holds, and writes once it has it", {
    timeout: 60_000,
  }, async () => {
    const directory = newDirectory();
    const tier = await MappedTier.open({ directory, maxBytes: 1e9, maxLockWaitMs: 200 });
    await tier.set([numberedEntry(1)]);
    const holder = spawn(process.execPath, [join(import.meta.dirname, "hold-lock.ts"), directory, "1500"]);
    await once(holder.stdout, "data");
    await expect(tier.set([numberedEntry(2)])).rejects.toThrow(/locked for 0.2 seconds/);
    await expect(tier.set([numberedEntry(3)])).rejects.toThrow(/locked/);
    expect(tier.get(numberedEntry(1).key)).toBeDefined();
    await once(holder, "close");
    await expect
      .poll(() =>
        tier.set([numberedEntry(4)]).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(tier.get(numberedEntry(4).key)).toBeDefined();
    await tier.close();
  });

  test("keeps no process alive, and one that ends without closing loses nothing acknowledged", () => {
    const directory = newDirectory();
    const source = new URL("../../src/cache/hierarchical-cache.ts", import.meta.url).href;
    const script = `
      import { openCache } from ${JSON.stringify(source)};
      const cache = await openCache({ directory: ${JSON.stringify(directory)} });
      await cache.setMany([{ key: new Uint8Array(32).fill(7), vector: [1, 2, 3] }]);
      process.stdout.write(String(cache.getMany([new Uint8Array(32).fill(7)])));`;
    const startedMs = performance.now();
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(output).toBe("1,2,3");
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    // An exit without close is a clean end: no marker tells of a doubtful file.
    expect(readdirSync(directory).sort()).toEqual(["vectors-v2.lmdb", "vectors-v2.lmdb-lock"]);
    const reader = `
      import { openCache } from ${JSON.stringify(source)};
      const cache = await openCache({ directory: ${JSON.stringify(directory)} });
      process.stdout.write(String(cache.getMany([new Uint8Array(32).fill(7)])));`;
    expect(execFileSync(process.execPath, ["--input-type=module", "-e", reader], { encoding: "utf8" })).toBe("1,2,3");
  });
});
