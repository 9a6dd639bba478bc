/** A line that is not blank. */
export interface Line {
  /** Counted from 0. */
  row: number;
  /** Offsets of its first character and of its end, without the line break, into the text. */
  start: number;
  end: number;
  /** Columns of blanks before its first other character, a tab counting four. */
  indent: number;
  /** Offset of its first character that is not blank. */
  contentStart: number;
  /** The line without blanks at its ends. */
  content: string;
  /** Characters that are not blank. */
  size: number;
  /** Whether a blank line, or nothing, stands before it. */
  blankBefore: boolean;
}

/**
 * The lines of a text that are not blank.
 *
 * @param text with `\n` line ends
 */
export function readLines(text: string): Line[] {
  const lines: Line[] = [];
  let blankBefore = true;
  for (let start = 0, row = 0; start <= text.length; row++) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const line = readLine(text, row, start, end, blankBefore);
    blankBefore = line === undefined;
    if (line !== undefined) lines.push(line);
    start = end + 1;
  }
  return lines;
}

function readLine(text: string, row: number, start: number, end: number, blankBefore: boolean): Line | undefined {
  let indent = 0;
  let contentStart = start;
  for (; contentStart < end && isBlank(text.charCodeAt(contentStart)); contentStart++) {
    indent += text.charCodeAt(contentStart) === 9 ? 4 : 1;
  }
  const content = text.slice(contentStart, end).trimEnd();
  if (content === "") return undefined;
  let size = 0;
  for (let at = contentStart; at < end; at++) if (!isBlank(text.charCodeAt(at))) size++;
  // A line of nothing but blanks that Unicode has beyond ASCII was taken for blank above.
  return { row, start, end, indent, contentStart, content, size, blankBefore };
}

/** Blanks of ASCII; whatever else Unicode calls white space counts as a character. */
export function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
