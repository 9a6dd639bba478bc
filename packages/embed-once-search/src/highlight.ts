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

/** Where a line holds one of a question's words, whole or as a part of an identifier, in whatever grammatical form. */
export function findWords(line: string, words: readonly string[]): Span[] {
  const [within, whole] = [words.filter(isUnspaced), words.filter((word) => !isUnspaced(word))];
  const found = Array.from(line.matchAll(WORD_PART))
    .filter(([part]) => whole.some((wanted) => isSameWord(part.toLowerCase(), wanted)))
    .map(({ 0: part, index: start }) => ({ start, end: start + part.length }));
  return merged([...found, ...within.flatMap((wanted) => occurrences(line, wanted))]);
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
