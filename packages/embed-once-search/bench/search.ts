/**
 * What a search for the nearest vectors costs, on clustered vectors and on the `local` embedder's of a folder's files:
 *
 *   npm run bench:search                                     10,000 vectors of 1,536 and of 384 dimensions
 *   npm run bench:search -- --chunks 100000 --dimensions 1536
 *   npm run bench:search -- --folder DIR                     whose files `local` embeds; this repository where left out
 *   npm run bench:search -- --json FILE                      the figures for machines
 *
 * Every answer is compared with an exact scan in float64 before anything is reported. The floor beside it is a scan of
 * all float32s in memory, without an index.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { dotProducts } from "embed-once/kernels";
import { openIndexFile } from "../src/index-file.ts";
import { SqliteVectorStore } from "../src/sqlite-vector-store.ts";
import { cosine, type Neighbour, unitVector } from "../src/vector-store.ts";
import { type SearchMeasures, type SearchTask, type Timing, timingOf } from "./search-process.ts";
import { clusteredVectors, repositoryVectors, type VectorSet, vectorOf } from "./search-vectors.ts";

const { values: options } = parseArgs({
  options: {
    chunks: { type: "string", default: "10000" },
    dimensions: { type: "string", default: "1536,384" },
    folder: { type: "string", default: join(import.meta.dirname, "../../..") },
    json: { type: "string" },
  },
});

const QUERIES = 300;
/** Exact answers take long; recall is measured on so many of the queries. */
const CHECKED_QUERIES = 50;
/** Results that are wanted, and candidates for the fusion with words. */
const LIMITS = [10, 30];
const FLAGS = ["--conditions=embed-once-source", "--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];
const FILTERED_SHARE = 20; // one in twenty may answer
const BATCH = 64;
const UPDATES = 50;

interface Figures {
  set: string;
  vectors: number;
  dimensions: number;
  buildMs: number;
  bytesPerVector: number;
  firstAnswerMs: number;
  privateBytes: number | undefined;
  searches: { limit: number; isFiltered: boolean; ms: Timing; recall: number }[];
  rowsOfMs: number;
  putMs: Timing;
  searchAfterPutMs: Timing;
  float32ScanMs: Timing;
}

const keyOf = (row: number): string => createHash("sha256").update(`text ${row}`).digest("hex");
const mayAnswer = (row: number): boolean => Number.parseInt(keyOf(row).slice(0, 8), 16) % FILTERED_SHARE === 0;

function build(set: VectorSet, path: string): number {
  const startedAt = performance.now();
  const { database } = openIndexFile(path);
  const store = new SqliteVectorStore(database);
  for (let first = 0; first < set.count; first += BATCH) {
    const count = Math.min(BATCH, set.count - first);
    store.put(
      Array.from({ length: count }, (_, i) => ({
        key: keyOf(first + i),
        vector: Array.from(vectorOf(set, first + i)),
      })),
    );
  }
  database.close();
  return performance.now() - startedAt;
}

function measure(set: VectorSet, folder: string, path: string): SearchMeasures {
  const rows = Array.from({ length: set.count }, (_, row) => row);
  const task: SearchTask = {
    queries: Array.from({ length: QUERIES }, (_, i) => set.queries[i % set.queries.length]!),
    limits: LIMITS,
    among: rows.filter(mayAnswer).map(keyOf),
    answers: CHECKED_QUERIES,
    update: { key: keyOf(set.count >> 1), vector: Array.from(vectorOf(set, 0)), times: UPDATES },
  };
  const taskPath = join(folder, "task.json");
  writeFileSync(taskPath, JSON.stringify(task));
  const script = join(import.meta.dirname, "search-process.ts");
  const output = execFileSync(process.execPath, [...FLAGS, script, path, taskPath], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  return JSON.parse(output);
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
  answers: readonly Neighbour[][],
  exact: readonly Float64Array[],
  limit: number,
  only: boolean,
): number {
  let found = 0;
  let wanted = 0;
  for (const [index, answer] of answers.entries()) {
    const similarities = exact[index]!;
    const eligible = only ? similarities.filter((_, row) => mayAnswer(row)) : similarities;
    const best = eligible.toSorted().reverse().subarray(0, limit);
    const last = best.at(-1)!;
    wanted += best.length;
    found += answer.filter(({ similarity }) => similarity >= last).length;
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

function run(set: VectorSet): Figures {
  const folder = mkdtempSync(join(tmpdir(), "embed-once-bench-search-"));
  try {
    const path = join(folder, "index.sqlite");
    const buildMs = build(set, path);
    const bytesPerVector = statSync(path).size / set.count;
    const measures = measure(set, folder, path);
    const exact = exactSimilarities(set);
    return {
      set: set.name,
      vectors: set.count,
      dimensions: set.dimensions,
      buildMs,
      bytesPerVector,
      firstAnswerMs: measures.firstAnswer,
      privateBytes: measures.privateBytes,
      searches: measures.searches.map(({ limit, isFiltered, timing, answers }) => ({
        limit,
        isFiltered,
        ms: timing,
        recall: recallOf(answers, exact, limit, isFiltered),
      })),
      rowsOfMs: measures.rowsOf,
      putMs: measures.put,
      searchAfterPutMs: measures.searchAfterPut,
      float32ScanMs: scanFloat32s(set),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function print(figures: Figures): void {
  const show = ({ p50, p99 }: Timing): string => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
  const lines = [
    `${figures.set}, ${figures.vectors} × ${figures.dimensions}`,
    `  built in ${(figures.buildMs / 1000).toFixed(1)} s, ${figures.bytesPerVector.toFixed(0)} bytes a vector on disk`,
    `  first answer of a new process after ${figures.firstAnswerMs.toFixed(0)} ms; private memory ` +
      (figures.privateBytes === undefined ? "unknown" : `+${(figures.privateBytes / 1e6).toFixed(1)} MB`),
    ...figures.searches.map(
      ({ limit, isFiltered, ms, recall }) =>
        `  best ${limit}${isFiltered ? " of 5 %" : ""}: ${show(ms)}, recall ${recall.toFixed(4)}`,
    ),
    `  rows of 5 % by their keys: ${figures.rowsOfMs.toFixed(1)} ms`,
    `  put of one vector: ${show(figures.putMs)}; the search after it: ${show(figures.searchAfterPutMs)}`,
    `  floor, float32 scan of vectors in memory: ${show(figures.float32ScanMs)}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

const chunks = Number(options.chunks);
if (!Number.isInteger(chunks) || chunks < 1)
  throw new RangeError(`--chunks must be a whole number, got ${options.chunks}`);
const all: Figures[] = [];
for (const dimensions of options.dimensions.split(",").map(Number)) {
  for (const make of [
    () => clusteredVectors(chunks, dimensions, QUERIES),
    () => repositoryVectors(resolve(options.folder), chunks, dimensions, QUERIES),
  ]) {
    const figures = run(await make());
    print(figures);
    all.push(figures);
  }
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(all, undefined, 2)}\n`);
