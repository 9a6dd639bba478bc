/**
 * How often search finds the right place: npm run bench:quality -- <git repository or folder> … [--json FILE]
 * [--commits 60] [--functions 200] [--seed 1]
 *
 * (a) A commit's subject must find the files that the commit changed, in the state before it. (b) A function's description,
 * taken out of the sources like all others, must find the function. A folder that is no repository has (b) only.
 *
 * Five ways to rank the same chunks: BM25 over plain tokens (the baseline), words, vectors, both fused, fused and ranked.
 * The embedder is `local`. nDCG@10 with relevance 0 or 1, recall@10: the share of what should be found.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeReport } from "../../embed-once/bench/report.ts";
import { LocalEmbedder } from "../../embed-once/src/provider/local.ts";
import { seededRandom } from "../../embed-once/test/codec/provider-vectors.ts";
import { readContent } from "../src/catalogue.ts";
import { embed } from "../src/embed-missing.ts";
import { gatherCandidates, vectorScores, wordScores } from "../src/find-chunks.ts";
import { openIndexFile } from "../src/index-file.ts";
import { type ChunkPlace, IndexStore } from "../src/index-store.ts";
import { indexFolder } from "../src/indexer.ts";
import { readQuestion } from "../src/question.ts";
import { rank } from "../src/ranking.ts";
import { readSourceFile } from "../src/source-file.ts";
import { walk } from "../src/walk.ts";
import { commitQuestions, git } from "./commit-questions.ts";
import { type DocstringQuestion, takeDocstrings } from "./docstring-questions.ts";
import { PlainBm25 } from "./plain-bm25.ts";

const WAYS = ["plain BM25", "words", "vectors", "fused", "ranked"] as const;
type Way = (typeof WAYS)[number];
type Place = Pick<ChunkPlace, "path" | "startLine" | "endLine">;
type Measures = Record<Way, { ndcg: number; recall: number }>;

interface TaskResult {
  task: "commits" | "functions";
  repository: string;
  questions: number;
  chunks: number;
  measures: Measures;
}

const CUT = 10;
const TEST_FILE =
  /(?:^|\/)(?:__tests__|tests?|spec|fixtures|testdata|playground|examples?)\/|[._-](?:test|spec)\.|_test\.go$/;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    commits: { type: "string", default: "60" },
    functions: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});
const commits = wholeNumber("commits", options.commits);
const functions = wholeNumber("functions", options.functions);
const seed = wholeNumber("seed", options.seed);
if (positionals.length === 0) throw new Error("Name one git repository or folder at least");

const embedder = new LocalEmbedder();

/** One folder with its index in a temporary place, ranked in all ways. */
class Subject {
  readonly root: string;
  readonly #store: IndexStore;
  #plain: { index: PlainBm25; places: Place[] } | undefined;

  constructor(root: string, indexFile: string) {
    this.root = root;
    this.#store = new IndexStore(openIndexFile(indexFile).database);
  }

  get chunks(): number {
    return this.#store.counts().chunks;
  }

  /** Brings both indexes up to what lies in the folder. */
  async update(): Promise<void> {
    await indexFolder(this.root, this.#store, embedder);
    const places: Place[] = [];
    const texts: string[] = [];
    for (const { path, skipped } of this.#store.knownFiles().values()) {
      if (skipped !== null) continue;
      const content = await readContent(this.root, path, undefined);
      if ("skipped" in content) throw new Error(`${path} is indexed and cannot be read`);
      for (const { startLine, endLine, text } of content.chunks) {
        places.push({ path, startLine, endLine });
        texts.push(text);
      }
    }
    if (texts.length !== this.chunks) throw new Error(`${texts.length} chunks read, ${this.chunks} indexed`);
    this.#plain = { index: new PlainBm25(texts), places };
  }

  async ask(text: string): Promise<Record<Way, Place[]>> {
    const question = readQuestion(text);
    const [vector] = await embed(embedder, [text], "query", undefined);
    const candidates = gatherCandidates(this.#store, question, vector!);
    return {
      "plain BM25": this.#plain!.index.search(text).map(({ document }) => this.#plain!.places[document]!),
      words: this.#ordered(wordScores(this.#store, question)),
      vectors: this.#ordered(vectorScores(this.#store, vector!)),
      fused: byScore(candidates),
      ranked: rank(candidates, question),
    };
  }

  #ordered(scores: ReadonlyMap<number, number>): Place[] {
    return byScore(this.#store.places(scores.keys()).map((place) => ({ ...place, score: scores.get(place.chunkId)! })));
  }

  close(): void {
    this.#store.close();
  }
}

function byScore<Item extends Place & { score: number }>(items: readonly Item[]): Item[] {
  return items.toSorted(
    (a, b) => b.score - a.score || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.startLine - b.startLine),
  );
}

/** Adds up measures over questions. `relevant` says which of the things wanted a place is, or none. */
class Scores {
  readonly #sums: Measures = Object.fromEntries(WAYS.map((way) => [way, { ndcg: 0, recall: 0 }])) as Measures;
  questions = 0;

  add(found: Record<Way, Place[]>, thing: (place: Place) => string, wanted: ReadonlySet<string>): void {
    this.questions++;
    const ideal = discounted(Array.from({ length: Math.min(CUT, wanted.size) }, (_, index) => index));
    for (const way of WAYS) {
      const things = [...new Set(found[way].map(thing))].slice(0, CUT);
      const hits = things.flatMap((item, index) => (wanted.has(item) ? [index] : []));
      this.#sums[way].ndcg += discounted(hits) / ideal;
      this.#sums[way].recall += hits.length / wanted.size;
    }
  }

