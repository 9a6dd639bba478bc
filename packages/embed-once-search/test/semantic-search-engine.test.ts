import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Embedder } from "embed-once";
import { describe, expect, onTestFinished, test } from "vitest";
import { type IndexReport, type SearchBasis, SemanticSearchEngine, type SemanticSearchOptions } from "../src/index.ts";
import { eventually } from "./support/eventually.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

const FILES = {
  "src/parser.ts":
    "/** Reads a configuration file into settings. */\nexport function parseSettings(text: string) {\n  return JSON.parse(text);\n}\n",
  "src/store.ts":
    "/** Keeps orders in the database until they are shipped. */\nexport class OrderStore {\n  shipOrder() {}\n}\n",
  "src/mail.ts": "/** Tells customers by mail that something was shipped. */\nexport function notifyCustomer() {}\n",
};

function setUp(files: Record<string, string> = FILES, options: Partial<SemanticSearchOptions> = {}) {
  const [root, indexDirectory, embedder] = [temporaryFolder(), temporaryFolder(), new WordEmbedder()];
  writeTree(root, files);
  const engine = new SemanticSearchEngine({ embedder, indexDirectory, ...options });
  onTestFinished(() => engine.close());
  return { root, indexDirectory, embedder, engine };
}

describe("search", () => {
  test("indexes by itself and gives places with their text, the best first", async () => {
    const { root, engine } = setUp();
    const results = await engine.search("where are settings parsed from the configuration", root);
    expect(results[0]).toEqual({
      file: "src/parser.ts",
      startLine: 1,
      endLine: 4,
      score: expect.any(Number),
      text: FILES["src/parser.ts"].trimEnd(),
      symbolPath: expect.stringContaining("parseSettings"),
      kind: "function",
      language: "typescript",
    });
    const scores = results.map((result) => result.score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    for (const score of scores) expect(score > 0 && score <= 1).toBe(true);
  });

  test.skipIf(process.platform === "win32")("waits for no pipe that took a file's place", async () => {
    const { root, engine } = setUp();
    await engine.index(root);
    rmSync(join(root, "src/parser.ts"));
    execFileSync("mkfifo", [join(root, "src/parser.ts")]);
    const results = await engine.search("settings order", root, { index: false });
    expect(results.map(({ file }) => file)).toEqual(["src/store.ts"]);
  });

  test("reads a larger file than usual where the engine may, and no file that outgrew its bound", async () => {
    const text = FILES["src/parser.ts"];
    const { root, engine } = setUp({ "a.ts": text, "b.ts": text.replace("Reads", "Takes") }, { maxFileBytes: 200 });
    await engine.index(root);
    writeTree(root, { "b.ts": `${text}${" ".repeat(200)}` });
    const results = await engine.search("settings", root, { index: false });
    expect(results.map(({ file }) => file)).toEqual(["a.ts"]);
  });

  test("embeds the question, as a query, and nothing else where nothing changed", async () => {
    const { root, indexDirectory, engine } = setUp();
    await engine.index(root);
    const embedder = new WordEmbedder();
    const other = new SemanticSearchEngine({ embedder, indexDirectory });
    onTestFinished(() => other.close());
    await other.search("ship an order", root);
    expect(embedder.calls).toEqual([{ texts: ["ship an order"], options: { purpose: "query", signal: undefined } }]);
  });

  test("sees what changed since, unless it is told not to look", async () => {
    const { root, engine } = setUp();
    const reports: IndexReport[] = [];
    const onIndexed = (report: IndexReport): void => void reports.push(report);
    await engine.search("order", root, { onIndexed });
    writeTree(root, { "src/zebra.ts": "export const zebra = stripes();\n" });
    expect(
      (await engine.search("zebra", root, { index: false, onIndexed })).map((result) => result.file),
    ).not.toContain("src/zebra.ts");
    expect((await engine.search("zebra", root, { onIndexed }))[0]?.file).toBe("src/zebra.ts");
    expect(reports.map((report) => [report.root, report.filesChanged, report.textsAsked])).toEqual([
      [root, 3, 3],
      [root, 1, 1],
    ]);
  });

  test("shows the text that lies in the file now: moved chunks where they are, lost ones not at all", async () => {
    const { root, engine } = setUp();
    await engine.index(root);
    writeTree(root, { "src/store.ts": `\n\n\n${FILES["src/store.ts"]}` });
    rmSync(join(root, "src/mail.ts"));
    const results = await engine.search("shipped", root, { index: false });
    expect(results.map(({ file, startLine, endLine }) => [file, startLine, endLine])).toEqual([["src/store.ts", 4, 7]]);
  });

  test("gives at most as many results as asked for, equal ones by path and line", async () => {
    const same = "export const thing = 1;\n";
    const { root, engine } = setUp({ "c.ts": same, "a.ts": same, "b/x.ts": same });
    const results = await engine.search("thing", root);
    expect(results.map((result) => result.file)).toEqual(["a.ts", "b/x.ts", "c.ts"]);
    expect(new Set(results.map((result) => result.score)).size).toBe(1);
    expect(await engine.search("thing", root, { limit: 2 })).toEqual(results.slice(0, 2));
  });

  test("finds nothing in an empty folder, without asking the embedder", async () => {
    const { root, embedder, engine } = setUp({});
    expect(await engine.search("anything", root)).toEqual([]);
    expect(embedder.calls).toEqual([]);
  });

  test("takes a question for words only, whatever SQLite would make of it", async () => {
    const { root, engine } = setUp();
    for (const question of ['"', 'a" OR b*', "NEAR(", "body: x", "-- ;DROP TABLE chunk", "\0", "((()))", "'"]) {
      expect(Array.isArray(await engine.search(question, root))).toBe(true);
    }
    expect((await engine.search("parseSettings", root))[0]?.file).toBe("src/parser.ts");
  });

  test("keeps embedders apart: another identity is another index", async () => {
    const { root, indexDirectory, engine } = setUp();
    await engine.index(root);
    const other = new SemanticSearchEngine({ embedder: new WordEmbedder(32, "other words"), indexDirectory });
    onTestFinished(() => other.close());
    expect((await other.index(root)).textsAsked).toBe(3);
    const [directory] = readdirSync(indexDirectory);
    const indexes = readdirSync(join(indexDirectory, directory!)).filter((name) => name.endsWith(".sqlite"));
    expect(indexes).toHaveLength(2);
    expect((await engine.index(root)).textsAsked).toBe(0);
  });

  test("knows a folder under each of its names, and leaves its own index out of it", async () => {
    const { root, embedder } = setUp();
    const indexDirectory = join(root, "indexes");
    const engine = new SemanticSearchEngine({ embedder, indexDirectory });
    onTestFinished(() => engine.close());
    const link = join(temporaryFolder(), "link");
    symlinkSync(root, link);
    await engine.index(root);
    expect(await engine.index(`${link}/src/..`)).toMatchObject({ root, textsAsked: 0, files: 3, skipped: {} });
    expect(readdirSync(indexDirectory)).toHaveLength(1);
  });

  test("runs one index run of a folder after the other, each caller with its own result", async () => {
    const { root, embedder, engine } = setUp();
    let running = 0;
    embedder.beforeAnswer = async () => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
    };
    const failing = new AbortController();
    failing.abort(new Error("not this one"));
    const reports = await Promise.allSettled([
      engine.index(root, { signal: failing.signal }),
      engine.index(root),
      engine.index(root),
    ]);
    expect(
      reports.map((report) => (report.status === "fulfilled" ? report.value.textsAsked : report.reason.message)),
    ).toEqual(["not this one", 3, 0]);
  });
});

