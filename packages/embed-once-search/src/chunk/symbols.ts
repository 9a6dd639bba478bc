import type { Chunk, SymbolKind } from "./chunk.ts";

/** Something that a file gives a name to. */
export interface SourceSymbol {
  name: string;
  kind: SymbolKind;
  /** Row of the first line that belongs to it, comments and decorators before it included; counted from 0. */
  firstRow: number;
  /** Row where the definition itself begins. */
  row: number;
  lastRow: number;
  /** What it lies in. */
  parent: SourceSymbol | undefined;
  /** `false` for what names its place without defining the name, such as Rust's `impl`. */
  defines: boolean;
}

const SEPARATOR = " › ";

/**
 * Chunks with what they hold: the names that begin in them, and the innermost symbol that they lie in, or else the one
 * symbol that makes up more than half of their lines.
 *
 * @param symbols in the order of the text, each after what it lies in
 */
export function describe(chunks: readonly Chunk[], symbols: readonly SourceSymbol[]): Chunk[] {
  if (symbols.length === 0) return [...chunks];
  let next = 0;
  let last: SourceSymbol | undefined;
  return chunks.map((chunk) => {
    const firstRow = chunk.startLine - 1;
    const lastRow = chunk.endLine - 1;
    const inside: SourceSymbol[] = [];
    // What started before this chunk and is not over yet, or starts with its first line.
    let around: SourceSymbol | undefined = last;
    for (; next < symbols.length && symbols[next]!.row <= lastRow; next++) {
      const symbol = symbols[next]!;
      if (symbol.row >= firstRow) inside.push(symbol);
      last = symbol;
      if (symbol.firstRow <= firstRow) around = symbol;
    }
    while (around !== undefined && around.lastRow < lastRow) around = around.parent;
    const main =
      around !== undefined && inside.includes(around) ? around : (mainOf(inside, firstRow, lastRow) ?? around);
    const definitions = [...new Set(inside.filter(({ defines }) => defines).map(({ name }) => name))];
    const kind = main?.kind ?? onlyKind(inside);
    return {
      ...chunk,
      ...(main === undefined ? {} : { symbolPath: pathOf(main) }),
      ...(kind === undefined ? {} : { kind }),
      ...(definitions.length === 0 ? {} : { definitions }),
    };
  });
}

/** The outermost symbol that takes more than half of the rows. */
function mainOf(inside: readonly SourceSymbol[], firstRow: number, lastRow: number): SourceSymbol | undefined {
  const rows = lastRow - firstRow + 1;
  return inside.find((symbol) => {
    const from = Math.max(symbol.firstRow, firstRow);
    return 2 * (Math.min(symbol.lastRow, lastRow) - from + 1) > rows;
  });
}

function onlyKind(inside: readonly SourceSymbol[]): SymbolKind | undefined {
  const kinds = new Set(inside.map(({ kind }) => kind));
  return kinds.size === 1 ? inside[0]!.kind : undefined;
}

function pathOf(symbol: SourceSymbol): string {
  const label = symbol.kind === "section" ? symbol.name : `${symbol.kind} ${symbol.name}`;
  return symbol.parent === undefined ? label : pathOf(symbol.parent) + SEPARATOR + label;
}
