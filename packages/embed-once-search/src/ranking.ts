import { tokenize } from "./lexical.ts";

/** What the ranking needs to know of a candidate. */
export interface Candidate {
  path: string;
  startLine: number;
  /** Whether the text does little but import and export names. */
  isListing: boolean;
  /** 0 to 1 */
  score: number;
}

/**
 * Tests, prose and configuration repeat the words of the code that they speak of, often more densely, but the question is
 * mostly where something is done. About fifteen places in both rankings.
 */
const TEST_FACTOR = 0.8;
const PROSE_FACTOR = 0.8;
const CONFIGURATION_FACTOR = 0.8;

/** A list of imports names everything that a file is about and answers nothing. */
const LISTING_FACTOR = 0.8;

/** Each further chunk of a file that is already in the list gives a little way to other files. */
const SAME_FILE_FACTOR = 0.9;

const TEST_PATH =
  /(?:^|\/)(?:__tests__|tests?|specs?|e2e|fixtures|testdata|testing)\/|[._-](?:test|spec)\.[^/]+$|(?:^|\/)test_[^/]+$|Tests?\.(?:java|kt|cs|swift|php)$/;
const PROSE_PATH = /\.(?:md|mdx|rst|txt|adoc)$|(?:^|\/)(?:docs?|LICEN[CS]E|CHANGELOG|CHANGES)(?:\/|$)/;
const CONFIGURATION_PATH = /\.(?:json[5c]?|jsonl|ya?ml|toml|ini|cfg|conf|xml|csv|tsv|svg|lock)$/;

const ASKS_FOR_TESTS: ReadonlySet<string> = new Set([
  "test",
  "tests",
  "tested",
  "testing",
  "spec",
  "specs",
  "fixture",
  "fixtures",
]);
const ASKS_FOR_PROSE: ReadonlySet<string> = new Set([
  ..."doc docs documentation documented readme changelog guide license architecture contributing".split(" "),
]);

const ASKS_FOR_CONFIGURATION: ReadonlySet<string> = new Set([
  ..."config configuration configured settings package dependency dependencies json yaml toml xml ci workflow".split(
    " ",
  ),
]);

/**
 * The final order: tests, prose and configuration a little lower unless the question asks for them, so are lists of imports, files mixed, best first; equal
 * scores by path and line. The scores are the final ones, still 0 to 1.
 */
export function rank<Item extends Candidate>(candidates: readonly Item[], question: string): Item[] {
  const words = tokenize(question);
  const testFactor = words.some((word) => ASKS_FOR_TESTS.has(word)) ? 1 : TEST_FACTOR;
  const proseFactor = words.some((word) => ASKS_FOR_PROSE.has(word)) ? 1 : PROSE_FACTOR;
  const configurationFactor = words.some((word) => ASKS_FOR_CONFIGURATION.has(word)) ? 1 : CONFIGURATION_FACTOR;
  const weighted = candidates.map((candidate) => ({
    ...candidate,
    score:
      candidate.score *
      (candidate.isListing ? LISTING_FACTOR : 1) *
      (TEST_PATH.test(candidate.path) ? testFactor : 1) *
      (PROSE_PATH.test(candidate.path) ? proseFactor : 1) *
      (CONFIGURATION_PATH.test(candidate.path) ? configurationFactor : 1),
  }));

  const placesOfFile = new Map<string, number>();
  for (const candidate of weighted.sort(byScore)) {
    const before = placesOfFile.get(candidate.path) ?? 0;
    placesOfFile.set(candidate.path, before + 1);
    candidate.score *= SAME_FILE_FACTOR ** before;
  }
  return weighted.sort(byScore);
}

function byScore(a: Candidate, b: Candidate): number {
  return b.score - a.score || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || a.startLine - b.startLine;
}
