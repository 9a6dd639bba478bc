import type { Cuts } from "./divide.ts";
import type { Line } from "./lines.ts";

/** A line that closes or continues what the line before it began. */
const CONTINUES = /^(?:[)\]}>{]|(?:end|else|elif|elsif|except|rescue|catch|finally|then|do|done|fi|esac)\b)/;

/** A line that speaks of the next one: a comment, a decorator, an attribute. */
const INTRODUCES = /^(?:\/\/|\/\*|\*|#|--|;|<!--|@|%)/;

const HEADING = /^#{1,6} /;

/** More than any indentation costs. */
const BAD_CUT = 1_000_000;

/**
 * What cuts cost in a text of which nothing is known, by its looks: a good place is where a least-indented block starts
 * after a blank line, a bad one parts a comment from what follows it, or a block from its end.
 */
export function cutsByAppearance(lines: readonly Line[]): Cuts {
  const costs = new Float64Array(lines.length);
  for (const [index, line] of lines.entries()) costs[index] = appearanceCost(line, lines[index - 1]);
  return { costs };
}

export function appearanceCost(line: Line, previous: Line | undefined): number {
  const isBad =
    CONTINUES.test(line.content) ||
    (previous !== undefined && (line.blankBefore ? HEADING : INTRODUCES).test(previous.content));
  return (isBad ? BAD_CUT : 0) + 2 * line.indent + (line.blankBefore ? 0 : 1);
}

/** Whether a line goes on with a statement that a line before it began, whatever the grammar says. */
export function continues(line: Line): boolean {
  return CONTINUES.test(line.content);
}
