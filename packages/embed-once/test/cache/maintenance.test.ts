import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type EmbeddingCache, openCache } from "../../src/cache/hierarchical-cache.ts";
import { exportPack } from "../../src/cache/maintenance.ts";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "../tier/numbered-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-maintenance-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newPath = () => join(folder, String(count++));

const key = (id: number) => numberedEntry(id).key;
const vector = (id: number) => Array.from({ length: 256 }, (_, i) => Math.sin(i * 1.1 + id));
const entries = (from: number, to: number, model?: string) =>
  Array.from({ length: to - from }, (_, i) => ({ key: key(from + i), vector: vector(from + i), model }));
const found = (cache: EmbeddingCache, from: number, to: number) =>
  cache.getMany(entries(from, to).map((entry) => entry.key)).filter((got, i) => {
    if (got) expect(got).toEqual(vector(from + i));
    return got !== undefined;
  }).length;

/** Flips a bit in the middle of three records. */
function damage(directory: string): void {
  const path = join(directory, "vectors-v2.lmdb");
  const bytes = readFileSync(path);
  // A record that lies across two pages has its key in two places.
  const places = Array.from({ length: 45 }, (_, i) => bytes.lastIndexOf(key(2 * i + 10)));
  const whole = places.filter((place) => place > 0 && (place % 4_096) + 64 < 4_096).slice(0, 3);
  for (const place of whole) bytes[place + 48]! ^= 1;
  writeFileSync(path, bytes);
}

