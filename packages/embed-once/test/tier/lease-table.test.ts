import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { afterAll, describe, expect, test } from "vitest";
import { LEASE_MS, type LeaseRow, LeaseTable, type LeaseTableOptions } from "../../src/tier/lease-table.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-leases-"));
const root = open({ path: join(folder, "leases.lmdb"), noSubdir: true });
const table = root.openDB<LeaseRow, Buffer>({ name: "leases", keyEncoding: "binary", encoding: "json" });
afterAll(async () => {
  await root.close();
  rmSync(folder, { recursive: true });
});

let nowMs = Date.UTC(2026, 0, 1);

function holder(options: Partial<LeaseTableOptions> = {}): LeaseTable {
  return new LeaseTable({ table, transaction: (body) => root.transaction(body), now: () => nowMs, ...options });
}

const keys = (count: number) => Array.from({ length: count }, () => randomBytes(32));

describe("leases", () => {
  test("one holder has a text, the others do not, until it is released", async () => {
    const [a, b] = [holder(), holder()];
    const [first, second, third] = keys(3) as [Buffer, Buffer, Buffer];
    expect(await a.acquire([first, second])).toEqual([true, true]);
    expect(await b.acquire([second, third])).toEqual([false, true]);
    expect(await a.acquire([first, third])).toEqual([true, false]);
    await a.release([first, second, third]);
    expect(await b.acquire([first, second, third])).toEqual([true, true, true]);
    expect(await a.acquire([third])).toEqual([false]);
  });

  test("one's own lease is given again and lasts longer by it; one that runs out is free", async () => {
    const [a, b] = [holder(), holder()];
    const own = keys(1);
    await a.acquire(own);
    nowMs += LEASE_MS - 1;
    expect(await b.acquire(own)).toEqual([false]);
    expect(await a.acquire(own)).toEqual([true]);
    nowMs += LEASE_MS - 1;
    expect(await b.acquire(own)).toEqual([false]);
    nowMs += 1;
    expect(await b.acquire(own)).toEqual([true]);
  });

  test("a lease of a process that died is free at once, one of another machine when it runs out", async () => {
    const dead = spawnSync(process.execPath, ["--version"]).pid;
    const row = { processId: dead, holder: "dead", untilMs: nowMs + LEASE_MS };
    const [here, elsewhere, alive] = keys(3) as [Buffer, Buffer, Buffer];
    const { hostname } = await import("node:os");
    await table.put(here, { ...row, host: hostname() });
    await table.put(elsewhere, { ...row, host: "another machine" });
    await table.put(alive, { ...row, host: hostname(), processId: process.ppid });
    expect(await holder().acquire([here, elsewhere, alive])).toEqual([true, false, false]);
  });

  test("a lease of a clock that is ahead, or with a digit flipped, keeps nobody waiting", async () => {
    const [ahead, flipped, broken, right] = keys(4) as [Buffer, Buffer, Buffer, Buffer];
    const wrongClock = holder({ now: () => nowMs + 3_600_000 });
    expect(await wrongClock.acquire([ahead])).toEqual([true]);
    const row = { host: "elsewhere", processId: 1, holder: "another" };
    await table.put(flipped, { ...row, untilMs: 9e15 });
    await root.openDB({ name: "leases", keyEncoding: "binary", encoding: "binary" }).put(broken, Buffer.from('{"host'));
    await table.put(right, { ...row, untilMs: nowMs + LEASE_MS });
    expect(await holder().acquire([ahead, flipped, broken, right])).toEqual([true, true, true, false]);
  });

  test("what has run out is removed as leases are taken, though nobody asks for those texts again", async () => {
    const row = { host: "elsewhere", processId: 1, holder: "another" };
    const [left, held] = [keys(500), keys(20)];
    await root.transaction(() => {
      for (const [i, key] of left.entries()) table.put(key, { ...row, untilMs: i % 2 ? nowMs - 1 : 9e15 });
      for (const key of held) table.put(key, { ...row, untilMs: nowMs + LEASE_MS });
    });
    const own = holder();
    for (let i = 0; i < 100; i++) {
      const asked = keys(1);
      await own.acquire(asked);
      await own.release(asked);
    }
    expect(left.filter((key) => table.get(key))).toEqual([]);
    expect(held.filter((key) => table.get(key))).toHaveLength(held.length);
  });

  test("a lease of an earlier process is free where its number was given again", async ({ skip }) => {
    if (process.platform !== "linux") skip("the system does not tell when a process began");
    const [reused, same] = keys(2) as [Buffer, Buffer];
    const other = holder();
    await other.acquire([same]);
    const { runner, ...row } = table.get(same)!;
    const [processId, startedAt] = runner!.split(" ");
    const earlier = `${processId} ${Number(startedAt) - 1}`;
    await table.put(reused, { ...row, runner: earlier });
    expect(await holder().acquire([reused, same])).toEqual([true, false]);
  });

  test("of many holders that ask at the same time each text goes to one", async () => {
    const wanted = keys(20);
    const answers = await Promise.all(Array.from({ length: 10 }, () => holder().acquire(wanted)));
    for (const i of wanted.keys()) expect(answers.filter((answer) => answer[i])).toHaveLength(1);
  });
});
