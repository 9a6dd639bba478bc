import type { Language, Tree, TreeCursor } from "web-tree-sitter";
import type { GrammarName } from "../languages.ts";
import { appearanceCost, continues } from "./appearance.ts";
import { definitionRules, readDefinition } from "./definitions.ts";
import type { Cuts } from "./divide.ts";
import { tryWithGrammar } from "./grammars.ts";
import type { Line } from "./lines.ts";
import type { SourceSymbol } from "./symbols.ts";
import type { Grammar } from "./tree-sitter.ts";

/** A file's structure: where it may be cut and what it names. */
export interface Outline {
  cuts: Cuts;
  symbols: SourceSymbol[];
}

/** Longer texts are data, and their trees take much memory. */
const MAX_PARSED_CHARACTERS = 2_000_000;

/**
 * The parser's effort is counted in calls of its functions: 10 to 30 for each character of a usual source, in every language,
 * and 100 where Python's scanner looks through a long comment again at each of its lines. A text that needs many more is
 * one that the grammar cannot read without trying everything. Calls, not milliseconds: a slow machine cuts as a fast one
 * does. The parser is asked once in some hundred steps; where a single step goes on and on, the last call traps.
 */
const MAX_CALLS = 2_000_000;
const MAX_CALLS_PER_CHARACTER = 256;
const TRAP_FACTOR = 2;

/** A larger share of characters that the grammar makes no sense of, and its tree is a guess. */
const MAX_ERROR_SHARE = 0.3;

/**
 * Reads a text's structure by a grammar, which must have been loaded.
 *
 * @returns `undefined` where the grammar cannot make enough of the text, or not with a bounded effort, or is lost since
 */
export function readSyntax(
  text: string,
  lines: readonly Line[],
  name: GrammarName,
  maxCharacters: number,
): Outline | undefined {
  if (text.length > MAX_PARSED_CHARACTERS) return undefined;
  const mostCalls = MAX_CALLS + MAX_CALLS_PER_CHARACTER * text.length;
  return tryWithGrammar(name, (grammar) => {
    const tree = parse(grammar, text, mostCalls);
    if (tree === undefined) return undefined;
    grammar.instance.boundCalls(TRAP_FACTOR * mostCalls);
    const cursor = tree.walk();
    const outline = new SyntaxWalk(cursor, nodeTypes(name, grammar.language), lines, maxCharacters).outline();
    cursor.delete();
    tree.delete();
    return outline;
  });
}

function parse({ parser, instance }: Grammar, text: string, mostCalls: number): Tree | undefined {
  instance.boundCalls(TRAP_FACTOR * mostCalls);
  const least = (TRAP_FACTOR - 1) * mostCalls;
  const tree = parser.parse(text, null, { progressCallback: () => instance.callsLeft < least });
  if (tree === null) parser.reset();
  return tree ?? undefined;
}

/** What the walk asks about a node, by the number of its type. */
interface NodeTypes {
  named: Uint8Array;
  /** A comment, decorator or attribute: speaks of what follows it. */
  introduces: Uint8Array;
  /** Has statements that run later: what is named in there is nobody's business outside. */
  isFunction: Uint8Array;
  /** Defines nothing that is seen from outside: expressions, types, literals. */
  opaque: Uint8Array;
  /** Stands before what a definition is about: `public static`, a type. */
  isHead: Uint8Array;
  rules: (Parameters<typeof readDefinition>[0] | undefined)[];
  definesAnything: boolean;
}

const INTRODUCES = /comment|decorator|^attribute_item$|^annotation$|^attribute_list$|^marker_annotation$/;

const FUNCTION =
  /function|method|lambda|closure|^constructor|^init_declaration$|^deinit|^do_block$|^anonymous_|accessor|^getter|^setter|^local_function/;

const HEAD = /modifier|specifier$|annotation|identifier$|_type$/;

const OPAQUE =
  /comment|string|literal|import|argument|parameter|_type$|^type_|template_(?!declaration)|heredoc|^(?:object|array|dictionary|list|set|tuple|table_constructor|call|modifiers|attribute.*|.*_expression|.*_clause|.*_heritage|.*identifier)$/;

const OPEN = /^(?:assignment_expression|type_(?:declaration|spec|alias.*|definition|item))$/;

const nodeTypesOf = new Map<GrammarName, NodeTypes>();

