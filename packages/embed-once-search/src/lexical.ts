/** Letters, digits and what holds an identifier together. */
const IDENTIFIER = /[\p{L}\p{M}\p{N}_$]+/gu;

/** `parseHTTPHeader2` → parse, HTTP, Header, 2. A run of letters without case, as of Chinese, stays whole. */
const PART = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|[\p{Lo}\p{Lt}\p{Lm}\p{M}]+|\p{N}+/gu;

/** Longer ones are hashes and encoded data: nobody asks for them, and they would fill the index. */
const MAX_TOKEN_LENGTH = 64;

/**
 * The tokens that a text is found by, in order, in lower case: each part of an identifier, and the whole one without
 * its separators, so that `readRecord`, `read_record` and "read record" meet, and the exact name weighs more. Grammatical
 * endings are the index's concern.
 */
export function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const push = (token: string): void => {
    // A single letter says nothing; a single character of a script without case or a digit may.
    if (token.length <= MAX_TOKEN_LENGTH && (token.length > 1 || !/[a-z]/.test(token))) tokens.push(token);
  };
  for (const [identifier] of text.normalize("NFC").matchAll(IDENTIFIER)) {
    const parts = identifier.match(PART);
    if (parts === null) continue; // nothing but separators
    for (const part of parts) push(part.toLowerCase());
    if (parts.length > 1) push(parts.join("").toLowerCase());
  }
  return tokens;
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

/** The distinct tokens of a question that say what it is about; all of them where none does. */
export function questionTokens(question: string): string[] {
  const tokens = [...new Set(tokenize(question))];
  const telling = tokens.filter((token) => !STOP_WORDS.has(token));
  return telling.length > 0 ? telling : tokens;
}
