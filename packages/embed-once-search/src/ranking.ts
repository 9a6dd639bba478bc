import { foldName, tokenize } from "./lexical.ts";
import type { Question } from "./question.ts";

/** What the ranking needs to know of a candidate. */
export interface Candidate {
  path: string;
  startLine: number;
  /** Names that it defines. */
  definitions: readonly string[];
  /** Whether the text does little but import and export names. */
  isListing: boolean;
  /** 0 to 1 */
  score: number;
}

/**
 * Tests, prose and configuration repeat the words of the code that they speak of, often more densely, but the question is
 * mostly where something is done. All factors were tuned with `bench:quality` on repositories of their own, and are flat:
 * a tenth up or down changes its average by about one part in a hundred.
 */
const TEST_FACTOR = 0.75;
const PROSE_FACTOR = 0.8;
const CONFIGURATION_FACTOR = 0.9;

/** A list of imports names everything that a file is about and answers nothing. */
const LISTING_FACTOR = 0.8;

/** Each further chunk of a file that is already in the list gives a little way to other files. */
const SAME_FILE_FACTOR = 0.95;

/** Where a question is one name, its definitions share this upper part of the scale, and all else lies below it. */
const SYMBOL_SHARE = 0.25;

const TEST_PATH =
  /(?:^|\/)(?:__tests__|tests?|specs?|e2e|fixtures|testdata|testing)\/|[._-](?:test|spec)\.[^/]+$|(?:^|\/)test_[^/]+$|Tests?\.(?:java|kt|cs|swift|php)$/;
const PROSE_PATH = /\.(?:md|mdx|rst|txt|adoc)$|(?:^|\/)(?:docs?|LICEN[CS]E|CHANGELOG|CHANGES)(?:\/|$)/;
const CONFIGURATION_PATH = /\.(?:json[5c]?|jsonl|ya?ml|toml|ini|cfg|conf|xml|csv|tsv|svg|lock)$/;

const setOf = (list: string): ReadonlySet<string> => new Set(list.split(" "));
const ASKS_FOR_TESTS = setOf("test tests tested testing spec specs fixture fixtures");
const ASKS_FOR_PROSE = setOf(
  "doc docs documentation documented readme changelog guide license architecture contributing",
);
const ASKS_FOR_CONFIGURATION = setOf(
  "config configuration configured settings package dependency dependencies json yaml toml xml ci workflow",
);

/**
 * The final order, best first, equal scores by path and line. The scores are the final ones, still 0 to 1.
 *
 * Half of a score rests on names: a chunk keeps it as far as the question's words are in the names that it defines. Tests,
 * prose, configuration and lists of imports come a little lower unless the question asks for them, and files are mixed. A
 * question that is one name finds its definitions before all else.
 */
export function rank<Item extends Candidate>(candidates: readonly Item[], question: Question): Item[] {
  const asksFor = (kind: ReadonlySet<string>): boolean => question.words.some((word) => kind.has(word));
  const lower: [RegExp, number][] = [];
  if (!asksFor(ASKS_FOR_TESTS)) lower.push([TEST_PATH, TEST_FACTOR]);
  if (!asksFor(ASKS_FOR_PROSE)) lower.push([PROSE_PATH, PROSE_FACTOR]);
  if (!asksFor(ASKS_FOR_CONFIGURATION)) lower.push([CONFIGURATION_PATH, CONFIGURATION_FACTOR]);

  const weighted = candidates.map((candidate) => {
    let score = candidate.score * (candidate.isListing ? LISTING_FACTOR : 1);
    for (const [paths, factor] of lower) if (paths.test(candidate.path)) score *= factor;
    score *= (1 + definedShare(candidate, question)) / 2;
    if (question.isSymbol) {
      score = defines(candidate, question) ? 1 - SYMBOL_SHARE * (1 - score) : (1 - SYMBOL_SHARE) * score;
    }
    return { ...candidate, score };
  });

  const placesOfFile = new Map<string, number>();
  for (const candidate of weighted.sort(byScore)) {
    const before = placesOfFile.get(candidate.path) ?? 0;
    placesOfFile.set(candidate.path, before + 1);
    candidate.score *= SAME_FILE_FACTOR ** before;
  }
  return weighted.sort(byScore);
}

/** Which part of the question's words is in the names that a chunk defines, 0 to 1. */
function definedShare({ definitions }: Candidate, { words }: Question): number {
  const defined = new Set(definitions.flatMap((name) => tokenize(name)));
  return words.filter((word) => defined.has(word)).length / Math.max(1, words.length);
}

function defines({ definitions }: Candidate, { identifiers }: Question): boolean {
  const wanted = identifiers.map(foldName);
  return definitions.some((name) => wanted.includes(foldName(name)));
}

function byScore(a: Candidate, b: Candidate): number {
  return b.score - a.score || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || a.startLine - b.startLine;
}
