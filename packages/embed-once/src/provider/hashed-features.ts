import { splitWords, stem } from "./words.ts";

/**
 * Signed feature hashing after Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (2009): every
 * feature of a text adds its weight, with a sign of its own, to one of the vector's values.
 *
 * The features are stems of words, pairs of neighbouring stems and trigrams of a word's letters. Only integer
 * arithmetic, +, ×, ÷ and √ are used, which IEEE 754 fixes to the last bit: the same text gives the same vector on
 * every machine. Whatever changes a weight, a word list or a hash here needs a new model name.
 */

/** A word of grammar says next to nothing of a text's subject. */
const STOP_WEIGHT = 0.05;
/** A word of the programming languages says little: nearly every file has it. */
const KEYWORD_WEIGHT = 0.6;
const SINGLE_LETTER_WEIGHT = 0.3;
const PAIR_WEIGHT = 0.2;
/** Shared by all trigrams of one word. */
const TRIGRAMS_WEIGHT = 0.5;
const MIN_TRIGRAM_WORD_LENGTH = 4;
/** Term frequency saturates as in BM25: tf · (k + 1) / (tf + k) never exceeds k + 1. */
const TERM_SATURATION = 1.2;

const WORD_SEED = 0x811c9dc5;
const PAIR_SEED = 0x01234567;
const TRIGRAM_SEED = 0x6b43a9b5;
const NOTHING_SEED = 0x3c6ef372;

const STOP_WORDS = new Set(
  (
    "a about after all also an and any are as at be because been before being between both but by can could did do does " +
    "doing don each for from had has have having he her here his how i if in into is it its just may might more most must my no nor " +
    "not of on once one only or other our out over own same she should so some such t than that the their them then there " +
    "these they this those through to too under until up us used using very was we were what when where which while who whom " +
    "why will with would you your"
  ).split(" "),
);

const KEYWORDS = new Set(
  (
    "abstract any args async await bool boolean break case catch class const constructor continue def default elif else end enum " +
    "export exports extends false final finally fn func function get impl implements import include instanceof int interface let long main " +
    "mut namespace new nil none null number object package param private protected pub public readonly require return returns self set " +
    "static str string struct super switch this throw throws true try type typeof undefined unsigned use val value var void yield"
  ).split(" "),
);

function weightOf(word: string): number {
  if (STOP_WORDS.has(word)) return STOP_WEIGHT;
  if (KEYWORDS.has(word)) return KEYWORD_WEIGHT;
  return word.length === 1 && word.charCodeAt(0) < 0x80 ? SINGLE_LETTER_WEIGHT : 1;
}

/** FNV-1a over the code units from `start` to `end`, with the finaliser of MurmurHash3 to spread every bit. */
function hash(text: string, seed: number, start = 0, end: number = text.length): number {
  let h = seed;
  for (let i = start; i < end; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function add(vector: Float64Array, feature: number, weight: number): void {
  const index = (feature >>> 1) % vector.length;
  vector[index]! += feature & 1 ? weight : -weight;
}

function saturate(count: number): number {
  return (count * (TERM_SATURATION + 1)) / (count + TERM_SATURATION);
}

interface Term {
  count: number;
  weight: number;
  stem: string;
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function addTrigrams(vector: Float64Array, word: string, weight: number): void {
  if (word.length < MIN_TRIGRAM_WORD_LENGTH) return;
  const each = weight / Math.sqrt(word.length - 2);
  for (let end = 3; end <= word.length; end++) add(vector, hash(word, TRIGRAM_SEED, end - 3, end), each);
}

/** Scales to length 1 and rounds each value to float32. @returns false where all values are zero */
function normalise(vector: Float64Array): boolean {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! * vector[i]!;
  if (squares === 0) return false;
  const length = Math.sqrt(squares);
  // A zero stays +0: −0 would say nothing and compress worse.
  for (let i = 0; i < vector.length; i++) vector[i] = Math.fround(vector[i]! / length) + 0;
  return true;
}

/**
 * The lexical vector of a text: `dimensions` values, each an exact float32, together of length 1. Texts that share
 * words or parts of identifiers have a high dot product; synonyms have none.
 *
 * A text without a word (empty, blank, punctuation) gets one fixed unit vector, so that a cosine never divides by zero.
 */
export function hashedFeatures(text: string, dimensions: number): number[] {
  const terms = new Map<string, Term>();
  const pairs = new Map<number, number>();
  let previous: Term | undefined;
  for (const word of splitWords(text)) {
    let term = terms.get(word);
    if (term === undefined) {
      term = { count: 0, weight: weightOf(word), stem: stem(word) };
      terms.set(word, term);
    }
    term.count++;
    if (term.weight === STOP_WEIGHT) continue;
    if (previous !== undefined) count(pairs, hash(term.stem, hash(previous.stem, PAIR_SEED)));
    previous = term;
  }

  const vector = new Float64Array(dimensions);
  const stems = new Map<string, { count: number; weight: number }>();
  for (const [word, term] of terms) {
    const known = stems.get(term.stem);
    if (known === undefined) stems.set(term.stem, { count: term.count, weight: term.weight });
    else {
      known.count += term.count;
      known.weight = Math.max(known.weight, term.weight);
    }
    if (term.weight > STOP_WEIGHT) addTrigrams(vector, word, TRIGRAMS_WEIGHT * term.weight * saturate(term.count));
  }
  for (const [name, { count, weight }] of stems) add(vector, hash(name, WORD_SEED), weight * saturate(count));
  for (const [pair, count] of pairs) add(vector, pair, PAIR_WEIGHT * saturate(count));

  if (!normalise(vector)) {
    add(vector, hash("", NOTHING_SEED), 1);
    normalise(vector);
  }
  return Array.from(vector);
}
