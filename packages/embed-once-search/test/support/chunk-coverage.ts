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
  const times = new Uint32Array(lines.length);
  let last = 0;
  for (const { startLine, endLine, text: content } of chunks) {
    expect(startLine).toBeGreaterThanOrEqual(last);
    expect(endLine).toBeGreaterThanOrEqual(startLine);
    expect(nonBlank(content)).toBeLessThanOrEqual(maxCharacters + 1); // a pair of surrogates stays whole
    expect(content.trim()).not.toBe("");
    const whole = lines.slice(startLine - 1, endLine).join("\n");
    if (lines.slice(startLine - 1, endLine).every((line) => nonBlank(line) <= maxCharacters))
      expect(content).toBe(whole);
    else expect(whole).toContain(content);
    for (let line = startLine; line <= endLine; line++) times[line - 1]!++;
    last = endLine;
  }
  for (const [index, line] of lines.entries()) {
    if (nonBlank(line) > maxCharacters) expect(times[index]).toBeGreaterThan(1);
    else if (line.trim() !== "") expect(times[index]).toBe(1);
  }
}
