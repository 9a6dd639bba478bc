/**
 * What a repository's life costs to embed: replays the first-parent history of a local git repository and counts, commit
 * by commit, which chunks of the changed files were seen before and which would have to be embedded.
 *
 * npm run bench:history -- <git repository> [--commits 300] [--json FILE]
 */
import { parseArgs } from "node:util";
import { writeReport } from "../../embed-once/bench/report.ts";
import { type Chunk, chunkSource, chunkText, prepareToChunk } from "../src/chunker.ts";
import { decodeSource } from "../src/source-file.ts";
import { type ChangedFile, GitObjects, readHistory, readTree } from "./git-history.ts";

type Chunker = (text: string, path: string) => Pick<Chunk, "text">[];

const CHUNKERS: Readonly<Record<string, Chunker>> = {
  "syntax tree": chunkSource,
  "content-defined lines": (text) => chunkText(text),
  "windows of 40 lines": (text) => windowsOfLines(text, 40),
  "windows of 2,000 characters": (text) => windowsOfCharacters(text, 2000),
};

const MAX_FILE_BYTES = 1_000_000;

/** What the walk leaves out by name. */
const NOT_INDEXED = /(?:^|\/)(?:[^/]*[.-]lock(?:\.(?:json|yaml))?|npm-shrinkwrap\.json|go\.sum)$|\.map$|[.-]min\.\w+$/;

class Tally {
  /** Chunks of changed files, and their non-blank characters. */
  chunks = 0;
  characters = 0;
  /** Of these, distinct texts that were never seen before. */
  embedded = 0;
  embeddedCharacters = 0;
  /** Before the first commit of the replay. */
  atStart = 0;
  ms = 0;
  readonly #seen = new Set<string>();

  start(chunks: readonly Pick<Chunk, "text">[]): void {
    this.atStart += chunks.length;
    for (const { text } of chunks) this.#seen.add(text);
  }

  add(chunks: readonly Pick<Chunk, "text">[]): void {
    for (const { text } of chunks) {
      const size = nonBlank(text);
      this.chunks++;
      this.characters += size;
      if (this.#seen.has(text)) continue;
      this.#seen.add(text);
      this.embedded++;
      this.embeddedCharacters += size;
    }
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { commits: { type: "string", default: "300" }, json: { type: "string" } },
});
const commits = Number(values.commits);
const repository = positionals[0];
if (repository === undefined || !Number.isInteger(commits) || commits < 1) {
  throw new TypeError("Usage: bench:history -- <git repository> [--commits 300] [--json FILE]");
}

const objects = new GitObjects(repository);
const history = readHistory(repository, commits);
const tallies = new Map(Object.keys(CHUNKERS).map((name) => [name, new Tally()]));
let files = 0;
let characters = 0;
for (const file of readTree(repository, history.base)) {
  await chunkAll(file, (tally, chunks) => tally.start(chunks));
}
for (const commit of history.commits) {
  for (const file of commit.files) {
    await chunkAll(file, (tally, chunks) => tally.add(chunks));
  }
}
objects.close();
report();

async function chunkAll(
  file: ChangedFile,
  count: (tally: Tally, chunks: Pick<Chunk, "text">[]) => void,
): Promise<void> {
  if (NOT_INDEXED.test(file.path)) return;
  const bytes = await objects.read(file.blob);
  if (bytes === undefined || bytes.length > MAX_FILE_BYTES) return;
  const source = decodeSource(bytes);
  if ("skipped" in source) return;
  files++;
  characters += source.text.length;
  await prepareToChunk([file.path]);
  for (const [name, chunker] of Object.entries(CHUNKERS)) {
    const tally = tallies.get(name)!;
    const startedMs = performance.now();
    const chunks = chunker(source.text, file.path);
    tally.ms += performance.now() - startedMs;
    count(tally, chunks);
  }
}

function report(): void {
  const ours = tallies.get("syntax tree")!;
  const rows = Array.from(tallies, ([name, tally]) => ({
    name,
    chunksAtStart: tally.atStart,
    chunksOfChangedFiles: tally.chunks,
    embedded: tally.embedded,
    fromCache: 1 - tally.embedded / tally.chunks,
    embeddedCharacters: tally.embeddedCharacters,
    charactersFromCache: 1 - tally.embeddedCharacters / tally.characters,
    timesOurs: tally.embedded / ours.embedded,
    charactersTimesOurs: tally.embeddedCharacters / ours.embeddedCharacters,
    megabytesPerSecond: characters / tally.ms / 1000,
  }));
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  print(
    `${history.commits.length} commits from ${history.base.slice(0, 10)} on, ${files} files chunked, ${characters} characters\n`,
  );
  print(
    "                             at start  of changed  embedded  cached  × ours    characters  cached  × ours   MB/s",
  );
  for (const row of rows) {
    print(
      [
        row.name.padEnd(28),
        String(row.chunksAtStart).padStart(9),
        String(row.chunksOfChangedFiles).padStart(12),
        String(row.embedded).padStart(10),
        `${(100 * row.fromCache).toFixed(1)} %`.padStart(8),
        row.timesOurs.toFixed(2).padStart(8),
        String(row.embeddedCharacters).padStart(14),
        `${(100 * row.charactersFromCache).toFixed(1)} %`.padStart(8),
        row.charactersTimesOurs.toFixed(2).padStart(8),
        row.megabytesPerSecond.toFixed(1).padStart(7),
      ].join(""),
    );
  }
  const { base } = history;
  writeReport(values.json, { base, commits: history.commits.length, files, characters, chunkers: rows });
}

function windowsOfLines(text: string, length: number): Pick<Chunk, "text">[] {
  const lines = text.split("\n");
  const windows: Pick<Chunk, "text">[] = [];
  for (let from = 0; from < lines.length; from += length) {
    const window = lines.slice(from, from + length).join("\n");
    if (window.trim() !== "") windows.push({ text: window });
  }
  return windows;
}

function windowsOfCharacters(text: string, length: number): Pick<Chunk, "text">[] {
  const windows: Pick<Chunk, "text">[] = [];
  for (let from = 0; from < text.length; from += length) {
    const window = text.slice(from, from + length);
    if (window.trim() !== "") windows.push({ text: window });
  }
  return windows;
}

function nonBlank(text: string): number {
  return text.replace(/\s+/g, "").length;
}
