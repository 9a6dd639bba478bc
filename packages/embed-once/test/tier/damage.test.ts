import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-damage-"));
afterAll(() => rmSync(folder, { recursive: true }));
const FILE = "vectors-v2.lmdb";
const ENTRIES = 600;
const ROUNDS = 16;
const original = join(folder, "original");

beforeAll(async () => {
  const tier = await MappedTier.open({ directory: original, maxBytes: 1e9 });
  for (let i = 0; i < ENTRIES; i += 60) await tier.set(Array.from({ length: 60 }, (_, k) => numberedEntry(i + k)));
  await tier.close();
});

interface Outcome {
  right: number;
  missed: number;
  wrong: number;
  notices: string[];
  stored: boolean;
}

/** `undefined` where lmdb killed the process. */
function read(directory: string): Promise<Outcome | undefined> {
  const args = [join(import.meta.dirname, "read-store.ts"), directory, String(ENTRIES)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout) => resolve(error ? undefined : JSON.parse(stdout)));
  });
}

/** A small generator (Marsaglia's xorshift), so that every run damages the same places. */
function numbers(seed: number): (limit: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

async function survives(name: string, damage: (path: string, random: (limit: number) => number) => void) {
  const crashes: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const directory = join(folder, `${name}-${round}`);
    cpSync(original, directory, { recursive: true });
    damage(join(directory, FILE), numbers(round + 1));
    const first = await read(directory);
    const outcome = first ?? (await read(directory));
    if (!first) crashes.push(`round ${round}`);
    expect(outcome, `round ${round} of ${name}: the second open must work`).toBeDefined();
    expect(outcome!.wrong, `round ${round} of ${name}`).toBe(0);
    expect(outcome!.right + outcome!.missed).toBe(ENTRIES);
    // Set aside or usable: the next one stores and reads in any case.
    const last = outcome!.stored ? outcome : await read(directory);
    expect(last!.stored, `round ${round} of ${name}`).toBe(true);
    if (last!.notices.length > 0) expect(readdirSync(directory).some((file) => file.includes(".damaged-"))).toBe(true);
    rmSync(directory, { recursive: true });
  }
  return crashes;
}

interface Healing {
  found: number;
  wrong: number;
}

/** `undefined` where lmdb killed the process. */
function heal(directory: string): Promise<Healing | undefined> {
  const args = [join(import.meta.dirname, "heal-store.ts"), directory, String(ENTRIES)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout) => resolve(error ? undefined : JSON.parse(stdout)));
  });
}

const PAGE_BYTES = 4096;
/** lmdb's flags of the pages of its trees: branch and leaf. */
const OF_A_TREE = 3;

describe("a damaged file of the mapped tier", () => {
  test("with a page of one of its trees lost is whole again after a few runs", { timeout: 120_000 }, async () => {
    const whole = join(folder, "healed");
    await heal(whole);
    const bytes = readFileSync(join(whole, FILE));
    const pages = Array.from({ length: bytes.length / PAGE_BYTES }, (_, page) => page).filter(
      (page) => page > 1 && bytes.readUInt16LE(page * PAGE_BYTES + 10) & OF_A_TREE,
    );
    const random = numbers(1);
    for (let round = 0; round < 6; round++) {
      const directory = join(folder, `page-${round}`);
      cpSync(whole, directory, { recursive: true });
      const page = pages[random(pages.length)]!;
      writeFileSync(join(directory, FILE), Buffer.from(bytes).fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
      const runs: (Healing | undefined)[] = [];
      while (runs.length < 5 && runs.at(-1)?.found !== ENTRIES) runs.push(await heal(directory));
      expect(runs.at(-1), `page ${page}`).toEqual({ found: ENTRIES, wrong: 0 });
      for (const run of runs) expect(run?.wrong ?? 0).toBe(0);
    }
  });

  test("with bits flipped anywhere gives every vector right or not at all, and the next open recovers", {
    timeout: 120_000,
  }, async () => {
    await survives("flips", (path, random) => {
      const bytes = readFileSync(path);
      // From a few to so many that hardly a page is whole.
      for (let i = random(500); i >= 0; i--) bytes[random(bytes.length)]! ^= 1 << random(8);
      writeFileSync(path, bytes);
    });
  });

  test("cut short anywhere gives every vector right or not at all, and the next open recovers", {
    timeout: 120_000,
  }, async () => {
    await survives("cuts", (path, random) => truncateSync(path, random(readFileSync(path).length)));
  });
});
