/**
 * How long the words of a question take to answer: npm run bench:words -- [--chunks 100000] [--questions 200] [--json FILE],
 * and a whole question with its vector: --dimensions 1536 gives each chunk a vector (see `clusteredVectors`).
 *
 * Generated chunks of 20 lines, ten in a file, with words as unevenly spread as in real text (Zipf); questions of one to
 * six words of the same spread, a fifth of them identifiers. Everything but the vectors and the reading of files is timed:
 * reading the question, the lists of words, filters, places, ranking. Beside it FTS5 with its own bm25() over the same
 * texts. Before anything is timed, the only chunk with a certain word must come first.
 */
import { hash } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeReport } from "../../embed-once/bench/report.ts";
import { type FilterCondition, readFilter } from "../src/chunk-filter.ts";
import { gatherCandidates } from "../src/find-chunks.ts";
import { openIndexFile } from "../src/index-file.ts";
import { IndexStore, type ReadFile } from "../src/index-store.ts";
import { tokenize } from "../src/lexical.ts";
import { readQuestion } from "../src/question.ts";
import { rank } from "../src/ranking.ts";
import { openDatabase, transaction } from "../src/sqlite.ts";
import type { TextKey } from "../src/vector-store.ts";
import { clusteredVectors, vectorOf } from "./search-vectors.ts";

const { values: options } = parseArgs({
  options: {
    chunks: { type: "string", default: "100000" },
    questions: { type: "string", default: "200" },
    dimensions: { type: "string" },
    json: { type: "string" },
  },
});
const chunkCount = wholeNumber("chunks", options.chunks);
const questionCount = wholeNumber("questions", options.questions);
const dimensions = options.dimensions === undefined ? undefined : wholeNumber("dimensions", options.dimensions);

const CHUNKS_OF_FILE = 10;
const LINES_OF_CHUNK = 20;
const FILES_OF_BATCH = 50;
const VOCABULARY = 40_000;
/** Places of the commonest words, as if these were stop words. */
const HEAD = 6;
const ENDINGS = ["ts", "py", "go", "rs", "java", "md"];
const NEEDLE = "needleInTheHaystack";

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new RangeError(`--${name} must be a whole number, got ${text}`);
  return number;
}

let state = 1;
/** 0 to 1, by a linear congruential generator (Numerical Recipes). */
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

const cumulated = new Float64Array(VOCABULARY);
for (let i = 0, sum = 0; i < VOCABULARY; i++) {
  sum += 1 / (i + HEAD);
  cumulated[i] = sum;
}

/** A word that a reader could pronounce, another for each number. */
function wordOf(index: number): string {
  let word = "";
  for (let rest = index + 1; rest > 0 || word.length < 4; rest = Math.floor(rest / 80)) {
    word += "bcdfghklmnprstvz"[rest % 16]! + "aeiou"[(rest >> 4) % 5]!;
  }
  return word;
}

