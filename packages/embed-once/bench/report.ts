/** What a benchmark measured, for machines: `--json FILE` of every benchmark, of both packages. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

export interface Report {
  date: string;
  machine: string;
  commit: string | undefined;
  /** Of Node.js and of the rivals that took part, by package. */
  versions: Record<string, string>;
  results: unknown;
}

/** Writes the results with what they depend on: date, machine, commit, versions. Nothing without a file. */
export function writeReport(
  file: string | undefined,
  results: object,
  rivals: { folder: string; packages: readonly string[] } = { folder: "", packages: [] },
): void {
  if (file === undefined) return;
  const [cpu] = cpus();
  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}`,
    commit: commit(),
    versions: {
      "Node.js": process.versions.node,
      ...Object.fromEntries(rivals.packages.map((name) => [name, installedVersion(rivals.folder, name)])),
    },
    results,
  };
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

function installedVersion(folder: string, name: string): string {
  return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
}

/** With a `+` where the sources were changed since. */
function commit(): string | undefined {
  try {
    const changes = git("status", "--porcelain", "--", ":/packages", ":/package-lock.json");
    return git("rev-parse", "--short", "HEAD") + (changes === "" ? "" : "+");
  } catch {
    return undefined;
  }
}

function git(...command: string[]): string {
  return execFileSync("git", command, { encoding: "utf8", stdio: "pipe", cwd: import.meta.dirname }).trim();
}
