/** Letters, digits and what holds an identifier together. */
const IDENTIFIER = /[\p{L}\p{M}\p{N}_$]+/gu;

/** `parseHTTPHeader2` → parse, HTTP, Header, 2. A run of letters without case, as of Chinese, stays whole. */
export const WORD_PART = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|[\p{Lo}\p{Lt}\p{Lm}\p{M}]+|\p{N}+/gu;

/** Longer ones are hashes and encoded data: nobody asks for them, and they would fill the index. */
const MAX_TOKEN_LENGTH = 64;

/** Accents, as they follow their letters in Unicode's decomposed form. Vowel signs of other scripts are not among them. */
const ACCENT = /[\u0300-\u036f]/g;

/**
 * The tokens that a text is found by, in order, in lower case and without accents: each part of an identifier, and the
 * whole one without its separators, so that `readRecord`, `read_record` and "read record" meet, and the exact name weighs
 * more. Grammatical endings are the index's concern. A token holds letters, marks and digits only.
 */
export function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const push = (token: string): void => {
    // A single letter says nothing; a single character of a script without case or a digit may.
    if (token.length <= MAX_TOKEN_LENGTH && (token.length > 1 || !/[a-z]/.test(token))) tokens.push(token);
  };
  for (const [identifier] of foldAccents(text).matchAll(IDENTIFIER)) {
    const parts = identifier.match(WORD_PART);
    if (parts === null) continue; // nothing but separators
    for (const part of parts) push(part.toLowerCase());
    if (parts.length > 1) push(parts.join("").toLowerCase());
  }
  return tokens;
}

function foldAccents(text: string): string {
  return /[^\0-\x7f]/.test(text) ? text.normalize("NFD").replace(ACCENT, "").normalize("NFC") : text;
}
