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

export interface ChunkBounds {
  maxCharacters: number;
  minCharacters: number;
}

/** @throws RangeError for bounds that are none */
export function chunkBounds(options: ChunkOptions): ChunkBounds {
  const { maxCharacters = DEFAULT_MAX_CHARACTERS, minCharacters = DEFAULT_MIN_CHARACTERS } = options;
  for (const [name, value] of Object.entries({ maxCharacters, minCharacters })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${name} must be an integer of at least 1, got ${value}`);
    }
  }
  return { maxCharacters, minCharacters };
}