describe("maintenance", () => {
  test("verify counts what is sound and what is damaged; a damaged record is a miss and is stored anew", async () => {
    const directory = newPath();
    const options = { directory, hotBytes: 0, compressedBytes: 0 };
    await using first = await openCache(options);
    await first.setMany(entries(0, 100));
    expect(await first.verify()).toEqual({ sound: 100, damaged: 0 });
    await first.close();
    damage(directory);
    await using cache = await openCache(options);
    expect(await cache.verify()).toEqual({ sound: 97, damaged: 3 });
    expect(found(cache, 0, 100)).toBe(97);
    expect(cache.statistics().tiers.L3.damaged).toBe(3);
    await cache.setMany(entries(0, 100));
    expect(found(cache, 0, 100)).toBe(100);
    expect(await cache.verify()).toEqual({ sound: 100, damaged: 0 });
  });

  test("clear removes one model's vectors and leaves the others; statistics tell them apart", async () => {
    await using cache = await openCache({ directory: newPath() });
    await cache.setMany(entries(0, 300, "small"));
    await cache.setMany(entries(300, 600, "large"));
    await cache.setMany(entries(600, 700));
    expect(cache.statistics().models).toMatchObject([
      { name: "", entries: 100 },
      { name: "small", entries: 300 },
      { name: "large", entries: 300 },
    ]);
    const before = cache.statistics().tiers.L3!.usedBytes;
    expect(await cache.clear("small")).toBe(300);
    expect([found(cache, 0, 300), found(cache, 300, 700)]).toEqual([0, 400]);
    expect(cache.statistics().tiers.L3!.usedBytes).toBeLessThan(0.7 * before);
    expect(await cache.clear("unheard of")).toBe(0);
    expect(await cache.clear()).toBe(400);
    expect(cache.statistics().tiers.L3).toMatchObject({ entries: 0, usedBytes: 0 });
    await cache.setMany(entries(0, 10, "small"));
    expect(found(cache, 0, 10)).toBe(10);
  });

  test("compact loses nothing of what is stored meanwhile", async () => {
    const directory = newPath();
    await using cache = await openCache({ directory, hotBytes: 0, compressedBytes: 0 });
    for (let from = 0; from < 3_000; from += 500) await cache.setMany(entries(from, from + 500));
    let isCompacting = true;
    let last = 3_000;
    const writing = (async () => {
      for (; isCompacting; last += 5) await cache.setMany(entries(last, last + 5));
    })();
    await cache.compact();
    isCompacting = false;
    await writing;
    expect(last).toBeGreaterThan(3_000);
    expect(found(cache, 0, last)).toBe(last);
    await cache.close();
    await using again = await openCache({ directory, hotBytes: 0, compressedBytes: 0 });
    expect(found(again, 0, last)).toBe(last);
  });

  test("compact makes the file smaller, drops what is damaged, and keeps every sound vector", async () => {
    const directory = newPath();
    const path = join(directory, "vectors-v2.lmdb");
    await using first = await openCache({ directory });
    for (let i = 0; i < 1_000; i += 2) {
      await first.setMany([...entries(i, i + 1, "kept"), ...entries(i + 1, i + 2, "dropped")]);
    }
    await first.clear("dropped");
    await first.close();
    damage(directory);
    await using cache = await openCache({ directory });
    const bytes = statSync(path).size;
    const report = await cache.compact();
    expect(report).toEqual({ bytesBefore: bytes, bytesAfter: statSync(path).size, damaged: 3 });
    expect(report.bytesAfter).toBeLessThan(0.7 * bytes);
    expect(found(cache, 0, 1_000)).toBe(497);
    expect(await cache.verify()).toEqual({ sound: 497, damaged: 0 });
    await cache.setMany(entries(2_000, 2_010));
    expect(found(cache, 2_000, 2_010)).toBe(10);
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("compact refuses while somebody else has the directory open", async () => {
    const directory = newPath();
    await using cache = await openCache({ directory });
    await using other = await openCache({ directory });
    await cache.setMany(entries(0, 10));
    await expect(cache.compact()).rejects.toThrow(/open a second time in this process/);
    expect(found(cache, 0, 10) + found(other, 0, 10)).toBe(20);
  });

  test("what one cache exports another imports, models and all", async () => {
    const pack = newPath();
    await using from = await openCache({ directory: newPath() });
    await from.setMany(entries(0, 700, "small"));
    expect(await from.exportPack(pack)).toBe(700);
    if (process.platform !== "win32") expect(statSync(pack).mode & 0o777).toBe(0o600);
    await using to = await openCache({ directory: newPath() });
    await to.setMany(entries(690, 710, "other"));
    expect(await to.importPack(pack)).toEqual({ imported: 700, damagedBytes: 0, unreadable: 0 });
    expect(found(to, 0, 710)).toBe(710);
    expect(to.statistics().models.find(({ name }) => name === "small")!.entries).toBeGreaterThanOrEqual(690);
  });

  test("an export names the models that came while it went on", async () => {
    const directory = newPath();
    await using from = await openCache({ directory });
    await from.setMany(entries(0, 5, "early"));
    await from.setMany(entries(5, 10, "late"));
    const tier = await MappedTier.open({ directory });
    // As the state was when the export began.
    const state = tier.state();
    const states = [{ ...state, models: state.models.filter(({ name }) => name !== "late") }, state];
    const growing = { parts: tier.parts, state: () => states.shift() ?? state } as unknown as MappedTier;
    const pack = newPath();
    expect(await exportPack(growing, pack, {})).toBe(10);
    await tier.close();
    await using to = await openCache({ directory: newPath() });
    await to.importPack(pack);
    expect(to.statistics().models).toMatchObject([
      { name: "early", entries: 5 },
      { name: "late", entries: 5 },
    ]);
  });

  test("of a key that stands in a pack several times the last one counts, once", async () => {
    const [first, second, both] = [newPath(), newPath(), newPath()];
    await using from = await openCache({ directory: newPath() });
    await from.setMany(entries(0, 600, "first"));
    await from.exportPack(first);
    const changed = entries(0, 600, "second").map((entry) => ({ ...entry, vector: [...entry.vector, 1] }));
    await using other = await openCache({ directory: newPath() });
    await other.setMany(changed);
    await other.exportPack(second);
    const magicBytes = "embed-once pack 2\n".length;
    const items = (path: string) => readFileSync(path).subarray(magicBytes);
    // Once within what is stored at a time, once further apart.
    const all = [readFileSync(first), items(first), items(second), items(first), items(second)];
    writeFileSync(both, Buffer.concat(all));
    await using to = await openCache({ directory: newPath() });
    expect(await to.importPack(both)).toEqual({ imported: 600, damagedBytes: 0, unreadable: 0 });
    expect(to.statistics().models).toMatchObject([{ name: "second", entries: 600 }]);
    expect(to.statistics().tiers.L3.entries).toBe(600);
    expect(to.getMany(changed.map((entry) => entry.key))).toEqual(changed.map(({ vector }) => vector));

    const few = newPath();
    await from.clear();
    await from.setMany(entries(0, 79, "first"));
    await from.exportPack(few);
    writeFileSync(both, Buffer.concat([readFileSync(few), items(few)]));
    await using small = await openCache({ directory: newPath() });
    expect(await small.importPack(both)).toEqual({ imported: 79, damagedBytes: 0, unreadable: 0 });
    expect(small.statistics().models).toMatchObject([{ name: "first", entries: 79 }]);
  });

  test("a model's name that no pack has room for is refused when vectors are stored, one that fits is exported", async () => {
    await using from = await openCache({ directory: newPath() });
    const [longest, tooLong] = ["é".repeat(32_767), "é".repeat(32_768)];
    await expect(from.setMany(entries(0, 1, tooLong))).rejects.toThrow(/at most 65535 bytes, got 65536/);
    await from.setMany(entries(1, 2, longest));
    const pack = newPath();
    expect(await from.exportPack(pack)).toBe(1);
    await using to = await openCache({ directory: newPath() });
    await to.importPack(pack);
    expect(to.statistics().models).toMatchObject([{ name: longest, entries: 1 }]);
  });

  test("of a damaged pack imports what is sound and says what was not; another file is an error", async () => {
    const pack = newPath();
    await using from = await openCache({ directory: newPath() });
    await from.setMany(entries(0, 200, "small"));
    await from.exportPack(pack);
    const bytes = readFileSync(pack);
    for (const at of [0.3, 0.5, 0.7]) bytes[Math.floor(at * bytes.length)]! ^= 4;
    writeFileSync(pack, bytes.subarray(0, -100));
    await using to = await openCache({ directory: newPath() });
    const { imported, damagedBytes } = await to.importPack(pack);
    expect(imported).toBe(196);
    expect(damagedBytes).toBeGreaterThan(100);
    expect(found(to, 0, 200)).toBe(196);
    writeFileSync(pack, "something else");
    await expect(to.importPack(pack)).rejects.toThrow(/is no pack of embed-once/);
  });
});
