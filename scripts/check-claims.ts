/**
 * Whether README.md and docs/benchmarks.md say what the last run of the benchmarks measured (docs/benchmarks.json):
 *
 *   npm run check:claims                 fails where they do not
 *   npm run check:claims -- --write      writes both anew, and the plots
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withClaims } from "./benchmarks/claims.ts";
import { type LastRuns, readFigures } from "./benchmarks/figures.ts";
import { chartsOf, pageOf } from "./benchmarks/page.ts";
import { toSvg } from "./plot.ts";

const root = join(import.meta.dirname, "..");
const readmePath = join(root, "README.md");
const pagePath = join(root, "docs/benchmarks.md");
const plotsPath = join(root, "docs/plots");

/** Writes all that is made of the figures. */
export async function writeClaims(runs: LastRuns): Promise<void> {
  rmSync(plotsPath, { recursive: true, force: true });
  mkdirSync(plotsPath);
  for (const [name, chart] of Object.entries(chartsOf(runs))) {
    writeFileSync(join(plotsPath, `${name}.svg`), await toSvg(chart));
  }
  writeFileSync(pagePath, pageOf(runs));
  writeFileSync(readmePath, withClaims(readFileSync(readmePath, "utf8"), runs));
}

/** Where README.md and docs/benchmarks.md are not as the figures say, in words. */
export function differences(runs: LastRuns, readme: string, page: string): string[] {
  return [
    ...firstDifference("README.md", readme, withClaims(readme, runs)),
    ...firstDifference("docs/benchmarks.md", page, pageOf(runs)),
  ];
}

/** The same for the files as they are. */
export function checkClaims(runs: LastRuns): string[] {
  return differences(runs, readFileSync(readmePath, "utf8"), readFileSync(pagePath, "utf8"));
}

function firstDifference(name: string, actual: string, expected: string): string[] {
  if (actual === expected) return [];
  const [actualLines, expectedLines] = [actual.split("\n"), expected.split("\n")];
  const at = expectedLines.findIndex((line, i) => line !== actualLines[i]);
  const line = at < 0 ? expectedLines.length : at;
  return [`${name}, line ${line + 1}: it says\n  ${actualLines[line]}\nand the last run\n  ${expectedLines[line]}`];
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
  const runs = readFigures();
  if (runs === undefined) throw new Error("docs/benchmarks.json is not there yet: npm run bench writes it.");
  if (values.write) await writeClaims(runs);
  const wrong = checkClaims(runs);
  for (const line of wrong) process.stderr.write(`${line}\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
