import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters, styleText } from "node:util";
import { describe, expect, test } from "vitest";
import { type CommandContext, formatResults, runIndex, runSearch } from "../src/commands.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

function setUp(): { root: string; context: CommandContext & { embedder: WordEmbedder } } {
  const root = temporaryFolder();
  writeTree(root, { "a.ts": "export const apple = 1;\n", "b.ts": "export const banana = 2;\n" });
  return { root, context: { embedder: new WordEmbedder(), indexDirectory: temporaryFolder() } };
}

test("index gives its report and tells how far it is", async () => {
  const { root, context } = setUp();
  const progress: string[] = [];
  const report = await runIndex(root, {
    ...context,
    onProgress: (done, total) => progress.push(`embedded ${done}/${total}`),
    onReadProgress: (done, total) => progress.push(`read ${done}/${total}`),
  });
  expect(report).toMatchObject({ root, files: 2, chunks: 2, textsAsked: 2 });
  // On a slow machine each file is a step.
  expect(progress.filter((line) => line !== "read 1/2")).toEqual(["read 2/2", "embedded 0/2", "embedded 2/2"]);
});

test("search gives results and the report of the indexing before it, as plain objects", async () => {
  const { root, context } = setUp();
  const first = await runSearch("apple", root, {}, context);
  expect(first.results[0]).toMatchObject({ file: "a.ts", startLine: 1, endLine: 1 });
  expect(first.report.index).toMatchObject({ textsAsked: 2 });
  const second = await runSearch("apple", root, { limit: 1 }, context);
  expect(second.results).toEqual(first.results.slice(0, 1));
  expect(second.report.index).toMatchObject({ textsAsked: 0 });
  expect((await runSearch("apple", root, { index: false }, context)).report.index).toBeUndefined();
  expect(JSON.parse(JSON.stringify(second))).toEqual(second);
});

test("search refuses what it cannot work with", async () => {
  const { root, context } = setUp();
  await expect(runSearch("", root, {}, context)).rejects.toThrow(TypeError);
  await expect(runSearch("a", root, { limit: -1 }, context)).rejects.toThrow(RangeError);
  await expect(runIndex(join(root, "a.ts"), context)).rejects.toThrow("a folder was expected");
  expect(context.embedder.calls).toEqual([]);
});

test("a command prints nothing by itself, and no warnings of Node", () => {
  const { root, context } = setUp();
  const script = `
    import { runSearch } from ${JSON.stringify(new URL("../src/commands.ts", import.meta.url))};
    import { WordEmbedder } from ${JSON.stringify(new URL("support/word-embedder.ts", import.meta.url))};
    const context = { embedder: new WordEmbedder(), indexDirectory: ${JSON.stringify(context.indexDirectory)} };
    const { results } = await runSearch("apple", ${JSON.stringify(root)}, {}, context);
    process.emitWarning("still heard", "ExperimentalWarning");
    console.log(results.length);
  `;
  const path = join(temporaryFolder(), "script.mjs");
  writeTree(join(path, ".."), { "script.mjs": script });
  const child = spawnSync(process.execPath, ["--conditions=embed-once-source", path], { encoding: "utf8" });
  const lines = `${child.stdout}${child.stderr}`.split("\n");
  expect(lines.filter((line) => /warning/i.test(line) && !/trace-warnings/.test(line))).toEqual([
    expect.stringContaining("ExperimentalWarning: still heard"),
  ]);
  expect(lines.filter((line) => /^\d+$/.test(line))).toEqual(["1"]);
});

describe("formatResults", () => {
  const result = {
    file: "src/a.ts",
    startLine: 9,
    endLine: 17,
    score: 0.98765,
    text: Array.from({ length: 9 }, (_, i) => `line ${i + 9}`).join("\n"),
  };

  test("shows place, score and the first lines with their numbers", () => {
    expect(formatResults([result], { color: false }).split("\n")).toEqual([
      "src/a.ts:9  0.988",
      "   9  line 9",
      "  10  line 10",
      "  11  line 11",
      "  12  line 12",
      "  13  line 13",
      "  14  line 14",
      "      … 3 more lines",
      "",
    ]);
  });

  test("adds colours only where they are wanted, and changes nothing else", () => {
    const colored = formatResults([result, result], { color: true });
    expect(colored).not.toBe(formatResults([result, result], { color: false }));
    expect(stripVTControlCharacters(colored)).toBe(formatResults([result, result], { color: false }));
  });

  test("lets no file steer the terminal, and shortens very long lines", () => {
    const hostile = {
      ...result,
      file: "a\u001b]0;title\u0007.ts",
      text: `\u001b[2Jgone\r\u202eback\tend\n${"x".repeat(500)}`,
    };
    const text = formatResults([hostile], { color: false });
    for (const character of ["\u0007", "\u001b", "\r", "\u202e"]) expect(text).not.toContain(character);
    expect(text).toContain("�[2Jgone��back    end");
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(180);
  });

  test("shows where in its file a result lies, and the lines that hold most of the question's words, marked", () => {
    const lines = Array.from({ length: 20 }, (_, i) => (i === 12 ? "  const openedFiles = read();" : `line ${i + 1}`));
    const shown = {
      ...result,
      startLine: 1,
      endLine: 20,
      text: lines.join("\n"),
      symbolPath: "class Store › method open",
    };
    const question = "where are files opened";
    const plain = formatResults([shown], { color: false, question });
    expect(plain.split("\n")[0]).toBe("src/a.ts:8  class Store › method open  0.988");
    expect(plain).toContain("  13    const openedFiles = read();");
    const mark = styleText(["bold", "yellow"], "openedFiles", { validateStream: false });
    expect(formatResults([shown], { color: true, question })).toContain(`const ${mark} = read();`);
  });

  test("marks what was asked for in a script without spaces", () => {
    const marked = formatResults([{ ...result, text: "// 计算文件的校验和并返回" }], {
      color: true,
      question: "校验和",
    });
    expect(marked).toContain(styleText(["bold", "yellow"], "校验和", { validateStream: false }));
  });

  test("shows a result as a whole with the lines around it, where these were asked for", () => {
    const around = { ...result, before: ["line 7", ""], after: ["line 18"] };
    const lines = formatResults([around], { color: false }).trimEnd().split("\n");
    expect(lines).toEqual([
      "src/a.ts:9  0.988",
      "   7  line 7",
      "   8",
      ...Array.from({ length: 10 }, (_, i) => `  ${String(i + 9).padStart(2)}  line ${i + 9}`),
    ]);
  });

  test("gives files alone, each once, the best first", () => {
    const results = [result, { ...result, file: "b\u001b.ts" }, { ...result, startLine: 30 }];
    expect(formatResults(results, { color: false, files: true })).toBe("src/a.ts\nb\ufffd.ts");
  });

  test("gives a name one line, whatever it holds, and the name itself to programs", () => {
    const results = [{ ...result, file: "a b\nc.ts", symbolPath: "x\ty" }, result, { ...result, startLine: 30 }];
    expect(formatResults(results, { color: false }).split("\n")[0]).toBe("a b\\nc.ts:9  x\\ty  0.988");
    expect(formatResults(results, { color: false, files: true })).toBe("a b\\nc.ts\nsrc/a.ts");
    expect(formatResults(results, { color: true, files: true, null: true })).toBe("a b\nc.ts\0src/a.ts\0");
  });

  test("says nothing for no results", () => {
    expect(formatResults([], { color: false })).toBe("");
  });
});
