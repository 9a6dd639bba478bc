import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

export interface KillReport {
  /** Processes killed. */
  killed: number;
  acknowledged: number;
  /** Acknowledged entries that were not found. */
  lost: number;
  /** Entries that came back with other bytes. */
  wrong: number;
}

/** Numbers of entries, from the first to before the last. */
type Range = readonly [first: number, end: number];

const MAX_BYTES = 1e9;
const MAX_LIFE_MS = 25;
const BATCH = 4;
/** More entries than a process stores in its life. */
const SPAN = 100_000;
/** One process writes in the first round, two at once in the second, and so on; then one again. */
const MAX_WRITERS = 4;

/**
 * Kills processes with SIGKILL while they write, one to four at once, again and again in one directory, opens the tier
 * after each round and checks what was acknowledged in the last ones; at the end all of it.
 */
export async function killRounds(
  directory: string,
  processes: number,
  onRound: (report: KillReport) => void = () => {},
): Promise<KillReport> {
  const report: KillReport = { killed: 0, acknowledged: 0, lost: 0, wrong: 0 };
  const acknowledged: Range[] = [];
  for (let round = 0; report.killed < processes; round++) {
    const writers = Math.min(1 + (round % MAX_WRITERS), processes - report.killed);
    const stored = await Promise.all(
      Array.from({ length: writers }, async (_, i): Promise<Range> => {
        const place = report.killed + i;
        const first = place * SPAN;
        // Another moment each time, the same in each run.
        return [first, await writeUntilKilled(directory, first, (place * 7919) % MAX_LIFE_MS)];
      }),
    );
    acknowledged.push(...stored);
    report.killed += writers;
    report.acknowledged += stored.reduce((sum, [first, end]) => sum + end - first, 0);
    await check(directory, acknowledged.slice(-10), report);
    onRound(report);
  }
  const all = { ...report, lost: 0, wrong: 0 };
  await check(directory, acknowledged, all);
  return { ...report, lost: Math.max(report.lost, all.lost), wrong: Math.max(report.wrong, all.wrong) };
}

/** @returns the number after the last one that was acknowledged */
async function writeUntilKilled(directory: string, first: number, lifeMs: number): Promise<number> {
  const script = join(import.meta.dirname, "store-until-killed.ts");
  const child = spawn(process.execPath, [script, directory, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  let started = () => {};
  const starts = new Promise<void>((resolve) => {
    started = resolve;
  });
  child.stdout.on("data", (chunk) => {
    output += chunk;
    started();
  });
  const ends = new Promise<void>((resolve) => child.on("close", () => resolve()));
  await Promise.race([starts, ends]);
  await delay(lifeMs);
  child.kill("SIGKILL");
  await ends;
  // Only whole lines count.
  const last = output.slice(0, output.lastIndexOf("\n")).split("\n").at(-1);
  return last ? Number(last) + BATCH : first;
}

async function check(directory: string, ranges: readonly Range[], report: KillReport): Promise<void> {
  const tier = await MappedTier.open({ directory, maxBytes: MAX_BYTES });
  for (const [first, end] of ranges) {
    for (let i = first; i < end; i++) {
      const { key, value } = numberedEntry(i);
      const found = tier.get(key);
      if (!found) report.lost++;
      else if (Buffer.compare(found, value) !== 0) report.wrong++;
    }
  }
  await tier.close();
}
