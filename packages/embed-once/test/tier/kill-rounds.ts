import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

export interface KillReport {
  rounds: number;
  acknowledged: number;
  /** Acknowledged entries that were not found. */
  lost: number;
  /** Entries that came back with other bytes. */
  wrong: number;
}

const MAX_BYTES = 1e9;
const MAX_LIFE_MS = 25;
const BATCH = 4;

/**
 * Kills a process with SIGKILL while it writes, again and again in one directory, opens the tier after each and checks
 * what was acknowledged; at the end all of it.
 */
export async function killRounds(
  directory: string,
  rounds: number,
  onRound: (report: KillReport) => void = () => {},
): Promise<KillReport> {
  const report: KillReport = { rounds: 0, acknowledged: 0, lost: 0, wrong: 0 };
  let next = 0;
  for (let round = 0; round < rounds; round++) {
    const first = next;
    // Another moment each round, the same in each run.
    next = await writeUntilKilled(directory, first, (round * 7919) % MAX_LIFE_MS);
    await check(directory, Math.max(0, first - 100), next, report);
    report.rounds++;
    report.acknowledged = next;
    onRound(report);
  }
  const all = { ...report, lost: 0, wrong: 0 };
  await check(directory, 0, next, all);
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

async function check(directory: string, from: number, to: number, report: KillReport): Promise<void> {
  const tier = await MappedTier.open({ directory, maxBytes: MAX_BYTES });
  for (let i = from; i < to; i++) {
    const { key, value } = numberedEntry(i);
    const found = tier.get(key);
    if (!found) report.lost++;
    else if (Buffer.compare(found, value) !== 0) report.wrong++;
  }
  await tier.close();
}
