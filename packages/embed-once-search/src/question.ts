import { type Name, readNames, tokenize } from "./lexical.ts";

/** What a question asks for, as far as its form tells. */
export interface Question {
  /** The distinct tokens that say what it is about; all of them where none does. */
  words: readonly string[];
  /** Distinct texts in double quotes: a chunk that answers holds each of them, whatever its case and its white space. */
  phrases: readonly string[];
  /** Names of which a text that holds the phrases has at least the parts or the whole: an index knows which ones do. */
  phraseNames: readonly Name[];
  /** Names that only a program has (`readRecord`, `read_record`, `Store.open`, `open()`), or all of a one-word question. */
  identifiers: readonly string[];
  /** Whether the question is one name and nothing else: then its definition is what is asked for. */
  isSymbol: boolean;
}

/** Words that shape a question and say nothing of what is asked for. Words of programming languages are not among them. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    "a about all am an and any are as at be been being but by can could did do does doing done each every find for from " +
    "get give had has have having he her here him his how i if in into is it its itself just let made make makes may me might " +
    "must my no nor not of off on only or other our out over own please she should show so some such tell than that the " +
    "their them then there these they this those to too up us use used uses using very was we were what when where which while who " +
    "whom whose why will with would you your"
  ).split(" "),
);

const PHRASE = /"([^"]*)"/g;

/** Words that narrow down where phrases are looked for. Each makes a statement longer, and few texts share so many. */
const MAX_PHRASE_WORDS = 32;

/** What stands before a name in prose and does not belong to it. */
const OPENING = "`\"'(";
/** What stands after it. */
const CLOSING = "`\"',;:?!.)";

/** Names joined as programs join them: `a.b`, `a::b`, `a->b`, `a#b`, perhaps called. */
const NAME = String.raw`[\p{L}_$][\p{L}\p{M}\p{N}_$]*`;
const SYMBOL = new RegExp(`^${NAME}(?:(?:\\.|::|->|#)${NAME})*(?:\\(\\))?$`, "u");

/** What no word of a language has: an inner capital, an underscore, a dollar, a digit, a joint or a call. */
const LOOKS_LIKE_CODE = /\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}|[_$\p{N}]|\.|::|->|#|\(\)/u;

export function readQuestion(text: string): Question {
  const quoted = Array.from(text.matchAll(PHRASE), ([, phrase]) => phrase!);
  const phrases = [...new Set(quoted.map(squeeze))].filter((phrase) => phrase !== "");
  const items = text.split(/\s+/).map(bare);
  const names = items.filter((item) => SYMBOL.test(item));
  const isSymbol = items.filter((item) => item !== "").length === 1 && names.length === 1;
  const identifiers = names.filter((name) => isSymbol || LOOKS_LIKE_CODE.test(name)).map(lastName);
  return {
    words: tellingWords(text),
    phrases,
    phraseNames: namesOf(quoted),
    identifiers: [...new Set(identifiers)],
    isSymbol,
  };
}

/** Whether a text holds all of a question's phrases. */
export function holdsPhrases(text: string, phrases: readonly string[]): boolean {
  if (phrases.length === 0) return true;
  const squeezed = squeeze(text);
  return phrases.every((phrase) => squeezed.includes(phrase));
}

/** Of a longer one the first distinct words: what is left out only lets more texts come into question. */
function namesOf(phrases: readonly string[]): Name[] {
  const words = new Set<string>();
  const names: Name[] = [];
  for (const { parts, whole } of phrases.flatMap(readNames)) {
    const further = parts.filter((part) => !words.has(part)).slice(0, MAX_PHRASE_WORDS - words.size);
    if (further.length === 0) continue;
    for (const part of further) words.add(part);
    names.push({ parts: further, whole });
  }
  return names;
}

/** An item of a question without the punctuation around it; a call keeps its brackets. */
function bare(item: string): string {
  let [start, end] = [0, item.length];
  while (start < end && OPENING.includes(item[start]!)) start++;
  while (end > start && CLOSING.includes(item[end - 1]!)) end--;
  return item.slice(start, item[end - 1] === "(" && end > start ? end + 1 : end);
}

function tellingWords(text: string): string[] {
  const tokens = [...new Set(tokenize(text))];
  const telling = tokens.filter((token) => !STOP_WORDS.has(token));
  return telling.length > 0 ? telling : tokens;
}

/** Of `store.openFile()` what is defined somewhere: `openFile`. */
function lastName(symbol: string): string {
  return symbol
    .replace(/\(\)$/, "")
    .split(/\.|::|->|#/)
    .at(-1)!;
}

function squeeze(text: string): string {
  return text.toLowerCase().replace(/\s+/g, " ").trim();
}
