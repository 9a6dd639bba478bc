/** What a benchmark measured, for machines: `--json FILE` of every benchmark. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";

/** Writes the results with what they depend on: date, machine, version of Node.js, commit. */
export function writeReport(file: string | undefined, results: object): void {
  if (file === undefined) return;
  const [cpu] = cpus();
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}`,
    node: process.version,
    commit: commit(),
    results,
  };
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

function commit(): string | undefined {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined;
  }
}