describe("search with conditions", () => {
  const MANY = {
    ...Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`near/a${i}.ts`, `export const order${i} = shipOrder(${i});\n`]),
    ),
    "far/only.py": "def unrelated():\n    return 'shipped at last'\n",
  };

  test("loses no place that a filter lets through, however many better ones it holds back", async () => {
    const { root, engine } = setUp(MANY);
    for (const filter of [{ pathPrefix: "far" }, { language: "py" }, { glob: "*.py" }, { glob: "!near/" }]) {
      const results = await engine.search("ship order", root, { ...filter, limit: 5 });
      expect(results.map(({ file, language }) => [file, language])).toEqual([["far/only.py", "python"]]);
    }
    expect(await engine.search("ship order", root, { kind: "class" })).toEqual([]);
  });

  test("finds phrases as they stand, in any case, and nothing else", async () => {
    const { root, engine } = setUp(MANY);
    expect((await engine.search('where is "Shipped  at LAST"', root)).map(({ file }) => file)).toEqual(["far/only.py"]);
    expect(await engine.search('"at shipped last"', root)).toEqual([]);
  });

  describe("finds a phrase", () => {
    const dense = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [
        `dense/commit${i}.ts`,
        `transaction(commit, ${i}); // transaction, commit\n`,
      ]),
    );
    const long = Array.from({ length: 120 }, (_, i) => `  step${i}(value${i});`).join("\n");
    const paths = async (files: Record<string, string>, question: string, limit = 10): Promise<string[]> => {
      const { root, engine } = setUp(files);
      return (await engine.search(question, root, { limit })).map(({ file }) => file);
    };

    test("behind hundreds of better places for its words", async () => {
      const files = { ...dense, "z/one.ts": `function run() {\n  // commit transaction now\n${long}\n}\n` };
      expect(await paths(files, '"commit transaction"')).toEqual(["z/one.ts"]);
    });

    test("that holds no word, and whatever else is asked for", async () => {
      const files = {
        "a.ts": "export function same(x: number, y: number) {\n  return x;\n}\n",
        "b.ts": "export function sum(a: number, b: number) {\n  return a + b;\n}\n",
        "c.ts": "export const other = (x: number, y: number) => x !== y;\n",
      };
      expect(await paths(files, '"a + b" return')).toEqual(["b.ts"]);
      expect(await paths(files, '"!==" return')).toEqual(["c.ts"]);
      expect(await paths(files, '"!=="')).toEqual(["c.ts"]);
    });

    test("whose names go on in the text", async () => {
      const files = { "a.ts": "export const value = readRecordById(5);\n", "b.ts": "export const record = read(5);\n" };
      expect(await paths(files, '"readRecord"')).toEqual(["a.ts"]);
      expect(await paths(files, '"value = readRecordBy"')).toEqual(["a.ts"]);
    });
  });

  test("gives a place once where a text stood twice and one of both is gone", async () => {
    const twin = `function twin() {\n${Array.from({ length: 30 }, (_, i) => `  callNumber${i}(argument${i});`).join("\n")}\n}\n`;
    const other = twin.replaceAll("callNumber", "other").replace("twin", "between");
    const { root, engine } = setUp({ "a.js": `${twin}\n${other}\n${twin}` });
    await engine.index(root);
    expect((await engine.search("twin", root)).filter(({ text }) => text.includes("twin"))).toHaveLength(2);
    writeTree(root, { "a.js": `${other}\n${twin}` });
    const results = await engine.search("twin", root, { index: false });
    expect(results.filter(({ text }) => text.includes("twin"))).toHaveLength(1);
  });

  test("gives only results with the score that was asked for", async () => {
    const { root, engine } = setUp();
    const all = await engine.search("shipped order", root);
    const minScore = all[0]!.score;
    expect(await engine.search("shipped order", root, { minScore })).toEqual(
      all.filter(({ score }) => score >= minScore),
    );
    expect(await engine.search("shipped order", root, { minScore: 1 })).toEqual([]);
  });

  test("gives the lines around a result, as many as there are", async () => {
    const filler = (name: string) =>
      Array.from({ length: 60 }, (_, i) => `const ${name}${i} = call${i}(${i});`).join("\n");
    const { root, engine } = setUp({ "a.ts": `${filler("one")}\n\nfunction needle() {}\n\n${filler("two")}\n` });
    const [result] = await engine.search("needle", root, { context: 2, limit: 1 });
    const lines = `${filler("one")}\n\nfunction needle() {}\n\n${filler("two")}`.split("\n");
    expect(result!.before).toEqual(lines.slice(Math.max(0, result!.startLine - 3), result!.startLine - 1));
    expect(result!.after).toEqual(lines.slice(result!.endLine, result!.endLine + 2));
    expect(result!.before!.length + result!.after!.length).toBeGreaterThan(0);
    expect((await engine.search("needle", root))[0]).not.toHaveProperty("before");
  });

  test("puts the definition of a name first, then its uses", async () => {
    const use = (i: number): string => `shipOrder(${i});\nshipOrder(${i + 1});\nshipOrder(${i + 2});\n`;
    const { root, engine } = setUp({
      "a.ts": use(1),
      "b.ts": use(4),
      "z.ts": `${"// about other things\n".repeat(20)}export function shipOrder() {}\n`,
    });
    const results = await engine.search("shipOrder", root);
    expect(results[0]!.file).toBe("z.ts");
    expect(results.slice(1).map(({ file }) => file)).toEqual(["a.ts", "b.ts"]);
  });
});

