import type { Line } from "./lines.ts";
import type { SourceSymbol } from "./symbols.ts";
import { type Outline, OWN_CHUNK_CHARACTERS } from "./syntax.ts";

/** CommonMark's ATX heading; a closing run of # is no part of it. */
const HEADING = /^(#{1,6})\s+(.*?)(?:\s+#+)?$/;

/** The line under a setext heading. */
const UNDERLINE = /^(?:=+|-{2,})$/;

const FENCE = /^(`{3,}|~{3,})/;

const LEVEL_COST = 8;

/** Paragraphs are parted before any heading is left alone, and code blocks after them. */
const PARAGRAPH_COST = 8 * LEVEL_COST;
const LINE_COST = 9 * LEVEL_COST;
const CODE_COST = 1_000;
const BAD_CUT = 100_000;

/** Where Markdown may be cut: before headings, the highest first, then between paragraphs, then lines, code blocks last. */
export function readMarkdown(lines: readonly Line[]): Outline {
  const costs = new Float64Array(lines.length);
  const symbols: SourceSymbol[] = [];
  /** Index of each one's line. */
  const starts: number[] = [];
  const open: { symbol: SourceSymbol; level: number }[] = [];
  let fence: string | undefined;
  let wasHeading = false;
  for (const [index, line] of lines.entries()) {
    const { content, row, indent, blankBefore } = line;
    const isUnderline: boolean =
      !wasHeading && index > 0 && !blankBefore && UNDERLINE.test(content) && fence === undefined;
    const startsFence: string | undefined = fence === undefined ? FENCE.exec(content)?.[1] : undefined;
    const heading = fence === undefined && indent < 4 ? headingOf(lines, index) : undefined;
    if (heading !== undefined) {
      while (open.length > 0 && open.at(-1)!.level >= heading.level) open.pop()!.symbol.lastRow = lines[index - 1]!.row;
      const parent = open.at(-1)?.symbol;
      const kind = "section" as const;
      const symbol = { name: heading.title, kind, firstRow: row, row, lastRow: Infinity, parent, defines: false };
      open.push({ symbol, level: heading.level });
      symbols.push(symbol);
      starts.push(index);
      costs[index] = heading.level * LEVEL_COST + (wasHeading ? BAD_CUT : 0);
    } else {
      const isBad = wasHeading || isUnderline;
      const place = fence === undefined ? (blankBefore ? PARAGRAPH_COST : LINE_COST) + indent : CODE_COST + 2 * indent;
      costs[index] = place + (isBad ? BAD_CUT : 0) + (fence !== undefined && !blankBefore ? 1 : 0);
    }
    if (fence !== undefined && content.startsWith(fence) && /^[`~]+$/.test(content)) fence = undefined;
    else if (startsFence !== undefined) fence = startsFence;
    wasHeading = heading !== undefined || (isUnderline && wasHeadingBefore(symbols, lines, index));
  }
  const lastRow = lines.at(-1)?.row ?? 0;
  for (const { symbol } of open) symbol.lastRow = lastRow;
  return { cuts: { costs, forced: forcedCuts(lines, starts) }, symbols };
}

function headingOf(lines: readonly Line[], index: number): { level: number; title: string } | undefined {
  const line = lines[index]!;
  const atx = HEADING.exec(line.content);
  if (atx !== null) return { level: atx[1]!.length, title: atx[2]! };
  const below = lines[index + 1];
  // A paragraph of one line and a line of = or - right under it.
  if (below === undefined || below.row !== line.row + 1 || !UNDERLINE.test(below.content) || !line.blankBefore) return;
  // What begins a list item, a quotation or a table is no paragraph; `4.4.1` and `**new**` begin none.
  if (/^(?:[-*+]|\d{1,9}[.)])(?:\s|$)|^[>|]/.test(line.content)) return;
  return { level: below.content.startsWith("=") ? 1 : 2, title: line.content };
}

function wasHeadingBefore(symbols: readonly SourceSymbol[], lines: readonly Line[], index: number): boolean {
  return symbols.at(-1)?.row === lines[index - 1]!.row;
}

/** Around each section, without those in it, that is large enough for a chunk of its own. */
function forcedCuts(lines: readonly Line[], starts: readonly number[]): Uint8Array {
  const forced = new Uint8Array(lines.length);
  for (const [at, from] of starts.entries()) {
    const to = starts[at + 1] ?? lines.length;
    let size = 0;
    for (let index = from; index < to; index++) size += lines[index]!.size;
    if (size < OWN_CHUNK_CHARACTERS) continue;
    // A heading without words of its own stays with the first section under it.
    if (at === 0 || starts[at - 1]! < from - 1) forced[from] = 1;
    if (to < lines.length) forced[to] = 1;
  }
  return forced;
}
