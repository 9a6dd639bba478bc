/**
 * docs/benchmarks.json: the last results of every benchmark. docs/benchmarks.md, its plots and the figures in README.md
 * are made of it and of nothing else.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../../packages/embed-once/bench/report.ts";
import type { Results } from "./section.ts";

export type Size = "default" | "quick" | "full";

/** A benchmark's report, of which size it was and how long it took. */
export interface LastRun extends Report {
  size: Size;
  minutes: number;
  results: Results;
}

/** By benchmark, in the order in which they run. */
export type LastRuns = Record<string, LastRun>;

export const FIGURES_PATH: string = join(import.meta.dirname, "../../docs/benchmarks.json");

/** More digits than these are noise, and would make every rerun's difference larger. */
const DIGITS = 4;

export function readFigures(path: string = FIGURES_PATH): LastRuns | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/** Puts new runs in the place of their benchmarks' last ones. */
export function writeFigures(runs: LastRuns, order: readonly string[], path: string = FIGURES_PATH): LastRuns {
  const all = { ...readFigures(path), ...runs };
  const sorted = Object.fromEntries(order.filter((name) => name in all).map((name) => [name, all[name]!]));
  const round = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  const text = `${JSON.stringify(sorted, round, 1)}\n`;
  writeFileSync(path, text);
  return JSON.parse(text);
}