describe("search by words alone", () => {
  test("answers before anything is embedded, without asking the embedder", async () => {
    const { root, embedder, engine } = setUp();
    embedder.beforeAnswer = () => {
      throw new Error("not yet");
    };
    await expect(engine.index(root)).rejects.toThrow("not yet");
    const asked = embedder.calls.length;
    const bases: SearchBasis[] = [];
    const options = { index: false, onSearched: (basis: SearchBasis) => void bases.push(basis) };
    expect((await engine.search("parse settings", root, options))[0]!.file).toBe("src/parser.ts");
    expect(bases).toEqual([{ vectors: false, reason: "nothing is embedded yet" }]);
    expect(embedder.calls.length).toBe(asked);
  });
});

describe("search that does not wait for vectors", () => {
  test("answers by words while the embedder works, says so, and by vectors as well afterwards", async () => {
    const { root, embedder, engine } = setUp();
    const gate = Promise.withResolvers<void>();
    embedder.beforeAnswer = () => gate.promise;
    const bases: SearchBasis[] = [];
    const options = { wait: false, onSearched: (basis: SearchBasis) => void bases.push(basis) };
    const [first] = await engine.search("parseSettings", root, options);
    expect(first?.file).toBe("src/parser.ts");
    expect(bases).toEqual([{ vectors: false, reason: "nothing is embedded yet" }]);
    expect(await engine.status(root)).toMatchObject({
      state: "partial",
      files: 3,
      filesIncomplete: 3,
      vectors: 0,
      running: { phase: "embedding", done: 0, total: 3, pid: process.pid },
    });
    gate.resolve();
    await engine.index(root);
    expect(await engine.status(root)).toMatchObject({ state: "complete", vectors: 3, running: undefined });
    await engine.search("parseSettings", root, options);
    expect(bases.at(-1)).toEqual({ vectors: true });
    expect(embedder.texts.filter((text) => text !== "parseSettings")).toHaveLength(3);
  });

  test("finds by its words what changes while texts of others are embedded", async () => {
    const { root, embedder, engine } = setUp();
    const gate = Promise.withResolvers<void>();
    embedder.beforeAnswer = () => gate.promise;
    const indexing = engine.index(root);
    await eventually(() => expect(embedder.calls).toHaveLength(1));
    writeTree(root, { "src/late.ts": "export const latecomer = 1;\n" });
    const [first] = await engine.search("latecomer", root, { wait: false });
    expect(first?.file).toBe("src/late.ts");
    gate.resolve();
    expect((await indexing).textsAsked).toBe(3);
  });

  test("asks a failing embedder again, tells once why, and lets nothing be lost by close", async () => {
    const warnings: string[] = [];
    const { root, embedder, engine } = setUp(FILES, { onWarning: (message) => warnings.push(message), batchSize: 1 });
    embedder.beforeAnswer = () => {
      if (embedder.calls.length === 2) throw new Error("429 Too Many Requests");
    };
    await engine.index(root, { wait: false });
    await eventually(async () =>
      expect(await engine.status(root)).toMatchObject({
        state: "partial",
        vectors: 1,
        failure: "429 Too Many Requests",
      }),
    );
    expect(warnings).toEqual([expect.stringContaining("found by words only: 429 Too Many Requests")]);
    await eventually(async () =>
      expect(await engine.status(root)).toMatchObject({ state: "complete", vectors: 3, failure: undefined }),
    );
    expect(embedder.texts).toHaveLength(4);
    writeTree(root, { "src/more.ts": "export const more = 1;\n" });
    embedder.beforeAnswer = (_texts) => new Promise((resolve) => setTimeout(resolve, 20));
    await engine.index(root, { wait: false });
    await engine.close();
    expect(await engine.status(root)).toMatchObject({ files: 4, running: undefined });
  });
});

