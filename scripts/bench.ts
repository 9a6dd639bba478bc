/**
 * All benchmarks, one after the other, and what they measured as docs/benchmarks.json, docs/benchmarks.md, its plots and the
 * figures in README.md: `npm run bench`.
 *
 *   npm run bench -- --quick                 small sizes, within three minutes once the rivals are installed
 *   npm run bench -- --full                  the million vectors and the largest indexes, too
 *   npm run bench -- --only tiers,search     some of them; the others' last results stay
 *   npm run bench -- --vectors DIR           real vectors for the codec
 *   npm run bench -- --repository DIR        a git repository for history and quality; this one where it is left out
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type LastRuns, type Size, writeFigures } from "./benchmarks/figures.ts";
import { writeClaims } from "./check-claims.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "bench-results");

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    only: { type: "string" },
    vectors: { type: "string" },
    repository: { type: "string", default: root },
  },
});
const repository = resolve(options.repository);

const size: Size = options.quick ? "quick" : options.full ? "full" : "default";

/**
 * Arguments of each benchmark, in the order in which they run; without a size: not in that run. By default each takes
 * about the minutes named, 14 in all, and a fifth of that with `--quick`; docs/benchmarks.md has what they took.
 */
const RUNS: Readonly<Record<string, Partial<Record<Size, string>>>> = {
  // 0.5
  codec: { default: "", quick: "--sizes", full: "" },
  // 1.8
  tiers: {
    default: "--vectors 100000 --reads 500000 --requests 200000",
    quick: "--vectors 3000 --reads 30000 --requests 60000",
    full: "--vectors 200000",
  },
  // 4
  embedder: { default: "--calls 200", quick: "--vectors 300 --calls 20", full: "" },
  million: { full: "" },
  // 4.2
  search: {
    default: "--chunks 10000,30000,100000 --rivals 30000",
    quick: "--chunks 2000 --rivals 2000",
    full: "--chunks 10000,30000,100000,500000 --rivals 100000",
  },
  // 1
  words: { default: "--chunks 100000", quick: "--chunks 10000", full: "--chunks 500000" },
  // 1.1
  freshness: { default: "--files 10000 --runs 3", quick: "--files 500 --runs 1", full: "--files 10000" },
  // 0.5
  history: { default: "--commits 100", quick: "--commits 3", full: "--commits 300" },
  // 1.1
  quality: { default: "", quick: "--commits 3 --functions 10", full: "" },
};
/** Benchmarks that are told a repository first. */
const OF_A_REPOSITORY = ["history", "quality"];

function argumentsOf(name: string): string[] {
  const args = (RUNS[name]![size] ?? "").split(" ").filter((arg) => arg !== "");
  if (OF_A_REPOSITORY.includes(name)) args.unshift(repository);
  if (name === "codec" && options.vectors !== undefined) args.push("--vectors", resolve(options.vectors));
  return args;
}

function run(name: string): LastRuns[string] {
  process.stdout.write(`\n== ${name}\n`);
  const file = join(folder, `${name}.json`);
  const startedAt = performance.now();
  const args = ["run", "--silent", `bench:${name}`, "--", ...argumentsOf(name), "--json", file];
  const { status } = spawnSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) throw new Error(`bench:${name} failed`);
  return { ...JSON.parse(readFileSync(file, "utf8")), size, minutes: (performance.now() - startedAt) / 60_000 };
}

const names = options.only?.split(",") ?? Object.keys(RUNS).filter((name) => RUNS[name]![size] !== undefined);
for (const name of names) {
  if (!(name in RUNS)) throw new RangeError(`--only takes ${Object.keys(RUNS).join(", ")}; got ${name}`);
}
mkdirSync(folder, { recursive: true });
const runs = Object.fromEntries(names.map((name) => [name, run(name)]));
const minutes = Object.values(runs).reduce((sum, { minutes }) => sum + minutes, 0);
process.stdout.write(`\n${names.length} benchmarks in ${minutes.toFixed(1)} minutes\n`);
await writeClaims(writeFigures(runs, Object.keys(RUNS)));
