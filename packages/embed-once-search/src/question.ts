import { tokenize } from "./lexical.ts";

/** What a question asks for, as far as its form tells. */
export interface Question {
  /** The distinct tokens that say what it is about; all of them where none does. */
  words: readonly string[];
  /** Texts in double quotes: a chunk that answers holds each of them, whatever its case and its white space. */
  phrases: readonly string[];
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

/** Names joined as programs join them: `a.b`, `a::b`, `a->b`, `a#b`, perhaps called. */
const NAME = String.raw`[\p{L}_$][\p{L}\p{M}\p{N}_$]*`;
const SYMBOL = new RegExp(`^${NAME}(?:(?:\\.|::|->|#)${NAME})*(?:\\(\\))?$`, "u");

/** What no word of a language has: an inner capital, an underscore, a dollar, a digit, a joint or a call. */
const LOOKS_LIKE_CODE = /\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}|[_$\p{N}]|\.|::|->|#|\(\)/u;

export function readQuestion(text: string): Question {
  const phrases = Array.from(text.matchAll(PHRASE), ([, phrase]) => squeeze(phrase!)).filter(
    (phrase) => tokenize(phrase).length > 0,
  );
  const items = text.split(/\s+/).map((item) => item.replace(/^[`"'(]+|(?<!\()[`"',;:?!.)]+$/g, ""));
  const names = items.filter((item) => SYMBOL.test(item));
  const isSymbol = items.filter((item) => item !== "").length === 1 && names.length === 1;
  const identifiers = names.filter((name) => isSymbol || LOOKS_LIKE_CODE.test(name)).map(lastName);
  return { words: tellingWords(text), phrases, identifiers: [...new Set(identifiers)], isSymbol };
}

/** Whether a text holds all of a question's phrases. */
export function holdsPhrases(text: string, phrases: readonly string[]): boolean {
  if (phrases.length === 0) return true;
  const squeezed = squeeze(text);
  return phrases.every((phrase) => squeezed.includes(phrase));
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