describe("a question that cannot be embedded", () => {
  test.each([
    ["fails", () => Promise.reject(new Error("401 wrong key")), "401 wrong key"],
    ["takes too long", () => new Promise<void>(() => {}), "no vector within 30 ms"],
  ])("is answered by words where the embedder %s", async (_name, beforeAnswer, reason) => {
    const { root, embedder, engine } = setUp();
    await engine.index(root);
    embedder.beforeAnswer = beforeAnswer;
    const bases: SearchBasis[] = [];
    const onSearched = (basis: SearchBasis): void => void bases.push(basis);
    const [first] = await engine.search("parseSettings", root, { vectorTimeoutMs: 30, onSearched });
    expect([first?.file, bases]).toEqual(["src/parser.ts", [{ vectors: false, reason }]]);
  });

  test("is no answer at all where the caller has given up", async () => {
    const { root, embedder, engine } = setUp();
    await engine.index(root);
    const controller = new AbortController();
    embedder.beforeAnswer = () => {
      controller.abort(new Error("enough"));
      throw controller.signal.reason;
    };
    const search = engine.search("settings", root, { index: false, signal: controller.signal });
    await expect(search).rejects.toThrow("enough");
  });
});

describe("findSimilar", () => {
  const twin = (name: string): string =>
    `/** Adds up the prices of an order. */\nexport function ${name}(order) {\n  return order.prices.sum();\n}\n`;
  const files = { ...FILES, "a/total.ts": `\n\n${twin("total")}`, "b/sum.ts": twin("sumUp") };

  test("gives what is like the chunk around a line, itself left out, and asks the embedder for nothing", async () => {
    const { root, embedder, engine } = setUp(files);
    await engine.index(root);
    const before = embedder.calls.length;
    const results = await engine.findSimilar({ file: "a/total.ts", line: 1 }, root, { limit: 2 });
    expect(results[0]?.file).toBe("b/sum.ts");
    expect(results.map((result) => result.file)).not.toContain("a/total.ts");
    expect(embedder.calls.length).toBe(before);
  });

  test("takes a file's path as it is written elsewhere", async () => {
    const { root, engine } = setUp(files);
    await engine.index(root);
    const plain = await engine.findSimilar({ file: "a/total.ts", line: 1 }, root);
    expect(await engine.findSimilar({ file: "./a//total.ts", line: 1 }, root)).toEqual(plain);
  });

  test("gives what is like a snippet, which is embedded as a document is", async () => {
    const { root, embedder, engine } = setUp(files);
    await engine.index(root);
    const results = await engine.findSimilar({ text: twin("whatever") }, root, { limit: 2 });
    expect(results.map((result) => result.file).sort()).toEqual(["a/total.ts", "b/sum.ts"]);
    expect(embedder.calls.at(-1)?.options?.purpose).toBe("document");
  });

  test.each([
    ["a file outside the folder", { file: "../secret.ts", line: 1 }, "file must be relative to the searched folder"],
    ["an absolute path", { file: "/etc/hostname", line: 1 }, "file must be relative to the searched folder"],
    ["a file that is not there", { file: "b/other.ts", line: 1 }, 'The index has no file "b/other.ts"'],
    ["a line beyond the end", { file: "b/sum.ts", line: 5 }, "line must be from 1 to 4"],
    ["a line before the start", { file: "b/sum.ts", line: 0 }, "got 0"],
    ["an empty text", { text: " " }, "must hold some words"],
  ])("refuses %s", async (_name, example, message) => {
    const { root, engine } = setUp(files);
    await engine.index(root);
    await expect(engine.findSimilar(example, root)).rejects.toThrow(message);
  });

  test.skipIf(process.platform === "win32")(
    "embeds nothing from elsewhere where a folder became a link out of the root",
    async () => {
      const { root, embedder, engine } = setUp(files);
      await engine.index(root);
      const elsewhere = temporaryFolder();
      writeTree(elsewhere, { "total.ts": "export const secret = 1;\n" });
      rmSync(join(root, "a"), { recursive: true });
      symlinkSync(elsewhere, join(root, "a"));
      const before = embedder.calls.length;
      const similar = engine.findSimilar({ file: "a/total.ts", line: 1 }, root);
      await expect(similar).rejects.toThrow('The index has no file "a/total.ts"');
      expect(embedder.calls).toHaveLength(before);
    },
  );
});

