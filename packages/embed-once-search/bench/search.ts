/**
 * What a search for the nearest vectors costs, on clustered vectors and on the `local` embedder's of a folder's files,
 * beside others who do the same job:
 *
 *   npm run bench:search                                     10,000 vectors of 1,536 dimensions
 *   npm run bench:search -- --chunks 10000,100000 --dimensions 1536,384
 *   npm run bench:search -- --rivals 100000                  most vectors that the rivals are measured with; 10,000
 *   npm run bench:search -- --folder DIR                     whose files `local` embeds; this repository where left out
 *   npm run bench:search -- --json FILE                      the figures for machines
 *
 * Recall is the share of the true best, by an exact scan in float64, that is among the answers. Who builds and who
 * searches are processes of their own, one after the other. The floor is a scan of all float32s in memory.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { dotProducts } from "embed-once/kernels";
import { writeReport } from "../../embed-once/bench/report.ts";
import { cosine, unitVector } from "../src/vector-store.ts";
import { mayAnswer, VectorFile } from "./contestants/contestant.ts";
import {
  type BuildMeasures,
  indexPath,
  type SearchMeasures,
  type SearchTask,
  type Timing,
  timingOf,
  vectorsPath,
} from "./search-process.ts";
import { clusteredVectors, repositoryVectors, type VectorSet, vectorOf } from "./search-vectors.ts";

const { values: options } = parseArgs({
  options: {
    chunks: { type: "string", default: "10000" },
    dimensions: { type: "string", default: "1536" },
    rivals: { type: "string", default: "10000" },
    folder: { type: "string", default: join(import.meta.dirname, "../../..") },
    json: { type: "string" },
  },
});

const QUERIES = 300;
/** Exact answers take long; recall is measured on so many of the queries. */
const CHECKED_QUERIES = 50;
const WANTED = 10;
/** Candidates for the fusion with words. */
const CANDIDATES = 30;
const RIVALS = ["lancedb", "sqlite-vec", "usearch"];
const PACKAGES = ["@lancedb/lancedb", "sqlite-vec", "usearch"];
const FLAGS = [
  "--conditions=embed-once-source",
  "--disable-warning=ExperimentalWarning",
  ...["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"],
];
/** Searches of one kind take so long at most, where it is enough to learn the recall. */
const MOST_MS = 5_000;
const UPDATES = 50;

interface Figures {
  name: string;
  buildMs: number;
  diskBytes: number;
  firstAnswerMs: number;
  privateBytes: number | undefined;
  searches: { limit: number; isConfined: boolean; ms: Timing; asked: number; recall: number }[];
  confineMs: number | undefined;
  putMs: Timing | undefined;
  searchAfterPutMs: Timing | undefined;
}

interface SetFigures {
  set: string;
  vectors: number;
  dimensions: number;
  contestants: Figures[];
  float32ScanMs: Timing;
}