function nodeTypes(name: GrammarName, language: Language): NodeTypes {
  const known = nodeTypesOf.get(name);
  if (known !== undefined) return known;
  const ruleOf = definitionRules(name);
  const count = language.nodeTypeCount;
  const types: NodeTypes = {
    named: new Uint8Array(count),
    introduces: new Uint8Array(count),
    isFunction: new Uint8Array(count),
    opaque: new Uint8Array(count),
    isHead: new Uint8Array(count),
    rules: [],
    definesAnything: ruleOf.size > 0,
  };
  for (let id = 0; id < count; id++) {
    const type = language.nodeTypeForId(id);
    if (type === null || !language.nodeTypeIsNamed(id)) continue;
    types.named[id] = 1;
    types.introduces[id] = INTRODUCES.test(type) ? 1 : 0;
    types.isFunction[id] = FUNCTION.test(type) ? 1 : 0;
    types.isHead[id] = HEAD.test(type) ? 1 : 0;
    types.opaque[id] = OPAQUE.test(type) && !OPEN.test(type) && !ruleOf.has(type) ? 1 : 0;
    types.rules[id] = ruleOf.get(type);
  }
  nodeTypesOf.set(name, types);
  return types;
}

/** Rows from the end of a comment to what it belongs to: one blank line may lie between. */
const MAX_INTRODUCTION_GAP = 2;

const NO_ROW = -10;

/** tree-sitter's number for what it could not read. */
const ERROR_TYPE = 0xffff;

/** Deeper ones are cut by their looks: nobody writes them, and the walk is recursive. */
const MAX_DEPTH = 150;

/** One step down the tree costs more than everything within a level. */
const LEVEL_COST = 8;

/** A cut between a head and its body is worse than any among the body's parts. */
const HEAD_COST = 3 * LEVEL_COST + 4;

const BAD_CUT = 100_000;
const UNKNOWN_CUT = 1_000_000;

/**
 * What is at least this large is a chunk of its own, which no neighbour's edit concerns. Non-blank characters. Larger
 * ones make a history embed fewer chunks and more characters (change it and run `npm run bench:history`).
 */
export const OWN_CHUNK_CHARACTERS = 400;

/** A node whose children are visited. */
interface Visited {
  depth: number;
  row: number;
  /** Where the comments and decorators begin that belong to it. */
  firstRow: number;
  lastRow: number;
  /** Whether it is too large for one chunk. */
  isLarge: boolean;
  inFunction: boolean;
  /** What it is or lies in. */
  symbol: SourceSymbol | undefined;
}

/** Visits the nodes that are too large for one chunk, and those that may define something. */
class SyntaxWalk {
  readonly #cursor: TreeCursor;
  readonly #types: NodeTypes;
  readonly #lines: readonly Line[];
  readonly #maxCharacters: number;
  /** By row: index of the row's line, or of the next one where it is blank. */
  readonly #lineAt: Uint32Array;
  /** By line: the non-blank characters before it. */
  readonly #sizeBefore: Float64Array;
  readonly #costs: Float64Array;
  readonly #forced: Uint8Array;
  readonly #symbols: SourceSymbol[] = [];
  #errorCharacters = 0;

