import { expect } from "vitest";
import type { Chunk } from "../../src/chunker.ts";

/** Characters that are not ASCII's blanks, as chunk sizes are counted. */
export function nonBlank(text: string): number {
  return text.replace(/[ \t\n\v\f\r]/g, "").length;
}

/**
 * Checks that chunks are the lines of a text as they are: each line that is not blank in exactly one of them, in order,
 * no chunk over the bound. A line that alone is over it lies in several.
 */
export function expectCoverage(text: string, chunks: readonly Chunk[], maxCharacters: number): void {
  const lines = text.split("\n");
  const isLong = lines.map((line) => nonBlank(line) > maxCharacters);
  const times = lines.map(() => 0);
  const wrong: Chunk[] = [];
  let last = 0;
  for (const chunk of chunks) {
    const { startLine, endLine, text: content } = chunk;
    const whole = lines.slice(startLine - 1, endLine).join("\n");
    const isRight = isLong.slice(startLine - 1, endLine).includes(true) ? whole.includes(content) : content === whole;
    // A pair of surrogates stays whole.
    const fits = nonBlank(content) <= maxCharacters + 1 && content.trim() !== "";
    if (!isRight || !fits || startLine < last || endLine < startLine) wrong.push(chunk);
    for (let line = startLine; line <= endLine; line++) times[line - 1]!++;
    last = endLine;
  }
  expect(wrong).toEqual([]);
  const missed = lines.filter((line, index) =>
    isLong[index] ? times[index]! < 2 : line.trim() !== "" && times[index] !== 1,
  );
  expect(missed).toEqual([]);
}