describe("remove", () => {
  test("deletes a folder's indexes of all embedders and nothing else", async () => {
    const { root, indexDirectory, embedder, engine } = setUp();
    const other = new SemanticSearchEngine({ embedder: new WordEmbedder(32, "other words"), indexDirectory });
    const kept = temporaryFolder();
    writeTree(kept, FILES);
    await Promise.all([engine.index(root), other.index(root), engine.index(kept)]);
    await other.close();
    expect(await engine.remove(root)).toBe(true);
    expect(await engine.remove(root)).toBe(false);
    expect(await engine.status(root)).toMatchObject({ state: "absent", bytes: 0 });
    expect(await engine.status(kept)).toMatchObject({ state: "complete", files: 3 });
    expect(readdirSync(indexDirectory)).toHaveLength(1);
    const before = embedder.texts.length;
    expect((await engine.index(root)).textsAsked).toBe(3);
    expect(embedder.texts.length).toBe(before + 3);
  });

  test("works for a folder that is gone", async () => {
    const { root, indexDirectory, engine } = setUp();
    await engine.index(root);
    rmSync(root, { recursive: true });
    expect(await engine.remove(root)).toBe(true);
    expect(readdirSync(indexDirectory)).toEqual([]);
  });
});

describe("status", () => {
  test("says that there is no index where there is none, and makes none", async () => {
    const { root, indexDirectory, engine } = setUp();
    expect(await engine.status(root)).toMatchObject({ state: "absent", root, files: 0, chunks: 0, readAt: undefined });
    expect(readdirSync(indexDirectory)).toEqual([]);
  });

  test("does not call an index complete that was not read to the end, or holds nothing", async () => {
    const { root, embedder, engine } = setUp({ "picture.bin": "\0" });
    await engine.index(root);
    expect(await engine.status(root)).toMatchObject({ state: "empty", files: 0, skipped: { binary: 1 } });
    writeTree(root, FILES);
    embedder.beforeAnswer = () => {
      throw new Error("429 Too Many Requests");
    };
    await expect(engine.index(root)).rejects.toThrow("429");
    expect(await engine.status(root)).toMatchObject({ state: "partial", filesIncomplete: 3, running: undefined });
  });

  test("says what is in the index, how fresh it is and what was left out", async () => {
    const { root, engine } = setUp({ ...FILES, "picture.bin": "\0" });
    const before = Date.now();
    await engine.index(root);
    const status = await engine.status(root);
    expect(status).toMatchObject({
      state: "complete",
      embedder: "words in tests",
      files: 3,
      filesIncomplete: 0,
      chunks: 3,
      vectors: 3,
      dimensions: 64,
      skipped: { binary: 1 },
    });
    expect(status.bytes).toBeGreaterThan(4096);
    expect(Date.parse(status.readAt!)).toBeGreaterThanOrEqual(before);
  });
});

