import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { readLines } from "../src/chunk/lines.ts";
import { readMarkdown } from "../src/chunk/markdown.ts";
import { chunkSource, chunkText, prepareToChunk } from "../src/chunker.ts";
import { expectCoverage, nonBlank } from "./support/chunk-coverage.ts";

const folder = join(import.meta.dirname, "golden");
const sources = readdirSync(folder)
  .filter((file) => !file.endsWith(".chunks.json"))
  .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
const options = { maxCharacters: 300, minCharacters: 60 };

test("a language whose grammar was not loaded is an error, not other chunks", () => {
  expect(() => chunkSource("int x;", "a.c")).toThrow("The grammar of c is not loaded; prepareToChunk must come first");
});

describe("chunkSource", () => {
  beforeAll(() => prepareToChunk(sources.map(({ file }) => file)));

  test.each(sources)("covers each line of a mangled $file once, within the bound, the same every time", (source) => {
    const lines = source.text.split("\n");
    const edit = fc.record({
      at: fc.nat(lines.length - 1),
      kind: fc.constantFrom("delete", "repeat", "cut", "garbage", "indent"),
      garbage: fc.string({ maxLength: 40, unit: "grapheme" }),
    });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
        const mangled = [...lines];
        for (const { at, kind, garbage } of edits) {
          const line = mangled[at] ?? "";
          if (kind === "delete") mangled.splice(at, 1);
          if (kind === "repeat") mangled.splice(at, 0, line, line);
          if (kind === "cut") mangled[at] = line.slice(0, line.length / 2);
          if (kind === "garbage") mangled.splice(at, 0, garbage.replaceAll("\r", ""));
          if (kind === "indent") mangled[at] = `      ${line}`;
        }
        const text = mangled.join("\n");
        const chunks = chunkSource(text, source.file, options);
        expectCoverage(text, chunks, options.maxCharacters);
        expect(chunkSource(text, `/elsewhere/x.${source.file.split(".").at(-1)}`, options)).toEqual(chunks);
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  test.each(sources)("makes something of any text that calls itself $file", ({ file }) => {
    const piece = fc.oneof(
      fc.string({ maxLength: 30, unit: "binary" }),
      fc.constantFrom(
        "{",
        "}",
        "(",
        "<",
        '"',
        "'",
        "`",
        "/*",
        "#",
        "---",
        "```",
        "\n",
        "\n\n",
        "  ",
        "def ",
        "class X {",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 120 }), (pieces) => {
        const text = pieces.join("").replaceAll("\r", "");
        expectCoverage(text, chunkSource(text, file, options), options.maxCharacters);
      }),
      { seed: 2, numRuns: 20 },
    );
  });

  test.each([
    ["a.ts", (n: number) => `/** Does ${n}. */\nexport function f${n}(a: number): number {\n  return ${sum(n)};\n}\n`],
    ["a.py", (n: number) => `def f${n}(a):\n    """Does ${n}."""\n    return ${sum(n)}\n`],
    ["a.go", (n: number) => `// F${n} does it.\nfunc F${n}(a int) int {\n\treturn ${sum(n)}\n}\n`],
    ["a.rb", (n: number) => `# Does ${n}.\ndef f${n}(a)\n  ${sum(n)}\nend\n`],
    ["a.md", (n: number) => `## Part ${n}\n\nSays ${sum(n)}.\n`],
  ])("an edit of one definition of %s leaves chunks away from it as they were", (file, definition) => {
    const count = 150;
    const definitions = Array.from({ length: count }, (_, n) => definition(n));
    const before = new Set(chunkSource(definitions.join("\n"), file).map(({ text }) => text));
    expect(before.size).toBeGreaterThan(10);
    fc.assert(
      fc.property(fc.nat(count - 1), fc.constantFrom("insert", "delete", "change"), (at, kind) => {
        const edited = [...definitions];
        if (kind === "insert") edited.splice(at, 0, definition(1000 + at));
        if (kind === "delete") edited.splice(at, 1);
        if (kind === "change") edited[at] = definition(2000 + at);
        const added = chunkSource(edited.join("\n"), file).filter(({ text }) => !before.has(text));
        expect(added.length).toBeLessThanOrEqual(4);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  test("a definition that is large enough is a chunk of its own, with its comment", () => {
    const large = (name: string): string =>
      `/** What ${name} does. */\nfunction ${name}() {\n${`  call("${"x".repeat(30)}");\n`.repeat(12)}}\n`;
    const text = `import a from "a";\nimport b from "${"b".repeat(100)}";\n\n${large("one")}\n${large("two")}\nconst z = 1;\n`;
    const chunks = chunkSource(text, "a.js");
    expect(chunks.map(({ definitions }) => definitions)).toEqual([undefined, ["one"], ["two", "z"]]);
    expect(chunks[1]!.text).toBe(large("one").trim());
    expect(chunks[1]).toMatchObject({ symbolPath: "function one", kind: "function" });
  });

  test("parts of one definition name it, and only the part with its head defines it", () => {
    const body = Array.from({ length: 60 }, (_, i) => `    step_${i}("${"y".repeat(40)}")`).join("\n\n");
    const chunks = chunkSource(`class Job:\n  def run(self):\n${body}\n`, "job.py");
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks[0]!.definitions).toEqual(["Job", "run"]);
    for (const { symbolPath, kind, definitions } of chunks.slice(1)) {
      expect(symbolPath).toBe("class Job › method run");
      expect(kind).toBe("method");
      expect(definitions).toBeUndefined();
    }
  });

  test("an unknown language, and a text that is mostly no sense to the grammar, are divided by their looks", () => {
    const prose = `${"It was a bright cold day in April, and the clocks weren't striking. ".repeat(3)}\n`.repeat(40);
    expect(chunkSource(prose, "a.txt")).toEqual(chunkText(prose));
    expect(chunkSource(prose, "a.rs")).toEqual(chunkText(prose));
  });

  test("a text that sends the parser astray is given up after a bounded number of steps", () => {
    const text = `${"a<b".repeat(200)}\n`.repeat(40);
    expect(chunkSource(text, "a.cpp")).toEqual(chunkText(text));
    // The parser is as good as new after it.
    expect(chunkSource("int f() { return 1; }\n", "a.cpp")[0]!.definitions).toEqual(["f"]);
  });

  test("a name that is missing, or empty, is no name", () => {
    const text = 'declare module "" {\n  const inner = 1;\n}\n<a>\nexport function ;\nclass { }\n';
    for (const file of ["a.ts", "a.tsx"]) {
      const chunks = chunkSource(text, file);
      expect(chunks.flatMap(({ definitions = [] }) => definitions)).not.toContain("");
      for (const { symbolPath = "" } of chunks) expect(symbolPath).not.toMatch(/ (?: |$)/);
    }
    expect(chunkSource('declare module "" {\n  const inner = 1;\n}\n', "a.ts")[0]!.definitions).toEqual(["inner"]);
  });

  test.each([
    ["ATX", "# a\n"],
    ["setext", "a\n=\n\n"],
  ])("looks a bounded number of times at each line of Markdown with many %s headings", (_, heading) => {
    let looks = 0;
    const lines = new Proxy(readLines(heading.repeat(2000)), {
      get(target, key, receiver) {
        if (typeof key === "string" && /^\d+$/.test(key)) looks++;
        return Reflect.get(target, key, receiver);
      },
    });
    const { symbols } = readMarkdown(lines);
    expect(symbols).toHaveLength(2000);
    expect(looks).toBeLessThan(20 * lines.length);
  });

  test("nesting deeper than any stack does no harm", () => {
    for (const [open, file] of [
      ["(", "a.ts"],
      ["{", "a.cpp"],
      ["[", "a.json"],
      ["- ", "a.yaml"],
      ["<p>", "a.html"],
    ] as const) {
      const text = `${open}\n`.repeat(20_000);
      expectCoverage(text, chunkSource(text, file), 1500);
    }
  });

  test("chunks do not know where their file lies", () => {
    const { text } = sources.find(({ file }) => file.endsWith(".go"))!;
    expect(chunkSource(text, "/a/b/c.go")).toEqual(chunkSource(text, "x.GO"));
    expect(nonBlank(text)).toBeGreaterThan(300);
  });
});

function sum(seed: number): string {
  return Array.from({ length: 14 }, (_, i) => `a * ${(seed * 7919 + i * 104_729) % 9973}`).join(" + ");
}

test("what stands over a line of signs is a heading, unless it begins a list, a quotation or a table", () => {
  const body = "Words of some length that follow it.\n".repeat(40);
  const section = (title: string) => chunkSource(`${title}\n===\n\n${body}`, "a.md")[0]!.symbolPath;
  for (const title of ["4.4.1 / 2014-06-02", "**new**", "-x", "2024"]) expect(section(title)).toBe(title);
  for (const title of ["- a", "1. a", "> a", "| a |"]) expect(section(title)).toBeUndefined();
});
