import { styleText } from "node:util";
import type { SearchResult } from "./find-chunks.ts";
import { WordFinder } from "./highlight.ts";
import { readQuestion } from "./question.ts";

export interface FormatOptions {
  color: boolean;
  /** What was asked for: its words are marked, and the lines that hold most of them shown. Without it, the first lines. */
  question?: string | undefined;
  /** Only the files, one a line, each once, the best first. @default false */
  files?: boolean | undefined;
  /** With `files`: each as it is and ended by NUL, for programs, where a name may hold blanks and ends of lines. @default false */
  null?: boolean | undefined;
}

const SNIPPET_LINES = 6;
const MAX_LINE_CHARACTERS = 160;

/** What would move the cursor, ring or recolour: a file's content must not steer the reader's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

/**
 * Results for a terminal: for each its place as `file:line`, which terminals make links of, where in the file's structure
 * it lies, its score and some lines. With lines around it (`context`) all of it is shown. An empty string for no results.
 */
export function formatResults(results: readonly SearchResult[], options: FormatOptions): string {
  const style: Style = (format, text) => (options.color ? styleText(format, text, { validateStream: false }) : text);
  if (options.files) {
    const files = [...new Set(results.map(({ file }) => file))];
    if (options.null) return files.map((file) => `${file}\0`).join("");
    return files.map((file) => style("cyan", printableName(file))).join("\n");
  }
  const finder = new WordFinder(options.question === undefined ? [] : readQuestion(options.question).words);
  return results.map((result) => `${formatResult(result, finder, style)}\n`).join("\n");
}

function formatResult(result: SearchResult, finder: WordFinder, style: Style): string {
  const { file, startLine, endLine, score, symbolPath, before, after } = result;
  const lines = result.text.split("\n");
  const isWhole = before !== undefined || after !== undefined;
  const from = isWhole ? 0 : bestWindow(lines, finder);
  const shown = isWhole ? lines : lines.slice(from, from + SNIPPET_LINES);
  const firstShown = startLine + from;
  const numberWidth = String(endLine + (after?.length ?? 0)).length;
  const numbered = (texts: readonly string[], first: number, show: (line: string) => string): string[] =>
    texts.map((text, index) => {
      const number = style("dim", String(first + index).padStart(numberWidth));
      return `  ${number}  ${show(shorten(printable(text)))}`.trimEnd();
    });
  const dim = (line: string): string => (line === "" ? "" : style("dim", line));
  const left = lines.length - shown.length;
  const more = `  ${" ".repeat(numberWidth)}  … ${left} more ${left === 1 ? "line" : "lines"}`;
  return [
    [
      style("cyan", printableName(`${file}:${firstShown}`)),
      ...(symbolPath === undefined ? [] : [style("bold", printableName(symbolPath))]),
      style("dim", score.toFixed(3)),
    ].join("  "),
    ...numbered(before ?? [], startLine - (before?.length ?? 0), dim),
    ...numbered(shown, firstShown, (line) => marked(line, finder, style)),
    ...numbered(after ?? [], endLine + 1, dim),
    ...(left > 0 ? [style("dim", more)] : []),
  ].join("\n");
}

/** The first of the lines to show: those that hold most of the distinct words; the first lines where others hold no more. */
function bestWindow(lines: readonly string[], finder: WordFinder): number {
  const wordsOf = lines.map((line) => [...finder.wordsIn(line)]);
  const held = (from: number): number => new Set(wordsOf.slice(from, from + SNIPPET_LINES).flat()).size;
  let best = 0;
  for (let from = 1; from + SNIPPET_LINES <= lines.length; from++) if (held(from) > held(best)) best = from;
  return best;
}

function marked(line: string, finder: WordFinder, style: Style): string {
  let text = "";
  let from = 0;
  for (const { start, end } of finder.spansIn(line)) {
    text += line.slice(from, start) + style(["bold", "yellow"], line.slice(start, end));
    from = end;
  }
  return text + line.slice(from);
}

function printable(text: string): string {
  return text.replaceAll("\t", "    ").replace(CONTROL, "\ufffd");
}

/** A name takes one line, whatever it holds: one of two lines could pass for two names. */
function printableName(name: string): string {
  return printable(name.replaceAll("\n", "\\n").replaceAll("\t", "\\t"));
}

function shorten(line: string): string {
  return line.length <= MAX_LINE_CHARACTERS ? line : `${line.slice(0, MAX_LINE_CHARACTERS - 1)}…`;
}
