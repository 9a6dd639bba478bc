import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Chunk, chunkText } from "../src/chunker.ts";

const nonBlank = (text: string): number => text.replace(/[ \t\n\v\f\r]/g, "").length;

/** Lines as sources have them: indented, repeated, blank, now and then far too long. */
const line = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("", "", "  ", "}", "});", "  }", "/**", " */", "# Title", "end") },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(4), fc.string({ maxLength: 60 })).map(([depth, text]) => "  ".repeat(depth) + text),
  },
  { weight: 2, arbitrary: fc.nat(1000).map((number) => `function name${number}() {`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(300), fc.constantFrom("x", "ab ", "𝒳", "é")).map(([times, unit]) => unit.repeat(times)),
  },
);
const source = fc.array(line, { maxLength: 200 }).map((lines) => lines.join("\n").replaceAll("\r", ""));
const options = { maxCharacters: 200, minCharacters: 40 };

describe("chunkText", () => {
  test("covers every line that is not blank, in order and once, but for lines that are too long", () => {
    fc.assert(
      fc.property(source, (text) => {
        const lines = text.split("\n");
        const covered = new Map<number, number>();
        let last = 0;
        for (const { startLine, endLine, text: chunk } of chunkText(text, options)) {
          expect(startLine).toBeGreaterThanOrEqual(last);
          expect(endLine).toBeGreaterThanOrEqual(startLine);
          last = endLine;
          for (let number = startLine; number <= endLine; number++) covered.set(number, (covered.get(number) ?? 0) + 1);
          expect(chunk.split("\n")).toHaveLength(endLine - startLine + 1);
        }
        for (const [index, content] of lines.entries()) {
          const times = covered.get(index + 1) ?? 0;
          if (nonBlank(content) > options.maxCharacters) expect(times).toBeGreaterThan(1);
          else if (content.trim() !== "") expect(times).toBe(1);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("gives the lines as they are, within the bound, and loses no character", () => {
    fc.assert(
      fc.property(source, (text) => {
        const chunks = chunkText(text, options);
        for (const chunk of chunks) {
          expect(nonBlank(chunk.text)).toBeLessThanOrEqual(options.maxCharacters + 1); // a pair of surrogates stays whole
          expect(text).toContain(chunk.text);
          expect(chunk.text.isWellFormed()).toBe(text.isWellFormed());
          expect(chunk.text.trim()).not.toBe("");
        }
        const blankLinesOut = text
          .split("\n")
          .filter((content) => content.trim() !== "")
          .join("\n");
        const strip = (value: string): string => value.replace(/\s/g, "");
        expect(strip(chunks.map((chunk) => chunk.text).join("\n"))).toBe(strip(blankLinesOut));
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  test("cuts at places that the content decides: an edit leaves chunks away from it as they were", () => {
    const block = (number: number): string =>
      [`/** Block ${number}. */`, `function block${number}() {`, `  return ${"work(); ".repeat(6)}`, "}", ""].join(
        "\n",
      );
    const blocks = Array.from({ length: 120 }, (_, number) => block(number));
    const before = new Set(chunkText(blocks.join("\n")).map((chunk) => chunk.text));
    fc.assert(
      fc.property(fc.nat(119), fc.constantFrom("insert", "delete", "change"), (at, kind) => {
        const edited = [...blocks];
        if (kind === "insert") edited.splice(at, 0, block(1000 + at));
        if (kind === "delete") edited.splice(at, 1);
        if (kind === "change") edited[at] = edited[at]!.replace("return", "const changed = 1;\n  return");
        const added = chunkText(edited.join("\n")).filter((chunk) => !before.has(chunk.text));
        expect(before.size).toBeGreaterThan(5);
        expect(added.length).toBeLessThanOrEqual(4);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test("gives equal text for equal content, wherever it lies and whatever blank lines are around it", () => {
    const body = Array.from({ length: 30 }, (_, i) => `export const value${i} = compute(${i}, "${"x".repeat(80)}");`);
    const text = body.join("\n");
    const chunks = chunkText(text);
    const moved = chunkText(`\n\n\n${text}\n\n`);
    expect(chunks.length).toBeGreaterThan(1);
    expect(moved.map((chunk) => chunk.text)).toEqual(chunks.map((chunk) => chunk.text));
    expect(moved.map((chunk) => chunk.startLine - 3)).toEqual(chunks.map((chunk) => chunk.startLine));
  });

  test("cuts before top-level blocks after blank lines, with their comments and to their closing line", () => {
    const block = (name: string): string[] => [
      "",
      `/** What ${name} does. */`,
      `export function ${name}() {`,
      ...Array.from({ length: 8 }, (_, i) => `  step${i}("${name}", ${"y".repeat(60)});\n`),
      "}",
    ];
    const text = ["alpha", "beta", "gamma", "delta", "epsilon"].flatMap(block).join("\n");
    const chunks = chunkText(text);
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) {
      expect(chunk.text).toMatch(/^\/\*\* What/);
      expect(chunk.text).toMatch(/\n\}$/);
    }
  });

  test("does not part a Markdown heading from what it heads", () => {
    const text = Array.from({ length: 12 }, (_, i) => `## Part ${i}\n\n${"Some words of prose. ".repeat(12)}\n`).join(
      "\n",
    );
    const chunks = chunkText(text);
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(chunk.text).toMatch(/^## Part/);
  });

  test("joins small pieces: no more chunks than twice what is needed, and a bit", () => {
    const text = Array.from({ length: 400 }, (_, i) => `const value${i} = ${i};\n`).join("\n");
    const needed = nonBlank(text) / 1500;
    const chunks: Chunk[] = chunkText(text);
    expect(chunks.length).toBeLessThan(2 * needed + 3);
    for (const chunk of chunks) expect(nonBlank(chunk.text)).toBeGreaterThan(150);
  });

  test("divides a line that is too long, between characters", () => {
    const chunks = chunkText(`short\n${"𝒳".repeat(1000)}\nshort`, { maxCharacters: 301, minCharacters: 1 });
    expect(chunks.every((chunk) => chunk.text.isWellFormed())).toBe(true);
    expect(
      chunks.map((chunk) => [chunk.startLine, chunk.endLine]).filter(([from, to]) => from === 2 && to === 2).length,
    ).toBeGreaterThan(3);
  });

  test("finds no chunks where there is nothing but blanks", () => {
    for (const text of ["", "\n", " \n\t\n  "]) expect(chunkText(text)).toEqual([]);
  });

  test("stays fast on a megabyte of equal lines and of deepening ones", () => {
    const chunks = chunkText("value,value\n".repeat(80_000));
    expect(chunks.length).toBeGreaterThan(500);
    expect(chunkText(Array.from({ length: 1400 }, (_, i) => `${" ".repeat(i)}x`).join("\n")).length).toBeGreaterThan(0);
  });

  test("refuses a bound that is none", () => {
    expect(() => chunkText("text", { maxCharacters: 0 })).toThrow(RangeError);
    expect(() => chunkText("text", { maxCharacters: Number.NaN })).toThrow(
      "maxCharacters must be an integer of at least 1, got NaN",
    );
  });
});