describe("bad input", () => {
  test.each([
    [
      "an empty question",
      (engine: SemanticSearchEngine, root: string) => engine.search(" \n", root),
      TypeError,
      'The question must hold some words, got " \\n"',
    ],
    [
      "a limit of zero",
      (engine: SemanticSearchEngine, root: string) => engine.search("a", root, { limit: 0 }),
      RangeError,
      "limit must be an integer from 1 to 1000, got 0",
    ],
    [
      "a limit that is no number",
      (engine: SemanticSearchEngine, root: string) => engine.search("a", root, { limit: Number.NaN }),
      RangeError,
      "got NaN",
    ],
    [
      "a score above 1",
      (engine: SemanticSearchEngine, root: string) => engine.search("a", root, { minScore: 1.5 }),
      RangeError,
      "minScore must be a number from 0 to 1, got 1.5",
    ],
    [
      "lines that are no number",
      (engine: SemanticSearchEngine, root: string) => engine.search("a", root, { context: -1 }),
      RangeError,
      "context must be an integer from 0 to 1000, got -1",
    ],
    [
      "an unknown language",
      (engine: SemanticSearchEngine, root: string) => engine.search("a", root, { language: "klingon" }),
      TypeError,
      'There is no language "klingon"',
    ],
    [
      "no such folder",
      (engine: SemanticSearchEngine, root: string) => engine.index(join(root, "gone")),
      TypeError,
      'gone": there is no such folder',
    ],
    [
      "a file for a folder",
      (engine: SemanticSearchEngine, root: string) => engine.search("a", join(root, "src/mail.ts")),
      TypeError,
      "it is a file, a folder was expected",
    ],
    [
      "an empty folder name",
      (engine: SemanticSearchEngine) => engine.status(""),
      TypeError,
      "folder must be a path, got an empty string",
    ],
  ])("%s is refused in one line", async (_name, call, type, message) => {
    const { root, engine } = setUp();
    const error = await call(engine, root).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error).toBeInstanceOf(type);
    expect(error!.message).toContain(message);
    expect(error!.message).not.toContain("\n");
  });

  test("an embedder that does not say who it is, and impossible options, are refused at once", () => {
    const embedder = new WordEmbedder();
    const anonymous = { ...embedder, identity: undefined } as unknown as Embedder;
    expect(() => new SemanticSearchEngine({ embedder: anonymous, indexDirectory: "/x" })).toThrow(/must say who it is/);
    expect(() => new SemanticSearchEngine({ embedder, indexDirectory: "" })).toThrow("indexDirectory must be a path");
    expect(() => new SemanticSearchEngine({ embedder, indexDirectory: "/x", batchSize: 0 })).toThrow(RangeError);
    expect(() => new SemanticSearchEngine({ embedder, indexDirectory: "/x", maxFileBytes: 0.5 })).toThrow(RangeError);
  });
});