  means(): Measures {
    return Object.fromEntries(
      WAYS.map((way) => {
        const { ndcg, recall } = this.#sums[way];
        return [way, { ndcg: ndcg / this.questions, recall: recall / this.questions }];
      }),
    ) as Measures;
  }
}

function discounted(indexes: readonly number[]): number {
  return indexes.reduce((sum, index) => sum + 1 / Math.log2(index + 2), 0);
}

async function measureCommits(repository: string, count: number, seed: number, folder: string): Promise<TaskResult> {
  const root = join(folder, "tree");
  git(folder, "clone", "--quiet", "--shared", "--no-checkout", repository, root);
  const sampled = sample(commitQuestions(root), 4 * count, seed);
  // In the order of history each state is near the one before it, so that little has to be indexed anew.
  const order = new Map(
    git(root, "log", "--format=%H")
      .trim()
      .split("\n")
      .map((commit, index) => [commit, -index]),
  );
  sampled.splice(count);
  sampled.sort((a, b) => order.get(a.commit)! - order.get(b.commit)!);
  const subject = new Subject(root, join(folder, "commits.sqlite"));
  const scores = new Scores();
  for (const { question, parent, files } of sampled) {
    git(root, "checkout", "--quiet", "--force", "--detach", parent);
    await subject.update();
    scores.add(await subject.ask(question), ({ path }) => path, new Set(files));
  }
  const result = { questions: scores.questions, chunks: subject.chunks, measures: scores.means() };
  subject.close();
  return { task: "commits", repository: basename(repository), ...result };
}

async function measureFunctions(
  source: string,
  name: string,
  count: number,
  seed: number,
  folder: string,
): Promise<TaskResult> {
  const root = join(folder, "without-descriptions");
  const questions: (DocstringQuestion & { path: string })[] = [];
  for (const step of walk(source)) {
    if ("skipped" in step) continue;
    const { path } = step.file;
    const file = readSourceFile(source, path);
    if ("skipped" in file) continue;
    const taken = takeDocstrings(path, file.text);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), taken?.text ?? file.text);
    if (taken !== undefined && !TEST_FILE.test(path)) {
      for (const question of taken.questions) questions.push({ ...question, path });
    }
  }
  const subject = new Subject(root, join(folder, "functions.sqlite"));
  await subject.update();
  const scores = new Scores();
  for (const { question, path, line } of sample(questions, count, seed)) {
    const isIt = (place: Place): boolean => place.path === path && place.startLine <= line && line <= place.endLine;
    const thing = (place: Place): string => (isIt(place) ? "it" : `${place.path}:${place.startLine}`);
    scores.add(await subject.ask(question), thing, new Set(["it"]));
  }
  const result = { questions: scores.questions, chunks: subject.chunks, measures: scores.means() };
  subject.close();
  return { task: "functions", repository: name, ...result };
}

/** `count` of the items, or all, in an order that the seed decides. */
function sample<Item>(items: readonly Item[], count: number, seed: number): Item[] {
  const random = seededRandom(seed);
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled.slice(0, count);
}

async function measure(source: string): Promise<TaskResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "embed-once-quality-"));
  try {
    const isRepository = gitOf(source);
    const results = isRepository ? [await measureCommits(source, commits, seed, folder)] : [];
    const sources = isRepository ? join(folder, "head") : source;
    if (isRepository) git(folder, "clone", "--quiet", "--shared", source, sources);
    results.push(await measureFunctions(sources, basename(source), functions, seed, folder));
    return results.filter(({ questions }) => questions > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function gitOf(source: string): boolean {
  try {
    git(source, "rev-parse", "HEAD");
    return true;
  } catch {
    return false;
  }
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new RangeError(`--${name} must be a whole number, got ${text}`);
  return number;
}

const NAME_WIDTH = 24;
const COLUMN_WIDTH = 17;

function printRow(name: string, task: string, questions: string, cells: readonly string[]): void {
  const columns = cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join("");
  process.stdout.write(`${name.padEnd(NAME_WIDTH)}${task.padEnd(10)}${questions.padStart(5)}${columns}\n`);
}

function printResult(name: string, task: string, questions: number, measures: Measures): void {
  const cells = WAYS.map((way) => `${measures[way].ndcg.toFixed(3)} ${measures[way].recall.toFixed(3)}`);
  printRow(name, task, String(questions), cells);
}

function mean(results: readonly TaskResult[]): Measures {
  const average = (way: Way, measure: "ndcg" | "recall"): number =>
    results.reduce((sum, { measures }) => sum + measures[way][measure], 0) / results.length;
  return Object.fromEntries(
    WAYS.map((way) => [way, { ndcg: average(way, "ndcg"), recall: average(way, "recall") }]),
  ) as Measures;
}

printRow("nDCG@10 recall@10", "task", "asked", WAYS);
const results: TaskResult[] = [];
for (const source of positionals) {
  for (const result of await measure(resolve(source))) {
    results.push(result);
    printResult(result.repository, result.task, result.questions, result.measures);
  }
}
const average = mean(results);
printResult(
  "average",
  "",
  results.reduce((sum, { questions }) => sum + questions, 0),
  average,
);
const gain = average.ranked.ndcg / average["plain BM25"].ndcg - 1;
const below = results.filter(({ measures }) => measures.ranked.ndcg < measures["plain BM25"].ndcg);
process.stdout.write(
  `ranked above plain BM25 by ${(100 * gain).toFixed(1)} % on average, below it in ${below.length} of ${results.length}\n`,
);
writeReport(options.json, { commits, functions, seed, results, average, gain });
