import type { LastRun, LastRuns } from "./figures.ts";
import { librarySections } from "./library-sections.ts";
import { searchSections } from "./search-sections.ts";
import { type Section, table } from "./section.ts";

const SECTIONS: readonly Section[] = [...librarySections, ...searchSections];

/** docs/benchmarks.md. */
export function pageOf(runs: LastRuns): string {
  const sections = SECTIONS.filter(({ name }) => runs[name] !== undefined);
  const parts = [
    "# Benchmarks",
    [
      "Made by `npm run bench`; not edited by hand. Rivals and floors ran in the same run as what they are compared with; machines are noisy, so compare",
      "ratios, not figures of two runs. Sizes of `--quick` show that all of it works, and little else.",
    ].join("\n"),
    table(
      ["command", "date", "commit", "sizes", "minutes", "machine", "versions"],
      sections.map(({ name }) => runRow(name, runs[name]!)),
    ),
    ...sections.flatMap((section) => partsOf(section, runs)),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** All charts by name. */
export function chartsOf(runs: LastRuns): Record<string, object> {
  const charts = SECTIONS.filter(({ name }) => runs[name] !== undefined).map((section) => sectionCharts(section, runs));
  return Object.assign({}, ...charts);
}

function sectionCharts(section: Section, runs: LastRuns): Readonly<Record<string, object>> {
  const all = Object.fromEntries(Object.entries(runs).map(([name, { results }]) => [name, results]));
  return section.plots?.(all[section.name], all) ?? {};
}

function partsOf(section: Section, runs: LastRuns): string[] {
  const charts = Object.keys(sectionCharts(section, runs));
  return [
    `## ${section.title}`,
    `\`npm run bench:${section.name}\`. ${section.text}`,
    ...charts.map((name) => `![${section.title}](plots/${name}.svg)`),
    ...section.parts(runs[section.name]!.results),
  ];
}

function runRow(name: string, { date, commit, size, minutes, machine, versions }: LastRun): (string | undefined)[] {
  const packages = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  return [`\`bench:${name}\``, date, commit, size, minutes.toFixed(1), machine, packages.join(", ")];
}
