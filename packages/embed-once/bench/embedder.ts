/**
 * What a cached text costs, everything included, beside other caches that do the same job: `npm run bench:embedder`.
 * Each contestant has a process of its own; their calls are timed in rounds, so that a machine that is slow for a
 * minute is slow for all. Options: `--vectors 20000`, `--calls 400`, `--json FILE`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Answer, BATCH, DIMENSIONS, type Request, TEXT_CHARACTERS } from "./embedder-contestant.ts";
import { contestants } from "./embedder-rivals.ts";
import { writeReport } from "./report.ts";

const RIVAL_PACKAGES = ["@langchain/classic", "keyv", "@keyv/sqlite", "cacheable", "bentocache"];
const ROUNDS = 10;
/** So long a contestant is called before a round's calls are timed: after a rest, memory and caches are another's. */
const WARM_UP_MS = 300;

const { values } = parseArgs({
  options: {
    vectors: { type: "string", default: "20000" },
    calls: { type: "string", default: "400" },
    json: { type: "string" },
  },
});
const textCount = Number(values.vectors);
const callsARound = Math.ceil(Number(values.calls) / ROUNDS);

interface Row {
  name: string;
  child: ChildProcess;
  texts: "any" | "hot";
  diskBytesAVector: number;
  /** Microseconds a text, one number a call. */
  samples: number[];
}

function resultOf({ name, samples, diskBytesAVector }: Row) {
  const sorted = samples.toSorted((a, b) => a - b);
  const [medianUs, p99Us] = [sorted[sorted.length >> 1]!, sorted[Math.floor(sorted.length * 0.99)]!];
  return { name, medianUs, p99Us, diskBytesAVector };
}

async function ask(child: ChildProcess, request: Request): Promise<Answer> {
  const answered = new AbortController();
  const ended = once(child, "exit", { signal: answered.signal }).then(() => {
    throw new Error("A contestant's process ended.");
  });
  const message = once(child, "message", { signal: answered.signal });
  child.send(request);
  try {
    const [answer] = await Promise.race([message, ended]);
    return answer;
  } finally {
    answered.abort();
    ended.catch(() => {});
  }
}

function diskBytes(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
}

function tell(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progress}`);
}

const root = mkdtempSync(join(tmpdir(), "embed-once-bench-"));
const children: ChildProcess[] = [];
const rows: Row[] = [];
try {
  for (const place of contestants.keys()) {
    const directory = join(root, String(place));
    mkdirSync(directory);
    const child = fork(join(import.meta.dirname, "embedder-contestant.ts"), [place, directory, textCount].map(String));
    children.push(child);
    tell(`filling ${place + 1} of ${contestants.length} caches`);
    const { name } = await ask(child, { do: "fill" });
    const row = (name: string, texts: Row["texts"]): Row => {
      return { name, child, texts, diskBytesAVector: diskBytes(directory) / textCount, samples: [] };
    };
    if (place > 0) rows.push(row(name, "any"));
    else rows.push(row(`${name}, from L3`, "any"), row(`${name}, from L1`, "hot"));
  }
  for (let round = 0; round < ROUNDS; round++) {
    tell(`round ${round + 1} of ${ROUNDS}`);
    for (const { child, texts, samples } of rows) {
      const answer = await ask(child, { do: "time", texts, calls: callsARound, warmUpMs: WARM_UP_MS });
      samples.push(...answer.samples);
    }
  }
  for (const child of children) await ask(child, { do: "close" });
} finally {
  for (const child of children) child.kill();
  tell("");
  rmSync(root, { recursive: true, force: true });
}

const results = rows.map(resultOf);
const [fromL3] = results;
process.stdout.write(
  `${textCount} texts of ${TEXT_CHARACTERS} characters, ${DIMENSIONS} dimensions, ${BATCH} a call\n`,
);
process.stdout.write(
  `${"".padEnd(28)}${"µs a text".padStart(10)}${"p99".padStart(10)}${"× L3".padStart(8)}${"disk".padStart(10)}\n`,
);
for (const { name, medianUs, p99Us, diskBytesAVector } of results) {
  const ratio = (medianUs / fromL3!.medianUs).toFixed(2);
  process.stdout.write(
    `${name.padEnd(28)}${medianUs.toFixed(1).padStart(10)}${p99Us.toFixed(1).padStart(10)}${ratio.padStart(8)}${diskBytesAVector.toFixed(0).padStart(10)}\n`,
  );
}
writeReport(
  values.json,
  { textCount, dimensions: DIMENSIONS, contestants: results },
  { folder: import.meta.dirname, packages: RIVAL_PACKAGES },
);
