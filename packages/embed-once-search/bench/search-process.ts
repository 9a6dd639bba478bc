/**
 * The measured processes of `bench:search`: one builds a contestant's index, another one opens it where it lies, as a
 * command or server would, and asks it. Arguments: "build" or "search", the contestant's file, the folder with the task.
 * Prints BuildMeasures or SearchMeasures as JSON.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Contestant, type OpenIndex, VectorFile } from "./contestants/contestant.ts";

export interface SearchTask {
  count: number;
  dimensions: number;
  queries: number[][];
  limits: number[];
  /** The first queries' answers are given back. */
  answers: number;
  /** Of searches of one kind; fewer where they take longer, but enough for the answers. */
  mostMs: number;
  /** A vector to put in the place of another one, so often. */
  update: { row: number; vector: number[]; times: number };
}

export interface Timing {
  /** Milliseconds. */
  p50: number;
  p99: number;
}

export interface BuildMeasures {
  name: string;
  ms: number;
}

export interface SearchMeasures {
  /** Milliseconds from opening the file to the first answer. */
  firstAnswer: number;
  searches: { limit: number; isConfined: boolean; timing: Timing; asked: number; answers: number[][] }[];
  /** To learn which rows may answer, where that is not part of every search, milliseconds. */
  confine: number | undefined;
  /** `put` of one vector that was there before, and the search after it. */
  put: Timing | undefined;
  searchAfterPut: Timing | undefined;
  /** Bytes of private memory that the searches took, as the system counts them; `undefined` where it does not tell. */
  privateBytes: number | undefined;
}

const WARM_UP = 10;

/** Where a task's vectors lie in its folder, and a contestant's index. */
export function vectorsPath(folder: string): string {
  return join(folder, "vectors.f32");
}
export function indexPath(folder: string, contestant: string): string {
  return join(folder, contestant);
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

async function timed<Result>(samples: number[], work: () => Result | Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const pending = work();
  // Waiting for what is there already would be in the figures, too.
  const result = pending instanceof Promise ? await pending : pending;
  samples.push(performance.now() - startedAt);
  return result;
}

/** The engine's young generation grows with the first garbage, whoever makes it; that is not what the store takes. */
function settle(): void {
  let garbage: number[] = [];
  for (let i = 0; i < 10_000; i++) garbage = Array.from({ length: 1_000 }, (_, k) => k + i);
  if (garbage.length !== 1_000) throw new Error("there was no garbage");
  for (let i = 0; i < 4; i++) globalThis.gc!();
}

async function searchAll(index: OpenIndex, task: SearchTask, limit: number, isConfined: boolean) {
  const samples: number[] = [];
  const answers: number[][] = [];
  const startedAt = performance.now();
  for (const query of task.queries) {
    if (answers.length === task.answers && performance.now() - startedAt > task.mostMs) break;
    const answer = await timed(samples, () => index.nearest(query, limit, isConfined));
    // All of them would be more than the store itself holds.
    if (answers.length < task.answers) answers.push(answer);
  }
  return { limit, isConfined, timing: timingOf(samples), asked: samples.length, answers };
}

async function search(
  contestant: Contestant,
  vectors: VectorFile,
  path: string,
  task: SearchTask,
): Promise<SearchMeasures> {
  settle();
  const bytesBefore = anonymousBytes();
  const first: number[] = [];
  const index = await timed(first, async () => {
    const opened = await contestant.open(path, vectors);
    await opened.nearest(task.queries[0]!, task.limits[0]!, false);
    return opened;
  });
  const confine: number[] = [];
  if (index.confine) await timed(confine, () => index.confine!());
  for (const query of task.queries.slice(0, WARM_UP)) await index.nearest(query, task.limits[0]!, false);
  const searches: SearchMeasures["searches"] = [];
  for (const limit of task.limits) {
    for (const isConfined of [false, true]) searches.push(await searchAll(index, task, limit, isConfined));
  }
  settle();
  const bytesAfter = anonymousBytes();

  const puts: number[] = [];
  const searchesAfter: number[] = [];
  const { row, vector, times } = task.update;
  for (let i = 0; index.put && i < times; i++) {
    await timed(puts, () => index.put!(row, vector));
    await timed(searchesAfter, () => index.nearest(task.queries[i % task.queries.length]!, task.limits[0]!, false));
  }
  return {
    firstAnswer: first[0]!,
    searches,
    confine: confine[0],
    put: index.put && timingOf(puts),
    searchAfterPut: index.put && timingOf(searchesAfter),
    privateBytes: bytesBefore === undefined ? undefined : bytesAfter! - bytesBefore,
  };
}

async function build(contestant: Contestant, vectors: VectorFile, path: string): Promise<BuildMeasures> {
  const samples: number[] = [];
  await timed(samples, async () => contestant.build(vectors, path));
  return { name: contestant.name, ms: samples[0]! };
}

if (import.meta.main) {
  const [work, file, folder] = process.argv.slice(2) as [string, string, string];
  const task: SearchTask = JSON.parse(readFileSync(join(folder, "task.json"), "utf8"));
  const vectors = new VectorFile(vectorsPath(folder), task.count, task.dimensions);
  const { contestant } = (await import(`./contestants/${file}.ts`)) as { contestant: Contestant };
  const path = indexPath(folder, file);
  const measures =
    work === "build" ? await build(contestant, vectors, path) : await search(contestant, vectors, path, task);
  process.stdout.write(JSON.stringify(measures));
}
