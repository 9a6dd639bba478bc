/**
 * All benchmarks, one after the other, and what they measured as docs/benchmarks.md with its plots: `npm run bench`.
 *
 *   npm run bench -- --quick                 small sizes, some minutes
 *   npm run bench -- --full                  the million vectors and the largest indexes, too
 *   npm run bench -- --only tiers,search     some of them; the others' results of the last run stay
 *   npm run bench -- --vectors DIR           real vectors for the codec
 *   npm run bench -- --repository DIR        a git repository for history and quality; this one where it is left out
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeBenchmarkDocs } from "./benchmark-docs.ts";

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

/** Arguments of each benchmark in the order in which they run; `undefined`: not in this run. */
const RUNS: Readonly<Record<string, readonly string[] | undefined>> = {
  codec: options.vectors === undefined ? [] : ["--vectors", resolve(options.vectors)],
  tiers: ["--vectors", options.quick ? "20000" : "200000"],
  embedder: options.quick ? ["--vectors", "2000", "--calls", "50"] : ["--vectors", "5000"],
  search: ["--chunks", options.quick ? "10000" : "100000"],
  words: ["--chunks", options.quick ? "10000" : "100000"],
  freshness: ["--files", options.quick ? "1000" : "10000"],
  history: [repository, "--commits", options.quick ? "50" : "300"],
  quality: [repository],
  million: options.full ? [] : undefined,
};

const wanted = options.only?.split(",");
for (const name of wanted ?? []) {
  if (!(name in RUNS)) throw new RangeError(`--only takes ${Object.keys(RUNS).join(", ")}; got ${name}`);
}
mkdirSync(folder, { recursive: true });
for (const [name, args] of Object.entries(RUNS)) {
  if (wanted === undefined ? args === undefined : !wanted.includes(name)) continue;
  process.stdout.write(`\n== ${name}\n`);
  const json = ["--json", join(folder, `${name}.json`)];
  const { status } = spawnSync("npm", ["run", "--silent", `bench:${name}`, "--", ...(args ?? []), ...json], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`bench:${name} failed`);
}
await writeBenchmarkDocs(folder, join(root, "docs"));
