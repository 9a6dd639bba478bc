/**
 * Everything at once, on a real git repository: `npm run test:production`. An indexer, searchers, an MCP client with its
 * server, two embedders of the same texts and a writer share one cache, while files are edited and commits switched, the
 * provider answers with 429, 500, half an answer or none, processes are killed and a disk fills. Then all that was
 * acknowledged is read, the targets are measured on the cache that is left, and told as a table; the exit code is 1 if
 * one is not met.
 *
 *   --minutes 2         how long the storm lasts; 60 for a soak. What follows takes less than a minute more
 *   --seed N            draws the plan: which faults, kills and edits, when. @default today's date
 *   --repository DIR    is cloned, and stays as it is. @default this one
 *   --json FILE         the table for machines
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeReport } from "../report.ts";
import { line } from "../tiers-data.ts";
import { describeEvent, drawPlan } from "./plan.ts";
import { Repository } from "./repository.ts";
import { SmallDisk } from "./small-disk.ts";
import { runStorm } from "./storm.ts";
import { measureTargets, tableOf } from "./targets.ts";

const VECTORS = 100_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string", default: new Date().toISOString().slice(0, 10).replaceAll("-", "") },
    repository: { type: "string", default: join(import.meta.dirname, "../../../..") },
    json: { type: "string" },
  },
});
const minutes = Number(values.minutes);
if (!(minutes >= 0.3)) throw new RangeError(`--minutes takes a number from 0.3 on, got ${values.minutes}`);
const seed = Number(values.seed);
if (!Number.isSafeInteger(seed) || seed < 1)
  throw new RangeError(`--seed takes a whole number above 0, got ${values.seed}`);
const durationMs = minutes * 60_000;

const onProgress = (what: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
};
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "embed-once-production-")));
const smallDisk = SmallDisk.mount(join(scratch, "small-disk"));
process.on("exit", () => {
  smallDisk?.unmount();
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const repository = new Repository(resolve(values.repository), join(scratch, "repository"));
const { files, commits } = repository;
const plan = drawPlan({ seed, durationMs, files, commits });
line(`seed ${seed}, ${minutes} minutes; ${files.length} files, ${commits.length} commits`);
line(
  smallDisk
    ? "the small disk is a file system in memory"
    : "no file system could be mounted: the full disk is injected",
);
line(`\nThe plan: ${plan.length} events`);
for (const event of plan) line(describeEvent(event));

line("\nThe storm");
const cacheDirectory = join(scratch, "cache");
const outcome = await runStorm({
  plan,
  seed,
  durationMs,
  repository,
  cacheDirectory,
  indexDirectory: join(cacheDirectory, "index"),
  smallDisk,
  vectors: VECTORS,
  log: line,
  onProgress,
});
const { requests } = outcome.ledger;
line(
  `\n${requests.whole} requests answered in whole, ${requests.failed} not; events were at most ${outcome.latestMs.toFixed(0)} ms late`,
);
for (const [notice, times] of outcome.told.notices) line(`notice, ${times} times: ${notice.slice(0, 300)}`);
for (const failure of outcome.told.failed) line(`failed: ${failure}`);

const targets = measureTargets(outcome, {
  cacheDirectory,
  vectors: VECTORS,
  planned: plan.length,
  scratch,
  onProgress,
});
onProgress("");
line("");
for (const row of tableOf(targets)) line(row);
writeReport(values.json, { seed, minutes, events: plan.length, targets });
process.exit(targets.every(({ isMet }) => isMet) ? 0 : 1);
