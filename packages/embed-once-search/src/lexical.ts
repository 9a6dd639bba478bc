/**
 * Letters of scripts that put no space between words: each with the marks that belong to it is a character. Some stand
 * for themselves in more than one script, as the sign for a long vowel does in both kinds of Kana.
 */
const CHARACTER = String.raw`[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]&&\p{L}]\p{M}*`;
const CHARACTERS = new RegExp(CHARACTER, "gv");
const UNSPACED = new RegExp(`^(?:${CHARACTER})+$`, "v");
const UNSPACED_RUN = new RegExp(`((?:${CHARACTER})+)`, "v");

/** Letters, digits and what holds an identifier together. */
const IDENTIFIER = /[\p{L}\p{M}\p{N}_$]+/gu;

const BEYOND_ASCII = /[^\0-\x7f]/;

/** `parseHTTPHeader2` → parse, HTTP, Header, 2. A run of letters without case, as of Arabic or Chinese, stays whole. */
export const WORD_PART = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|[\p{Lo}\p{Lt}\p{Lm}\p{M}]+|\p{N}+/gu;

/** Longer ones are hashes and encoded data: nobody asks for them, and they would fill the index. */
const MAX_TOKEN_LENGTH = 64;

/** Accents, as they follow their letters in Unicode's decomposed form. Vowel signs of other scripts are not among them. */
const ACCENT = /[\u0300-\u036f]/g;

/** What a text calls one thing. */
export interface Name {
  /** Its words, or the pairs of characters of a script without spaces. */
  parts: readonly string[];
  /** All of them joined; absent where there is only one, and for pairs. */
  whole?: string | undefined;
}

/**
 * The tokens that a text is found by, in order, in lower case and without accents: each part of an identifier, and the
 * whole one without its separators, so that `readRecord`, `read_record` and "read record" meet, and the exact name weighs
 * more. Grammatical endings are the index's concern. A token holds letters, marks and digits only.
 *
 * Where no space parts the words, nothing tells where one ends: the tokens are all pairs of neighbouring characters, so
 * `计算校验和` and `校验和` share two of them. A character that stands alone is a token.
 */
export function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (const { parts, whole } of readNames(text)) {
    tokens.push(...parts);
    if (whole !== undefined) tokens.push(whole);
  }
  return tokens;
}

/** `tokenize`, name by name. */
export function readNames(text: string): Name[] {
  const isAscii = !BEYOND_ASCII.test(text);
  const identifiers = (isAscii ? text : foldAccents(text)).match(IDENTIFIER) ?? [];
  if (isAscii) return identifiers.map(readName).filter((name) => name !== undefined);
  return identifiers
    .flatMap((identifier) => identifier.split(UNSPACED_RUN))
    .flatMap((run) => (isUnspaced(run) ? { parts: pairs(run) } : (readName(run) ?? [])));
}

function readName(identifier: string): Name | undefined {
  const words = identifier.match(WORD_PART);
  if (words === null) return undefined; // nothing but separators
  const parts = words.map((part) => part.toLowerCase()).filter(isToken);
  if (words.length === 1) return { parts };
  const whole = words.join("").toLowerCase();
  return isToken(whole) ? { parts, whole } : { parts };
}

/**
 * Each character of a text's scripts without spaces, in order: what an index holds besides `tokenize`, so that a question
 * for one character finds it inside a run, too.
 */
export function characters(text: string): string[] {
  return foldAccents(text).match(CHARACTERS) ?? [];
}

/** Whether a text is nothing but letters of scripts that put no space between words. */
export function isUnspaced(text: string): boolean {
  return UNSPACED.test(text);
}

/** `readRecord`, `read_record` and `ReadRecord` are one name in different languages. */
export function foldName(name: string): string {
  return (foldAccents(name).match(WORD_PART) ?? [name]).join("").toLowerCase();
}

/** A single letter says nothing; a single character of a script without case or a digit may. */
function isToken(text: string): boolean {
  return text.length <= MAX_TOKEN_LENGTH && (text.length > 1 || /[^a-z]/.test(text));
}

function pairs(run: string): string[] {
  const units = run.match(CHARACTERS)!;
  return units.length === 1 ? units : units.slice(1).map((unit, index) => units[index]! + unit);
}

function foldAccents(text: string): string {
  return BEYOND_ASCII.test(text) ? text.normalize("NFD").replace(ACCENT, "").normalize("NFC") : text;
}
