import { isUnspaced, WORD_PART } from "./lexical.ts";

/** What words of English and of code differ in and still mean the same. */
const ENDING = /^(?:e?s|e?d|e?r|e|ing|ions?|y|ies)?$/;

/** Shorter beginnings are shared by chance. */
const MIN_COMMON = 3;

export interface Span {
  /** Offset of the first character. */
  start: number;
  /** Offset after the last one. */
  end: number;
}

/** Finds a question's words in lines, whole or as a part of an identifier, in whatever grammatical form. */
export class WordFinder {
  readonly #unspaced: readonly string[];
  /** By how they begin: no others can be forms of one word, and a question may be a page of code. */
  readonly #byBeginning: ReadonlyMap<string, readonly string[]>;

  constructor(words: readonly string[]) {
    this.#unspaced = words.filter(isUnspaced);
    this.#byBeginning = Map.groupBy(
      words.filter((word) => !isUnspaced(word)),
      beginning,
    );
  }

  /** Where a line holds one of the words, from left to right. */
  spansIn(line: string): Span[] {
    return merged(this.#occurrencesIn(line));
  }

  /** Which of the words a line holds. */
  wordsIn(line: string): Set<string> {
    return new Set(this.#occurrencesIn(line).map(({ word }) => word));
  }

  #occurrencesIn(line: string): (Span & { word: string })[] {
    const spaced = Array.from(line.matchAll(WORD_PART)).flatMap(({ 0: part, index: start }) => {
      const form = part.toLowerCase();
      const alike = this.#byBeginning.get(beginning(form))?.filter((word) => isSameWord(form, word)) ?? [];
      return alike.map((word) => ({ word, start, end: start + part.length }));
    });
    const unspaced = this.#unspaced.flatMap((word) => occurrences(line, word).map((span) => ({ word, ...span })));
    return [...spaced, ...unspaced];
  }
}

function beginning(word: string): string {
  return word.slice(0, MIN_COMMON);
}

function occurrences(line: string, word: string): Span[] {
  const spans: Span[] = [];
  for (let start = line.indexOf(word); start >= 0; start = line.indexOf(word, start + 1)) {
    spans.push({ start, end: start + word.length });
  }
  return spans;
}

/** Spans in their order, those that touch or overlap as one. */
function merged(spans: readonly Span[]): Span[] {
  const apart: Span[] = [];
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    const last = apart.at(-1);
    if (last !== undefined && last.end >= start) last.end = Math.max(last.end, end);
    else apart.push({ start, end });
  }
  return apart;
}

function isSameWord(a: string, b: string): boolean {
  if (a === b) return true;
  let common = 0;
  while (common < a.length && a[common] === b[common]) common++;
  return common >= MIN_COMMON && ENDING.test(a.slice(common)) && ENDING.test(b.slice(common));
}