function runProcess<Measures>(work: "build" | "search", contestant: string, folder: string): Measures {
  const script = join(import.meta.dirname, "search-process.ts");
  const output = execFileSync(process.execPath, [...FLAGS, script, work, contestant, folder], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  return JSON.parse(output);
}

function measure(contestant: string, folder: string, exact: readonly Float64Array[]): Figures {
  const { name, ms } = runProcess<BuildMeasures>("build", contestant, folder);
  const path = indexPath(folder, contestant);
  const diskBytes = bytesAt(path);
  const measures = runProcess<SearchMeasures>("search", contestant, folder);
  rmSync(path, { recursive: true });
  return {
    name,
    buildMs: ms,
    diskBytes,
    firstAnswerMs: measures.firstAnswer,
    privateBytes: measures.privateBytes,
    searches: measures.searches.map(({ timing, answers, ...search }) => ({
      ...search,
      ms: timing,
      recall: recallOf(answers, exact, search.limit, search.isConfined),
    })),
    confineMs: measures.confine,
    putMs: measures.put,
    searchAfterPutMs: measures.searchAfterPut,
  };
}

/** What lies at a path and beside it: a database keeps more files than one. */
function bytesAt(path: string): number {
  const folder = dirname(path);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && join(entry.parentPath, entry.name).startsWith(path))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** The similarities of all vectors to each of the checked queries, in float64. */
function exactSimilarities(set: VectorSet): Float64Array[] {
  const queries = set.queries.slice(0, CHECKED_QUERIES).map(unitVector);
  const similarities = queries.map(() => new Float64Array(set.count));
  const vector = new Float64Array(set.dimensions);
  for (let row = 0; row < set.count; row++) {
    vector.set(vectorOf(set, row));
    for (const [index, query] of queries.entries()) similarities[index]![row] = cosine(query, vector);
  }
  return similarities;
}

/** The share of the true best that an answer has; one as near as the last true one counts as such. */
function recallOf(
  answers: readonly number[][],
  exact: readonly Float64Array[],
  limit: number,
  isConfined: boolean,
): number {
  let found = 0;
  let wanted = 0;
  for (const [index, answer] of answers.entries()) {
    const similarities = exact[index]!;
    const eligible = isConfined ? similarities.filter((_, row) => mayAnswer(row)) : similarities;
    const best = eligible.toSorted().reverse().subarray(0, limit);
    const last = best.at(-1)!;
    const rows = new Set(answer.filter((row) => !isConfined || mayAnswer(row)));
    wanted += best.length;
    found += [...rows].filter((row) => similarities[row]! >= last).length;
  }
  return found / wanted;
}

/** Median and p99 of a plain scan over float32s that are all in memory. */
function scanFloat32s(set: VectorSet): Timing {
  const scores = new Float32Array(set.count);
  return timingOf(
    set.queries.slice(0, 20).map((query) => {
      const startedAt = performance.now();
      dotProducts(Float32Array.from(query), set.numbers, scores);
      return performance.now() - startedAt;
    }),
  );
}

function run(set: VectorSet, rivals: readonly string[]): SetFigures {
  const folder = mkdtempSync(join(tmpdir(), "embed-once-bench-search-"));
  try {
    const task: SearchTask = {
      count: set.count,
      dimensions: set.dimensions,
      queries: Array.from({ length: QUERIES }, (_, i) => set.queries[i % set.queries.length]!),
      limits: [WANTED, CANDIDATES],
      answers: CHECKED_QUERIES,
      mostMs: MOST_MS,
      update: { row: set.count >> 1, vector: Array.from(vectorOf(set, 0)), times: UPDATES },
    };
    new VectorFile(vectorsPath(folder), set.count, set.dimensions).write(set.numbers);
    const exact = exactSimilarities(set);
    const contestants = ["embed-once", ...rivals].map((contestant) => {
      // How many candidates embed-once itself takes says nothing of others.
      const limits = contestant === "embed-once" ? task.limits : [WANTED];
      writeFileSync(join(folder, "task.json"), JSON.stringify({ ...task, limits }));
      return measure(contestant, folder, exact);
    });
    const { name, count, dimensions } = set;
    return { set: name, vectors: count, dimensions, contestants, float32ScanMs: scanFloat32s(set) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const show = ({ p50, p99 }: Timing): string => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;

function print(figures: SetFigures): void {
  const lines = [`${figures.set}, ${figures.vectors} × ${figures.dimensions}`];
  for (const contestant of figures.contestants) {
    const { name, buildMs, privateBytes, confineMs, putMs, searchAfterPutMs } = contestant;
    const memory = privateBytes === undefined ? "unknown" : `+${(privateBytes / 1e6).toFixed(1)} MB`;
    lines.push(
      `  ${name}: built in ${(buildMs / 1000).toFixed(1)} s, ${(contestant.diskBytes / figures.vectors).toFixed(0)} bytes a vector on disk`,
      `    first answer of a new process after ${contestant.firstAnswerMs.toFixed(0)} ms; private memory ${memory}`,
      ...contestant.searches.map(
        ({ limit, isConfined, ms, asked, recall }) =>
          `    best ${limit}${isConfined ? " of 5 %" : ""}: ${show(ms)}, recall ${recall.toFixed(4)}, ${asked} asked`,
      ),
    );
    if (confineMs !== undefined) lines.push(`    rows of 5 % by their keys: ${confineMs.toFixed(1)} ms`);
    if (putMs && searchAfterPutMs) {
      lines.push(`    put of one vector: ${show(putMs)}; the search after it: ${show(searchAfterPutMs)}`);
    }
  }
  lines.push(`  floor, float32 scan of vectors in memory: ${show(figures.float32ScanMs)}`);
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

function wholeNumbers(name: string, text: string): number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number >= 0)) return numbers;
  throw new RangeError(`--${name} must be whole numbers, got ${text}`);
}

const sizes = wholeNumbers("chunks", options.chunks);
const [mostForRivals] = wholeNumbers("rivals", options.rivals);
const sets: SetFigures[] = [];
for (const dimensions of wholeNumbers("dimensions", options.dimensions)) {
  const makers = [
    ...sizes.map((size) => () => clusteredVectors(size, dimensions, QUERIES)),
    () => repositoryVectors(resolve(options.folder), Math.max(...sizes), dimensions, QUERIES),
  ];
  for (const make of makers) {
    const set = await make();
    const figures = run(set, set.count <= mostForRivals! ? RIVALS : []);
    print(figures);
    sets.push(figures);
  }
}
writeReport(options.json, { sets }, { folder: import.meta.dirname, packages: PACKAGES });
