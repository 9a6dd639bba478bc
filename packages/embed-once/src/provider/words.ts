/**
 * Cuts text and code into words: at anything that is no letter or digit, between `camel` and `Case`, between an
 * acronym and the word after it (`XML` + `Http`), between letters and digits. Scripts without spaces (Chinese,
 * Japanese, Korean syllables) and characters outside the basic plane give one word a character.
 *
 * The classes are fixed ranges of code units instead of `\p{…}`: those change with the Unicode version of the
 * runtime, and the same text must give the same words everywhere. Lone surrogates are words like any other.
 */
const WORD = new RegExp(
  [
    "[A-Z\\u00c0-\\u00d6\\u00d8-\\u00de\\u0391-\\u03a9\\u0400-\\u042f]+(?![a-z\\u00df-\\u00f6\\u00f8-\\u00ff\\u03ac-\\u03ce\\u0430-\\u045f])",
    "[A-Z\\u00c0-\\u00d6\\u00d8-\\u00de\\u0391-\\u03a9\\u0400-\\u042f]?[a-z\\u00aa\\u00b5\\u00ba\\u00df-\\u00f6\\u00f8-\\u0390\\u03aa-\\u03ff\\u0430-\\u1fff\\u2c00-\\u2dff\\ua000-\\uabff\\ufb00-\\ufdff\\ufe70-\\ufefe]+",
    "[0-9]+",
    "[\\ud800-\\udbff][\\udc00-\\udfff]",
    "[\\u2e80-\\u2fff\\u3005-\\u3007\\u3021-\\u302f\\u3031-\\u9fff\\uac00-\\ud7ff\\ud800-\\udfff\\uf900-\\ufaff\\uff10-\\uff19\\uff21-\\uff3a\\uff41-\\uff5a\\uff66-\\uffdc]",
  ].join("|"),
  "g",
);

/** From here on, characters keep their case: which of them have a lower case depends on the Unicode version. */
const FIRST_CASELESS = /[\u0530-\uffff]/;

/** @returns the words of a text in order, in lower case; an empty array where it has none */
export function splitWords(text: string): string[] {
  const words = text.match(WORD) ?? [];
  return words.map((word) => (FIRST_CASELESS.test(word) ? word : word.toLowerCase()));
}

/** Endings that carry the grammar rather than the subject, longest first, and the letters that must be left before them. */
const ENDINGS: readonly { ending: string; replacement: string; minLength: number }[] = [
  { ending: "ization", replacement: "iz", minLength: 3 },
  { ending: "ations", replacement: "at", minLength: 3 },
  { ending: "ation", replacement: "at", minLength: 3 },
  { ending: "ities", replacement: "", minLength: 3 },
  { ending: "ings", replacement: "", minLength: 3 },
  { ending: "ions", replacement: "", minLength: 3 },
  { ending: "ing", replacement: "", minLength: 3 },
  { ending: "ied", replacement: "y", minLength: 3 },
  { ending: "ies", replacement: "y", minLength: 3 },
  { ending: "ion", replacement: "", minLength: 3 },
  { ending: "ity", replacement: "", minLength: 3 },
  // One letter more: "embed" and "error" are no forms of "emb" and "err".
  { ending: "ers", replacement: "", minLength: 4 },
  { ending: "ors", replacement: "", minLength: 4 },
  { ending: "ed", replacement: "", minLength: 4 },
  { ending: "er", replacement: "", minLength: 4 },
  { ending: "or", replacement: "", minLength: 4 },
  { ending: "es", replacement: "", minLength: 3 },
  { ending: "s", replacement: "", minLength: 3 },
  { ending: "e", replacement: "", minLength: 3 },
];

const VOWEL = /[aeiouy]/;

/**
 * Brings the forms of an English word together: `queries` and `query`, `parsed`, `parsing` and `parser`. It cuts one ending off, without a dictionary; other languages and short words stay as they are.
 */
export function stem(word: string): string {
  for (const { ending, replacement, minLength } of ENDINGS) {
    if (!word.endsWith(ending)) continue;
    if (ending === "s" && (word.endsWith("ss") || word.endsWith("us") || word.endsWith("is"))) return word;
    const base = word.slice(0, -ending.length);
    if (base.length < minLength || !VOWEL.test(base)) continue;
    const last = base.at(-1);
    const doubled = replacement === "" && ending !== "s" && last === base.at(-2) && last !== "s" && last !== "l";
    return doubled ? base.slice(0, -1) : base + replacement;
  }
  return word;
}
