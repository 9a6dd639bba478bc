import { cutsByAppearance } from "./chunk/appearance.ts";
import { type Chunk, type ChunkBounds, type ChunkOptions, chunkBounds } from "./chunk/chunk.ts";
import { divide } from "./chunk/divide.ts";
import { areGrammarsLoaded, loadGrammars } from "./chunk/grammars.ts";
import { type Line, readLines } from "./chunk/lines.ts";
import { readMarkdown } from "./chunk/markdown.ts";
import { describe } from "./chunk/symbols.ts";
import { type Outline, readSyntax } from "./chunk/syntax.ts";
import { type GrammarName, type Structure, structureOf } from "./languages.ts";

export type { Chunk, ChunkOptions, SymbolKind } from "./chunk/chunk.ts";

/**
 * Loads what `chunkSource` needs for these files: the grammars of their languages, some ten milliseconds each. Once a
 * process is enough, but for texts that break the parser: see `chunkSource`.
 */
export async function prepareToChunk(paths: Iterable<string>): Promise<void> {
  const grammars = grammarsOf(paths);
  if (!areGrammarsLoaded(grammars)) await loadGrammars(grammars);
}

/** Whether `chunkSource` would now cut such a file as it always does. */
export function isPreparedToChunk(path: string): boolean {
  const grammars = grammarsOf([path]);
  return grammars.size === 0 || areGrammarsLoaded(grammars);
}

function grammarsOf(paths: Iterable<string>): Set<GrammarName> {
  const grammars = new Set<GrammarName>();
  for (const path of paths) {
    const structure = structureOf(path);
    if (structure !== undefined && structure !== "markdown") grammars.add(structure);
  }
  return grammars;
}

/**
 * Divides a file along its structure: by its language's grammar, Markdown by its headings, anything else, and what the
 * grammar cannot read, by its looks as `chunkText` does.
 *
 * Every line that is not blank lies in exactly one chunk; only a line that alone exceeds `maxCharacters` is itself
 * divided. What is large enough to be a chunk is one: a function, a method, a class that fits. Smaller neighbours share
 * one, comments and decorators stay with what they introduce, and what is too large is divided into its parts
 * (split-then-merge, as in cAST, arXiv 2506.15655). Cuts depend on the language and the lines around them alone, not on
 * the path nor on what fills a chunk up, so an edit changes the chunks that it touches and hardly any other.
 *
 * A text that makes the parser fail is divided by its looks, and takes the grammars with it: what comes after it is
 * divided so too, until `prepareToChunk` has loaded them again. Who chunks many files calls that before each.
 *
 * @param text with `\n` line ends
 * @param path of the file, absolute or not: only its name counts, which tells the language
 * @throws Error where `prepareToChunk` was not called for the file's language
 */
export function chunkSource(text: string, path: string, options: ChunkOptions = {}): Chunk[] {
  const bounds = chunkBounds(options);
  const lines = readLines(text);
  const outline = readOutline(text, lines, structureOf(path), bounds);
  const chunks = divide(text, lines, outline?.cuts ?? cutsByAppearance(lines), bounds);
  return outline === undefined ? chunks : describe(chunks, outline.symbols);
}

function readOutline(
  text: string,
  lines: readonly Line[],
  structure: Structure | undefined,
  { maxCharacters }: ChunkBounds,
): Outline | undefined {
  if (structure === undefined) return undefined;
  return structure === "markdown" ? readMarkdown(lines) : readSyntax(text, lines, structure, maxCharacters);
}

/**
 * Divides a text by its looks alone: where a least-indented block starts after a blank line, best. The bounds and the
 * stability are those of `chunkSource`.
 *
 * @param text with `\n` line ends
 */
export function chunkText(text: string, options: ChunkOptions = {}): Chunk[] {
  const bounds = chunkBounds(options);
  const lines = readLines(text);
  return divide(text, lines, cutsByAppearance(lines), bounds);
}
