import type { Chunk, ChunkBounds } from "./chunk.ts";
import { isBlank, type Line } from "./lines.ts";

/** How good a place for a cut is before each line, by the line's index among those that are not blank. */
export interface Cuts {
  /** Lower is better, at least 0. */
  costs: Float64Array;
  /** 1: a chunk begins here, however much room there is in the one before, unless a side of the cut is tiny. */
  forced?: Uint8Array | undefined;
}

/** What is never divided: a line that is not blank, or a part of one that is longer than a whole chunk may be. */
interface Atom {
  row: number;
  /** Offsets into the text. */
  start: number;
  end: number;
  /** Non-blank characters. */
  size: number;
  cost: number;
  forced: boolean;
  /** A number that the next lines decide, to choose among cuts of equal cost. */
  draw: number;
}

/** A piece of a few lines joins its neighbour even over a forced cut. Non-blank characters. */
const TINY_CHARACTERS = 100;

/** More than any other cut: in the middle of a line. */
const INSIDE_LINE = Number.MAX_VALUE;

/**
 * Divides lines into chunks, each within `maxCharacters`; only a line that alone exceeds that is itself divided.
 *
 * What is too long, or has a forced cut, is cut at its best place, and each part again. Among places of equal cost the
 * lines that follow decide by their hash. No cut depends on a position or on how full a chunk is, so equal content is cut
 * alike wherever it lies, and an edit moves only the cuts around it: the places chosen form a treap (Seidel and Aragon,
 * Randomized Search Trees, 1996), whose shape does not depend on its history.
 */
export function divide(text: string, lines: readonly Line[], cuts: Cuts, bounds: ChunkBounds): Chunk[] {
  const { maxCharacters, minCharacters } = bounds;
  const atoms = readAtoms(text, lines, cuts, maxCharacters);
  if (atoms.length === 0) return [];

  // sizeBefore[i] is what atoms 0 … i - 1 hold, so that a range's size is a subtraction.
  const sizeBefore = new Float64Array(atoms.length + 1);
  const forcedBefore = new Uint32Array(atoms.length + 1);
  for (const [index, atom] of atoms.entries()) {
    sizeBefore[index + 1] = sizeBefore[index]! + atom.size;
    forcedBefore[index + 1] = forcedBefore[index]! + (atom.forced ? 1 : 0);
  }
  const sizeOf = (from: number, to: number): number => sizeBefore[to]! - sizeBefore[from]!;
  const isWhole = (from: number, to: number): boolean =>
    to - from === 1 || (sizeOf(from, to) <= maxCharacters && forcedBefore[to] === forcedBefore[from + 1]);

  /** The places where the chunks of atoms `from` … `to - 1` end. */
  function endsOf(from: number, to: number): number[] {
    if (isWhole(from, to)) return [to];
    const cut = bestCut(atoms, from, to);
    const left = endsOf(from, cut);
    const right = endsOf(cut, to);
    const lastStart = left.at(-2) ?? from;
    const firstEnd = right[0]!;
    const smaller = Math.min(sizeOf(lastStart, cut), sizeOf(cut, firstEnd));
    const least = atoms[cut]!.forced ? Math.min(minCharacters, TINY_CHARACTERS) : minCharacters;
    if (smaller < least && sizeOf(lastStart, firstEnd) <= maxCharacters) left.pop();
    return left.concat(right);
  }

  let from = 0;
  return endsOf(0, atoms.length).map((to) => {
    const first = atoms[from]!;
    const last = atoms[to - 1]!;
    from = to;
    return { startLine: first.row + 1, endLine: last.row + 1, text: text.slice(first.start, last.end) };
  });
}

/**
 * A forced cut before any other, then the cheapest; among equals the lowest draw; among equal draws (repeated lines) the
 * one nearest to the middle.
 */
function bestCut(atoms: readonly Atom[], from: number, to: number): number {
  const middle = (from + to) / 2;
  let best = from + 1;
  for (let index = from + 2; index < to; index++) {
    const a = atoms[index]!;
    const b = atoms[best]!;
    const difference =
      Number(b.forced) - Number(a.forced) ||
      a.cost - b.cost ||
      a.draw - b.draw ||
      Math.abs(index - middle) - Math.abs(best - middle);
    if (difference < 0) best = index;
  }
  return best;
}

function readAtoms(text: string, lines: readonly Line[], cuts: Cuts, maxCharacters: number): Atom[] {
  const atoms: Atom[] = [];
  const draws = lines.map((line) => hash(line.content));
  for (const [index, { row, start, end, size }] of lines.entries()) {
    // A block's first line is often the same as another's ("/**"), so three lines together draw.
    const draw = mix(mix(draws[index]!, draws[index + 1] ?? 0), draws[index + 2] ?? 0);
    const forced = cuts.forced?.[index] === 1;
    const atom: Atom = { row, start, end, size, cost: cuts.costs[index]!, forced, draw };
    if (size <= maxCharacters) atoms.push(atom);
    else pushParts(atoms, text, atom, maxCharacters);
  }
  return atoms;
}

/** Adds a line in parts. */
function pushParts(atoms: Atom[], text: string, whole: Atom, maxCharacters: number): void {
  let part = { ...whole, size: 0 };
  for (let at = whole.start; at < whole.end; at++) {
    if (isBlank(text.charCodeAt(at))) continue;
    // A pair of surrogates is one character: it is never divided.
    if (part.size >= maxCharacters && !isLowSurrogate(text.charCodeAt(at))) {
      atoms.push({ ...part, end: at });
      part = { ...whole, start: at, size: 0, cost: INSIDE_LINE, forced: false };
    }
    part.size++;
  }
  atoms.push(part);
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
