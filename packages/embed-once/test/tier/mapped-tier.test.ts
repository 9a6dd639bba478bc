import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { PAYLOAD_BYTES } from "../../src/tier/record-log.ts";
import { numberedEntry } from "./numbered-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-mapped-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newDirectory = () => join(folder, String(count++));
const FILE = "vectors-v2.lmdb";
const MAX_BYTES = 1e9;

async function fill(directory: string, entries: number): Promise<void> {
  const tier = await MappedTier.open({ directory, maxBytes: MAX_BYTES });
  await tier.set(Array.from({ length: entries }, (_, i) => numberedEntry(i)));
  await tier.close();
}

function startWriter(
  directory: string,
  first: number,
): { child: ChildProcess; acknowledged: () => number; exit: Promise<void> } {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "store-until-killed.ts"), directory, String(first)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let output = "";
  child.stdout!.on("data", (chunk) => {
    output += chunk;
  });
  return {
    child,
    // Only whole lines count.
    acknowledged: () => Number(output.slice(0, output.lastIndexOf("\n")).split("\n").at(-1) || first - 4) + 4,
    exit: new Promise((resolve) => child.on("close", () => resolve())),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("the mapped tier", () => {
  test("keeps records over a restart", async () => {
    const directory = newDirectory();
    await fill(directory, 50);
    const tier = await MappedTier.open({ directory, maxBytes: MAX_BYTES });
    for (let i = 0; i < 50; i++) {
      const { key, value } = numberedEntry(i);
      expect(Uint8Array.from(tier.get(key)!)).toEqual(value);
    }
    expect(tier.usage().entries).toBe(50);
    await tier.close();
  });

  test("evicts what was stored longest ago, and a refreshed entry counts as new", async () => {
    const tier = await MappedTier.open({ directory: newDirectory(), maxBytes: 60_000 });
    const entry = (i: number) => ({ ...numberedEntry(i), value: new Uint8Array(1_000).fill(i) });
    for (let i = 0; i < 40; i++) await tier.set([entry(i)]);
    await tier.set([entry(0)]);
    while (tier.usage().evictions === 0) await tier.set([entry(count++ + 1_000)]);
    expect(tier.get(entry(0).key)).toBeDefined();
    // Not 1, which may share a segment with 0.
    expect(tier.get(entry(12).key)).toBeUndefined();
    await tier.close();
  });

  test("a tier that closes takes nothing back of what others write meanwhile", async () => {
    const directory = newDirectory();
    const batch = (from: number) => Array.from({ length: 100 }, (_, i) => numberedEntry(from + i));
    const filler = await MappedTier.open({ directory, maxBytes: MAX_BYTES });
    for (let from = 0; from < 1000; from += 100) await filler.set(batch(from));
    // More than half full: what is read is noted, and written down on closing.
    const options = { directory, maxBytes: Math.ceil(1.6 * filler.usage().usedBytes) };
    await filler.close();
    const [closing, writing] = [await MappedTier.open(options), await MappedTier.open(options)];
    expect(closing.get(numberedEntry(1).key)).toBeDefined();
    await Promise.all([writing.set(batch(5000)), closing.close()]);
    await writing.set(batch(6000));
    for (const { key, value } of [...batch(5000), ...batch(6000)]) {
      expect(Uint8Array.from(writing.get(key)!)).toEqual(value);
    }
    expect(writing.usage()).toMatchObject({ entries: 1200, evictions: 0 });
    await writing.close();
  });

  test("overwrites what a lost write has left behind the end of the log", async () => {
    const tier = await MappedTier.open({ directory: newDirectory(), maxBytes: MAX_BYTES });
    const entries = Array.from({ length: 40 }, (_, i) => numberedEntry(i));
    // A segment that the state knows nothing of, where the log will come to.
    await tier.change(() => {
      const stray = tier.parts.log.writer(5 * PAYLOAD_BYTES);
      stray.append(Buffer.alloc(1_000, 7));
      stray.finish();
    });
    for (let from = 0; from < entries.length; from += 4) await tier.set(entries.slice(from, from + 4));
    for (const { key, value } of entries) expect(Uint8Array.from(tier.get(key)!)).toEqual(value);
    await tier.close();
  });

  test("shares a directory between processes that write at once", { timeout: 60_000 }, async () => {
    const directory = newDirectory();
    const tier = await MappedTier.open({ directory, maxBytes: MAX_BYTES });
    const writers = [0, 1_000_000].map((first) => ({ first, writer: startWriter(directory, first) }));
    await until(() => writers.every(({ first, writer }) => writer.acknowledged() >= first + 100));
    for (const { first, writer } of writers) {
      writer.child.kill("SIGKILL");
      await writer.exit;
      for (let i = first; i < writer.acknowledged(); i++) {
        const { key, value } = numberedEntry(i);
        // Without reopening: this process sees what the others stored.
        expect(Buffer.compare(tier.get(key)!, value)).toBe(0);
      }
    }
    await tier.close();
  });

  test.each([
    ["text", (path: string) => writeFileSync(path, "this is no database\n".repeat(1_000)), /no lmdb database/],
    ["zeros", (path: string) => writeFileSync(path, new Uint8Array(20_000)), /no lmdb database/],
    ["a few bytes", (path: string) => writeFileSync(path, "oops"), /too short/],
    ["a file cut short", (path: string) => truncateSync(path, 12_000), /cut short|too short/],
    ["another data version", (path: string) => patch(path, 28, 99), /data version 99/],
    ["damage in the second meta page", (path: string) => patch(path, 4096 + 24, 1), /no lmdb database/],
  ])("sets a file aside that holds %s, says so, and begins a new one", async (_, damage, reason) => {
    const directory = newDirectory();
    await fill(directory, 200);
    const path = join(directory, FILE);
    damage(path);
    const damaged = readFileSync(path);
    const notices: string[] = [];
    const tier = await MappedTier.open({
      directory,
      maxBytes: MAX_BYTES,
      onNotice: (message) => notices.push(message),
      now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    });
    expect(notices).toEqual([expect.stringMatching(reason)]);
    expect(readFileSync(`${path}.damaged-2026-01-02T03-04-05.000Z`)).toEqual(damaged);
    await tier.set([numberedEntry(1)]);
    expect(tier.get(numberedEntry(1).key)).toBeDefined();
    expect(tier.get(numberedEntry(2).key)).toBeUndefined();
    await tier.close();
  });

  test("sets a file aside whose state row is damaged: a wrong end of the log would overwrite what is stored", async () => {
    const directory = newDirectory();
    await fill(directory, 50);
    const path = join(directory, FILE);
    const bytes = readFileSync(path);
    const row = Buffer.from('\\"entries\\":50');
    // Older pages hold older rows.
    for (let at = bytes.indexOf(row); at >= 0; at = bytes.indexOf(row, at + 1)) bytes[at + row.length - 1] = 0x37;
    writeFileSync(path, bytes);
    const notices: string[] = [];
    const tier = await MappedTier.open({
      directory,
      maxBytes: MAX_BYTES,
      onNotice: (message) => notices.push(message),
    });
    expect(notices).toEqual([expect.stringContaining("set aside")]);
    expect(tier.usage().entries).toBe(0);
    await tier.set([numberedEntry(1)]);
    expect(tier.get(numberedEntry(1).key)).toBeDefined();
    await tier.close();
  });

  test("leaves the file of another version of the layout untouched", async () => {
    const directory = newDirectory();
    await fill(directory, 1);
    writeFileSync(join(directory, "vectors-v3.lmdb"), "of the future");
    await fill(directory, 2);
    expect(readFileSync(join(directory, "vectors-v3.lmdb"), "utf8")).toBe("of the future");
    expect(readdirSync(directory).sort()).toEqual([FILE, `${FILE}-lock`, "vectors-v3.lmdb"]);
  });

  test("a flipped bit in a record is a miss, is counted, and the entry can be stored anew", async () => {
    const directory = newDirectory();
    const entry = { ...numberedEntry(1), value: new Uint8Array(6_000).fill(0xa5) };
    const first = await MappedTier.open({ directory, maxBytes: MAX_BYTES });
    await first.set([entry]);
    await first.close();
    const path = join(directory, FILE);
    const bytes = readFileSync(path);
    const at = bytes.indexOf(Buffer.alloc(1_000, 0xa5));
    expect(at).toBeGreaterThan(0);
    bytes[at + 500]! ^= 0x10;
    writeFileSync(path, bytes);

    const tier = await MappedTier.open({ directory, maxBytes: MAX_BYTES });
    expect(tier.get(entry.key)).toBeUndefined();
    expect(tier.usage().damaged).toBe(1);
    await tier.set([entry]);
    expect(Uint8Array.from(tier.get(entry.key)!)).toEqual(entry.value);
    await tier.close();
  });
});

function patch(path: string, offset: number, value: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(value, offset);
  writeFileSync(path, bytes);
}
