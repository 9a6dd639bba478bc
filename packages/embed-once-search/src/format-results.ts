import { styleText } from "node:util";
import type { SearchResult } from "./find-chunks.ts";

export interface FormatOptions {
  color: boolean;
}

const SNIPPET_LINES = 6;
const MAX_LINE_CHARACTERS = 160;

/** What would move the cursor, ring or recolour: a file's content must not steer the reader's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Results for a terminal: place, score and first lines of each; an empty string for none. */
export function formatResults(results: readonly SearchResult[], options: FormatOptions): string {
  const style = (format: "cyan" | "dim", text: string): string =>
    options.color ? styleText(format, text, { validateStream: false }) : text;
  return results
    .map(({ file, startLine, endLine, score, text }) => {
      const place = printable(`${file}:${startLine}-${endLine}`);
      const lines = text.split("\n");
      const numberWidth = String(endLine).length;
      const shown = lines.slice(0, SNIPPET_LINES).map((line, index) => {
        const number = style("dim", String(startLine + index).padStart(numberWidth));
        return `  ${number}  ${shorten(printable(line))}`.trimEnd();
      });
      const left = lines.length - shown.length;
      if (left > 0)
        shown.push(style("dim", `  ${" ".repeat(numberWidth)}  … ${left} more ${left === 1 ? "line" : "lines"}`));
      return [`${style("cyan", place)}  ${style("dim", score.toFixed(3))}`, ...shown, ""].join("\n");
    })
    .join("\n");
}

function printable(text: string): string {
  return text.replaceAll("\t", "    ").replace(CONTROL, "\ufffd");
}

function shorten(line: string): string {
  return line.length <= MAX_LINE_CHARACTERS ? line : `${line.slice(0, MAX_LINE_CHARACTERS - 1)}…`;
}
