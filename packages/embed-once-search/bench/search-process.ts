/**
 * The measured process of `bench:search`: it opens an index that lies there, as a command or server would, and asks it.
 * Arguments: the index, a JSON file of SearchTask. Prints SearchMeasures as JSON.
 */
import { readFileSync } from "node:fs";
import { openIndexFile } from "../src/index-file.ts";
import type { RowSet } from "../src/row-set.ts";
import { SqliteVectorStore } from "../src/sqlite-vector-store.ts";
import type { Neighbour, TextKey } from "../src/vector-store.ts";

export interface SearchTask {
  queries: number[][];
  limits: number[];
  /** Keys of the vectors that a filtered search may answer with. */
  among: TextKey[];
  /** The first queries' answers are given back. */
  answers: number;
  /** A vector to put in the place of another one, so often. */
  update: { key: TextKey; vector: number[]; times: number };
}

export interface Timing {
  /** Milliseconds. */
  p50: number;
  p99: number;
}

export interface SearchMeasures {
  /** Milliseconds from opening the file to the first answer. */
  firstAnswer: number;
  searches: { limit: number; isFiltered: boolean; timing: Timing; answers: Neighbour[][] }[];
  /** From the keys of 5 % of the vectors to their rows, milliseconds. */
  rowsOf: number;
  /** `put` of one vector that was there before, and the search after it, milliseconds. */
  put: Timing;
  searchAfterPut: Timing;
  /** Bytes of private memory that the searches took, as the system counts them; `undefined` where it does not tell. */
  privateBytes: number | undefined;
}

export function timingOf(samples: readonly number[]): Timing {
  const ordered = samples.toSorted((a, b) => a - b);
  return { p50: ordered[ordered.length >> 1]!, p99: ordered[Math.floor(ordered.length * 0.99)]! };
}

/** Anonymous memory of this process: what it has for itself, mapped files left out. */
function anonymousBytes(): number | undefined {
  if (process.platform !== "linux") return undefined;
  const kilobytes = /^Anonymous:\s+(\d+) kB/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))![1];
  return Number(kilobytes) * 1024;
}

function timed<Result>(samples: number[], work: () => Result): Result {
  const startedAt = performance.now();
  const result = work();
  samples.push(performance.now() - startedAt);
  return result;
}

/** The engine's young generation grows with the first garbage, whoever makes it; that is not what the store takes. */
function settle(): void {
  let garbage: number[] = [];
  for (let i = 0; i < 20_000; i++) garbage = Array.from({ length: 1_000 }, (_, k) => k + i);
  if (garbage.length !== 1_000) throw new Error("there was no garbage");
  for (let i = 0; i < 4; i++) globalThis.gc!();
}

function measure(path: string, task: SearchTask): SearchMeasures {
  settle();
  const bytesBefore = anonymousBytes();
  const first: number[] = [];
  const store = timed(first, () => {
    const opened = new SqliteVectorStore(openIndexFile(path).database);
    opened.nearest(task.queries[0]!, task.limits[0]!);
    return opened;
  });
  const rowsOf: number[] = [];
  const among = timed(rowsOf, () => store.rowsOf(task.among));

  const search = (limit: number, filter: RowSet | undefined): SearchMeasures["searches"][number] => {
    const samples: number[] = [];
    const answers: Neighbour[][] = [];
    for (const query of task.queries) {
      const answer = timed(samples, () => store.nearest(query, limit, filter));
      // All of them would be more than the store itself holds.
      if (answers.length < task.answers) answers.push(answer);
    }
    return { limit, isFiltered: filter !== undefined, timing: timingOf(samples), answers };
  };
  for (const query of task.queries.slice(0, 20)) store.nearest(query, task.limits[0]!);
  const searches = task.limits.flatMap((limit) => [search(limit, undefined), search(limit, among)]);
  settle();
  const bytesAfter = anonymousBytes();

  const puts: number[] = [];
  const searchesAfter: number[] = [];
  const { key, vector, times } = task.update;
  for (let i = 0; i < times; i++) {
    timed(puts, () => store.put([{ key, vector }]));
    timed(searchesAfter, () => store.nearest(task.queries[i % task.queries.length]!, task.limits[0]!));
  }
  return {
    firstAnswer: first[0]!,
    searches,
    rowsOf: rowsOf[0]!,
    put: timingOf(puts),
    searchAfterPut: timingOf(searchesAfter),
    privateBytes: bytesBefore === undefined ? undefined : bytesAfter! - bytesBefore,
  };
}

if (import.meta.main) {
  const [path, task] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(measure(path!, JSON.parse(readFileSync(task!, "utf8")))));
}
