/** A piece of a file that is embedded and found as a whole. */
export interface Chunk {
  /** First line, counted from 1. */
  startLine: number;
  /** Last line, inclusive. */
  endLine: number;
  /** The lines as they are, without blank ones at either end; nothing about the file it lies in. */
  text: string;
  /** Where in the file's structure it lies, outermost first: "class X › method y"; absent where nothing is known. */
  symbolPath?: string | undefined;
  /** What the chunk mainly is; absent where nothing is known. */
  kind?: SymbolKind | undefined;
  /** Names that the chunk defines, in the order of the text. */
  definitions?: readonly string[] | undefined;
}

/** Kinds of symbols, alike in all languages; prose is "section". */
export type SymbolKind = "class" | "function" | "method" | "type" | "variable" | "module" | "section";

export interface ChunkOptions {
  /** Most non-blank characters of a chunk. @default 1,500 */
  maxCharacters?: number | undefined;
  /** A smaller piece joins its neighbour where both fit into one chunk. @default 300 */
  minCharacters?: number | undefined;
}

const DEFAULT_MAX_CHARACTERS = 1500;
const DEFAULT_MIN_CHARACTERS = 300;

/** What is never divided: a line that is not blank, or a part of one that is longer than a whole chunk may be. */
interface Atom {
  line: number;
  /** Offsets into the text. */
  start: number;
  end: number;
  /** Non-blank characters. */
  size: number;
  /** How bad a cut before this atom would be; lower is better. */
  cost: number;
  /** A number that the next lines decide, to choose among cuts of equal cost. */
  draw: number;
}

/**
 * Divides a text into chunks. Every line that is not blank lies in exactly one chunk; only a line that alone exceeds
 * `maxCharacters` is itself divided.
 *
 * A text that is too long is cut at its best place, and each part again, until all fit. The best place is where a
 * least-indented block starts after a blank line; among equal places the lines that follow decide by their hash. No
 * cut depends on a position or on how full a chunk is, so equal content is cut alike wherever it lies, and an edit
 * moves only the cuts around it: the places chosen form a treap (Seidel and Aragon, Randomized Search Trees, 1996),
 * whose shape does not depend on its history.
 *
 * @param text with `\n` line ends
 */
export function chunkText(text: string, options: ChunkOptions = {}): Chunk[] {
  const { maxCharacters = DEFAULT_MAX_CHARACTERS, minCharacters = DEFAULT_MIN_CHARACTERS } = options;
  if (!Number.isInteger(maxCharacters) || maxCharacters < 1) {
    throw new RangeError(`maxCharacters must be an integer of at least 1, got ${maxCharacters}`);
  }
  const atoms = readAtoms(text, maxCharacters);
  if (atoms.length === 0) return [];

  // sizeBefore[i] is what atoms 0 … i - 1 hold, so that a range's size is a subtraction.
  const sizeBefore = new Float64Array(atoms.length + 1);
  for (const [index, atom] of atoms.entries()) sizeBefore[index + 1] = sizeBefore[index]! + atom.size;
  const sizeOf = (from: number, to: number): number => sizeBefore[to]! - sizeBefore[from]!;

  /** The places where the chunks of atoms `from` … `to - 1` end. */
  function divide(from: number, to: number): number[] {
    if (sizeOf(from, to) <= maxCharacters || to - from === 1) return [to];
    const cut = bestCut(atoms, from, to);
    const left = divide(from, cut);
    const right = divide(cut, to);
    const lastStart = left.at(-2) ?? from;
    const firstEnd = right[0]!;
    const smaller = Math.min(sizeOf(lastStart, cut), sizeOf(cut, firstEnd));
    if (smaller < minCharacters && sizeOf(lastStart, firstEnd) <= maxCharacters) left.pop();
    return left.concat(right);
  }

  let from = 0;
  return divide(0, atoms.length).map((to) => {
    const first = atoms[from]!;
    const last = atoms[to - 1]!;
    from = to;
    return { startLine: first.line, endLine: last.line, text: text.slice(first.start, last.end) };
  });
}

/** The cheapest cut; among equals the lowest draw; among equal draws (repeated lines) the one nearest to the middle. */
function bestCut(atoms: readonly Atom[], from: number, to: number): number {
  const middle = (from + to) / 2;
  let best = from + 1;
  for (let index = from + 2; index < to; index++) {
    const a = atoms[index]!;
    const b = atoms[best]!;
    const difference = a.cost - b.cost || a.draw - b.draw || Math.abs(index - middle) - Math.abs(best - middle);
    if (difference < 0) best = index;
  }
  return best;
}

/** A line that closes or continues what the line before it began. */
const CONTINUES = /^(?:[)\]}>{]|(?:end|else|elif|elsif|except|rescue|catch|finally|then|do|done|fi|esac)\b)/;

/** A line that speaks of the next one: a comment, a decorator, an attribute. */
const INTRODUCES = /^(?:\/\/|\/\*|\*|#|--|;|<!--|@|%)/;

const HEADING = /^#{1,6} /;

/** More than any indentation costs. */
const BAD_CUT = 1_000_000;

function readAtoms(text: string, maxCharacters: number): Atom[] {
  const atoms: Atom[] = [];
  let line = 0;
  let blankBefore = false;
  let previous = "";
  for (let start = 0; start <= text.length; line++) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const content = text.slice(start, end).trim();
    if (content === "") {
      blankBefore = true;
    } else {
      const cost = cutCost(indentation(text, start), blankBefore, content, previous);
      pushAtoms(atoms, text, { line: line + 1, start, end, size: 0, cost, draw: hash(content) }, maxCharacters);
      blankBefore = false;
      previous = content;
    }
    start = end + 1;
  }
  // A block's first line is often the same as another's ("/**"), so three lines together draw.
  for (const [index, atom] of atoms.entries()) {
    atom.draw = mix(mix(atom.draw, atoms[index + 1]?.draw ?? 0), atoms[index + 2]?.draw ?? 0);
  }
  return atoms;
}

/** Adds a line, in parts where it holds more than `maxCharacters`. */
function pushAtoms(atoms: Atom[], text: string, whole: Atom, maxCharacters: number): void {
  let part = { ...whole };
  for (let at = whole.start; at < whole.end; at++) {
    if (isBlank(text.charCodeAt(at))) continue;
    // A pair of surrogates is one character: it is never divided.
    if (part.size >= maxCharacters && !isLowSurrogate(text.charCodeAt(at))) {
      atoms.push({ ...part, end: at });
      part = { ...whole, start: at, cost: 2 * BAD_CUT };
    }
    part.size++;
  }
  atoms.push(part);
}

function cutCost(indent: number, blankBefore: boolean, content: string, previous: string): number {
  const isBad =
    CONTINUES.test(content) || (blankBefore ? HEADING.test(previous) : INTRODUCES.test(previous) && previous !== "");
  return (isBad ? BAD_CUT : 0) + 2 * indent + (blankBefore ? 0 : 1);
}

/** Columns before the first character that is not blank, a tab counting four. */
function indentation(text: string, start: number): number {
  let columns = 0;
  for (let at = start; isBlank(text.charCodeAt(at)); at++) columns += text.charCodeAt(at) === 9 ? 4 : 1;
  return columns;
}

/** Blanks of ASCII; whatever else Unicode calls white space counts as a character. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

/** FNV-1a over UTF-16 code units (Fowler, Noll, Vo). */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

/** Two 32-bit numbers in, one that depends on every bit of both out (the finaliser of MurmurHash3). */
function mix(a: number, b: number): number {
  let value = Math.imul(a, 31) ^ b;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
