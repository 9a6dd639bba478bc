import { WORD_PART } from "./lexical.ts";

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
  const spans: Span[] = [];
  for (const { 0: part, index: start } of line.matchAll(WORD_PART)) {
    const word = part.toLowerCase();
    if (!words.some((wanted) => isSameWord(word, wanted))) continue;
    const end = start + part.length;
    const last = spans.at(-1);
    if (last?.end === start) last.end = end;
    else spans.push({ start, end });
  }
  return spans;
}

function isSameWord(a: string, b: string): boolean {
  if (a === b) return true;
  let common = 0;
  while (common < a.length && a[common] === b[common]) common++;
  return common >= MIN_COMMON && ENDING.test(a.slice(common)) && ENDING.test(b.slice(common));
}