function drawWord(): string {
  const wanted = random() * cumulated.at(-1)!;
  let low = 0;
  let high = VOCABULARY - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulated[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return wordOf(low);
}

function drawIdentifier(): string {
  const second = drawWord();
  return drawWord() + second[0]!.toUpperCase() + second.slice(1);
}

function drawText(): string {
  const lines = Array.from(
    { length: LINES_OF_CHUNK - 2 },
    () => `  ${drawIdentifier()} = ${drawWord()}(${drawWord()}, ${drawWord()});`,
  );
  return [`export function ${drawIdentifier()}(value) {`, ...lines, "}"].join("\n");
}

function drawFile(index: number): ReadFile {
  const path = `src/${wordOf(index % 20)}/${drawWord()}/${drawWord()}${index}.${ENDINGS[index % ENDINGS.length]}`;
  const chunks = Array.from({ length: CHUNKS_OF_FILE }, (_, chunk) => {
    const text = index === 0 && chunk === 0 ? `// ${NEEDLE}\n${drawText()}` : drawText();
    const startLine = 1 + chunk * (LINES_OF_CHUNK + 1);
    return { startLine, endLine: startLine + text.split("\n").length - 1, text, key: hash("sha256", text) };
  });
  return { path, stamp: "", content: { hash: String(index), chunks } };
}

interface Timing {
  name: string;
  p50Ms: number;
  p99Ms: number;
  /** Processor time of one question on average, which other processes on the machine change less. */
  cpuMs: number;
}

function time(name: string, questions: readonly string[], answer: (question: string) => unknown): Timing {
  for (const question of questions.slice(0, 20)) answer(question);
  const cpuBefore = process.cpuUsage();
  const times = questions.map((question) => {
    const startedAt = performance.now();
    answer(question);
    return performance.now() - startedAt;
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
  const timing = { name, p50Ms: at(0.5), p99Ms: at(0.99), cpuMs: (user + system) / 1000 / questions.length };
  process.stdout.write(
    `${name.padEnd(44)}${[timing.p50Ms, timing.p99Ms, timing.cpuMs].map((ms) => ms.toFixed(2).padStart(9)).join("")} ms\n`,
  );
  return timing;
}

const folder = mkdtempSync(join(tmpdir(), "embed-once-words-"));
try {
  const indexFile = join(folder, "index.sqlite");
  const store = new IndexStore(openIndexFile(indexFile).database);
  const rival = openDatabase(join(folder, "rival.sqlite"));
  rival.exec("CREATE VIRTUAL TABLE word USING fts5(body, content = '', tokenize = 'porter ascii')");
  const insert = rival.prepare("INSERT INTO word (rowid, body) VALUES (?, ?)");

  let buildMs = 0;
  let rows = 0;
  const keys: TextKey[] = [];
  const fileCount = Math.ceil(chunkCount / CHUNKS_OF_FILE);
  for (let first = 0; first < fileCount; first += FILES_OF_BATCH) {
    const count = Math.min(FILES_OF_BATCH, fileCount - first);
    const files = Array.from({ length: count }, (_, index) => drawFile(first + index));
    const startedAt = performance.now();
    store.writeFiles(files);
    buildMs += performance.now() - startedAt;
    for (const { content } of files) if ("chunks" in content) keys.push(...content.chunks.map(({ key }) => key));
    transaction(rival, () => {
      for (const { content } of files) {
        if ("chunks" in content) for (const { text } of content.chunks) insert.run(++rows, tokenize(text).join(" "));
      }
    });
  }
  const { chunks } = store.counts();
  rival.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  process.stdout.write(
    `${chunks} chunks in ${fileCount} files written in ${(buildMs / 1000).toFixed(1)} s (${((1000 * buildMs) / chunks).toFixed(0)} µs a chunk)\n`,
  );

  const questions = Array.from({ length: questionCount }, () => {
    const words = 1 + Math.floor(random() * 6);
    return Array.from({ length: words }, () => (random() < 0.2 ? drawIdentifier() : drawWord())).join(" ");
  });
  const answer = (text: string, filter?: FilterCondition, vector?: readonly number[]) => {
    const question = readQuestion(text);
    return rank(gatherCandidates(store, question, vector, { filter }), question);
  };
  const found = answer(NEEDLE)[0];
  if (found?.startLine !== 1 || !found.path.endsWith("0.ts"))
    throw new Error(`The needle was not found first: ${found?.path}`);

  const rivalBest = rival.prepare("SELECT rowid FROM word WHERE word MATCH ? ORDER BY bm25(word) LIMIT 200");
  const asRivalTakes = (text: string): string =>
    readQuestion(text)
      .words.map((word) => `"${word}"`)
      .join(" OR ");
  if ((rivalBest.get(asRivalTakes(NEEDLE)) as { rowid: number } | undefined)?.rowid !== 1)
    throw new Error("The rival is at fault");

  /** The same questions with vectors: as many clusters as there may be topics. */
  function wholeQuestions(length: number): Timing[] {
    const set = clusteredVectors(keys.length, length, questions.length);
    for (let first = 0; first < keys.length; first += FILES_OF_BATCH) {
      const batch = keys.slice(first, first + FILES_OF_BATCH);
      store.vectors.put(batch.map((key, i) => ({ key, vector: Array.from(vectorOf(set, first + i)) })));
    }
    let next = 0;
    const vector = () => set.queries[next++ % set.queries.length]!;
    const filter = readFilter({ pathPrefix: `src/${wordOf(3)}` });
    return [
      time(`words and vectors of ${length}`, questions, (question) => answer(question, undefined, vector())),
      time(`words and vectors of ${length}, one folder (5 %)`, questions, (question) =>
        answer(question, filter, vector()),
      ),
    ];
  }

  process.stdout.write(`${"".padEnd(44)}${"p50".padStart(9)}${"p99".padStart(9)}${"cpu".padStart(9)}\n`);
  const timings = [
    time("words, ranked", questions, (question) => answer(question)),
    ...(
      [
        ["one folder of 20 (5 %)", { pathPrefix: `src/${wordOf(3)}` }],
        ["one language of 6 (17 %)", { language: "go" }],
        ["a glob (17 %)", { glob: "*.md" }],
      ] as const
    ).map(([name, filter]) => {
      const condition = readFilter(filter);
      return time(`words, ranked, ${name}`, questions, (question) => answer(question, condition));
    }),
    ...(dimensions === undefined ? [] : wholeQuestions(dimensions)),
    time("FTS5's bm25(), best 200 row numbers", questions, (question) => rivalBest.all(asRivalTakes(question))),
  ];
  store.close();
  rival.close();
  const bytes = statSync(indexFile).size;
  process.stdout.write(`index without vectors: ${(bytes / chunks).toFixed(0)} bytes a chunk\n`);
  writeReport(options.json, { chunks, questions: questions.length, buildMs, bytesAChunk: bytes / chunks, timings });
} finally {
  rmSync(folder, { recursive: true });
}