  constructor(cursor: TreeCursor, types: NodeTypes, lines: readonly Line[], maxCharacters: number) {
    this.#cursor = cursor;
    this.#types = types;
    this.#lines = lines;
    this.#maxCharacters = maxCharacters;
    this.#costs = new Float64Array(lines.length).fill(-1);
    this.#forced = new Uint8Array(lines.length);
    this.#sizeBefore = new Float64Array(lines.length + 1);
    const rows = (lines.at(-1)?.row ?? 0) + 1;
    this.#lineAt = new Uint32Array(rows + 2).fill(lines.length);
    for (const [index, line] of lines.entries()) {
      this.#sizeBefore[index + 1] = this.#sizeBefore[index]! + line.size;
      this.#lineAt[line.row] = index;
    }
    for (let row = rows; row >= 0; row--) {
      if (this.#lines[this.#lineAt[row]!]?.row !== row) this.#lineAt[row] = this.#lineAt[row + 1]!;
    }
  }

  outline(): Outline | undefined {
    const total = this.#sizeBefore[this.#lines.length]!;
    if (this.#cursor.nodeType === "ERROR") return undefined;
    const root = { depth: 0, row: 0, firstRow: 0, lastRow: Infinity, isLarge: true };
    this.#visitChildren({ ...root, inFunction: false, symbol: undefined });
    if (this.#errorCharacters > MAX_ERROR_SHARE * total) return undefined;
    for (const [index, line] of this.#lines.entries()) {
      if (this.#costs[index]! < 0) {
        this.#costs[index] = UNKNOWN_CUT + appearanceCost(line, this.#lines[index - 1]);
      }
    }
    return { cuts: { costs: this.#costs, forced: this.#forced }, symbols: this.#symbols };
  }

  #visitChildren(node: Visited): void {
    const cursor = this.#cursor;
    const types = this.#types;
    if (!cursor.gotoFirstChild()) return;
    let isFirst = true;
    /** First and last row of the comments and decorators that stand right before a node. */
    let introFirst = NO_ROW;
    let introLast = NO_ROW;
    do {
      const type = cursor.nodeTypeId;
      const isError = type === ERROR_TYPE;
      if (!isError && types.named[type] !== 1) continue;
      const start = cursor.startPosition;
      const end = cursor.endPosition;
      const lastRow = end.column === 0 && end.row > start.row ? end.row - 1 : end.row;
      const index = this.#indexFrom(start.row);
      const line = this.#lines[index];
      if (line === undefined) continue;
      const isLineStart = line.row === start.row && line.start + start.column <= line.contentStart;
      const introduces = types.introduces[type] === 1;
      const isIntroduced = introLast >= start.row - (introduces ? 1 : MAX_INTRODUCTION_GAP);
      // What begins together shares the comments before it: `export` and the function that is exported.
      const firstRow = isIntroduced ? introFirst : start.row === node.row ? node.firstRow : start.row;
      const size = this.#sizeOfRows(firstRow, lastRow);
      if (isError) this.#errorCharacters += this.#sizeOfRows(start.row, lastRow);

      if (node.isLarge && isLineStart) {
        this.#setCost(index, node.depth, isFirst && start.row > node.row, isIntroduced);
        if (size >= OWN_CHUNK_CHARACTERS && !isError && !introduces) this.#forceAround(firstRow, lastRow, isFirst);
      }
      if (introduces) {
        if (isLineStart) {
          if (!isIntroduced) introFirst = start.row;
          introLast = lastRow;
        }
        continue;
      }
      introLast = NO_ROW;
      const isBody = isFirst && lastRow === node.lastRow;
      if (isLineStart && !(start.row === node.row && types.isHead[type] === 1)) isFirst = false;
      if (isError) continue;

      const symbol = this.#symbolHere(type, firstRow, start.row, lastRow, node) ?? node.symbol;
      // A body that would fit without its head is divided where both together do not.
      const isLarge = node.isLarge && lastRow > start.row && (size > this.#maxCharacters || isBody);
      const inFunction = node.inFunction || types.isFunction[type] === 1;
      const mayDefine = types.definesAnything && !inFunction && types.opaque[type] !== 1;
      if ((isLarge || mayDefine) && node.depth < MAX_DEPTH) {
        const row = start.row;
        this.#visitChildren({ depth: node.depth + 1, row, firstRow, lastRow, isLarge, inFunction, symbol });
      }
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }

  /** Non-blank characters. */
  #sizeOfRows(firstRow: number, lastRow: number): number {
    return this.#sizeBefore[this.#indexFrom(lastRow + 1)]! - this.#sizeBefore[this.#indexFrom(firstRow)]!;
  }

  /** Index of the first line that is not blank from a row on; the number of lines where there is none. */
  #indexFrom(row: number): number {
    return this.#lineAt[row] ?? this.#lines.length;
  }

  /** Makes a chunk of what is large enough for one. What comes first stays with the head that it belongs to. */
  #forceAround(firstRow: number, lastRow: number, isFirst: boolean): void {
    const from = this.#indexFrom(firstRow);
    if (!isFirst && this.#costs[from]! < BAD_CUT) this.#force(from);
    this.#force(this.#indexFrom(lastRow + 1));
  }

  #force(index: number): void {
    const line = this.#lines[index];
    if (line !== undefined && !continues(line)) this.#forced[index] = 1;
  }

  #setCost(index: number, depth: number, isFirst: boolean, isIntroduced: boolean): void {
    // Of the nodes that start at one place the outermost comes first, and a cut parts no more than that one.
    if (this.#costs[index]! >= 0) return;
    const line = this.#lines[index]!;
    this.#costs[index] =
      (isIntroduced || continues(line) ? BAD_CUT : 0) +
      depth * LEVEL_COST +
      (isFirst ? HEAD_COST : 0) +
      (line.blankBefore ? 0 : 1);
  }

  #symbolHere(
    type: number,
    firstRow: number,
    row: number,
    lastRow: number,
    { symbol: parent, inFunction }: Visited,
  ): SourceSymbol | undefined {
    const rule = this.#types.rules[type];
    if (rule === undefined) return undefined;
    const definition = readDefinition(rule, this.#cursor.currentNode);
    if (definition === undefined || (inFunction && definition.kind === "variable")) return undefined;
    const { name, kind, within, defines = true } = definition;
    // C's `typedef struct name { … } name` is one thing.
    if (parent?.name === name && parent.row === row && parent.lastRow === lastRow) return undefined;
    const owner: SourceSymbol | undefined =
      within === undefined ? parent : { name: within, kind: "type", firstRow, row, lastRow, parent, defines: false };
    const isMember = kind === "function" && (owner?.kind === "class" || owner?.kind === "type");
    const symbol: SourceSymbol = {
      name,
      kind: isMember ? "method" : kind,
      firstRow,
      row,
      lastRow,
      parent: owner,
      defines,
    };
    this.#symbols.push(symbol);
    return symbol;
  }
}
