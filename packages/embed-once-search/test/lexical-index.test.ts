import { describe, expect, onTestFinished, test } from "vitest";
import { readFilter } from "../src/chunk-filter.ts";
import { openIndexFile } from "../src/index-file.ts";
import { IndexStore, type KeyedChunk } from "../src/index-store.ts";
import { readQuestion } from "../src/question.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

type Files = Record<string, string | Partial<KeyedChunk>>;

function indexOf(files: Files): IndexStore {
  const store = new IndexStore(openIndexFile(`${temporaryFolder()}/index.sqlite`).database);
  onTestFinished(() => store.close());
  write(store, files);
  return store;
}

function write(store: IndexStore, files: Files): void {
  store.writeFiles(
    Object.entries(files).map(([path, chunk], index) => {
      const whole = { startLine: 1, endLine: 1, text: "", key: String(index).padStart(64, "0") };
      const chunks = [{ ...whole, ...(typeof chunk === "string" ? { text: chunk } : chunk) }];
      return { path, stamp: "", content: { hash: path, chunks } };
    }),
  );
}

function found(store: IndexStore, question: string, limit = 10): string[] {
  const matches = store.matchWords(readQuestion(question).words, limit).sort((a, b) => b.score - a.score);
  return matches.map(({ chunkId }) => store.places([chunkId])[0]!.path);
}

const filler = (count: number): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`filler${i}.x`, `common thing${i}`]));

/** A text of usual length. */
const usual = "hay ".repeat(180);

describe("words", () => {
  test("are found in each of their grammatical forms and in parts of identifiers", () => {
    const store = indexOf({ "a.x": "parses headers", "b.x": "parseHeader()", "c.x": "nothing" });
    expect(new Set(found(store, "parsing a header"))).toEqual(new Set(["a.x", "b.x"]));
    expect(found(store, "parseHeader")[0]).toBe("b.x");
  });

  test("in scripts that SQLite does not know letters of are found, too", () => {
    const store = indexOf({ "a.x": "हिन्दी भाषा", "b.x": "検索", "c.x": "\u{1e900}\u{1e901}dlam" });
    expect(found(store, "हिन्दी")).toEqual(["a.x"]);
    expect(found(store, "検索")).toEqual(["b.x"]);
  });

  test("of scripts without spaces are found inside of what is written as one, down to single characters", () => {
    const store = indexOf({
      "a.x": "// 计算文件的校验和并返回结果",
      "b.x": "# データのチェックサムを計算する",
      "c.x": "校对",
      "d.x": "การอ่านไฟล์",
    });
    expect(found(store, "校验和")[0]).toBe("a.x");
    expect(found(store, "チェックサム")).toEqual(["b.x"]);
    expect(found(store, "ไฟล์")).toEqual(["d.x"]);
    expect(found(store, "果")).toEqual(["a.x"]);
    expect(new Set(found(store, "校"))).toEqual(new Set(["a.x", "c.x"]));
  });

  test("weigh more as a definition than in the file's name, there more than in the symbol's path, there more than in the body", () => {
    const store = indexOf({
      "body.x": { text: `${usual} record`, definitions: [] },
      "symbol.x": { text: usual, definitions: [], symbolPath: "class Record › other" },
      "record.x": { text: usual, definitions: [] },
      "defines.x": { text: usual, definitions: ["record"] },
    });
    expect(found(store, "record")).toEqual(["defines.x", "record.x", "symbol.x", "body.x"]);
  });

  test("weigh more the rarer they are, and more in short texts and when repeated", () => {
    const store = indexOf({ ...filler(20), "rare.x": "rare", "both.x": "common" });
    expect(found(store, "common rare", 1)).toEqual(["rare.x"]);
    const long = `needle ${"hay ".repeat(400)}`;
    expect(found(indexOf({ "long.x": long, "short.x": "needle hay" }), "needle")).toEqual(["short.x", "long.x"]);
    expect(found(indexOf({ "once.x": `${usual} needle`, "more.x": `${usual} needle needle` }), "needle")[0]).toBe(
      "more.x",
    );
  });

  test("of a definition line count where the chunk does not say what it defines", () => {
    const store = indexOf({
      "use.x": `openStore(a);\nopenStore(b);\n${usual}`,
      "def.x": `function openStore() {}\n${usual}`,
    });
    expect(found(store, "openStore")[0]).toBe("def.x");
  });

  test("are gone with their file, and counts with them", () => {
    const store = indexOf({ "a.x": "word", ...filler(5) });
    const [{ score } = { score: 0 }] = store.matchWords(["word"], 1);
    write(store, { "b.x": "word word" });
    store.removeFiles([...store.knownFiles().values()].filter(({ path }) => path === "b.x"));
    expect(store.matchWords(["word"], 10).map((match) => match.score)).toEqual([score]);
  });

  test("score 0 to 1, and a part of the question only its part", () => {
    const store = indexOf({ "one.x": "apple", "two.x": "apple banana", ...filler(9) });
    const scores = store.matchWords(["apple", "banana"], 10).map(({ score }) => score);
    expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
    expect(Math.max(...scores)).toBeGreaterThan(1.5 * Math.min(...scores));
  });
});

describe("of very many chunks that are alike", () => {
  // More than one list may hold.
  const many: Files = Object.fromEntries(
    Array.from({ length: 3500 }, (_, i) => [`folder/file${String(i).padStart(4, "0")}.x`, `common number${i}`]),
  );

  test("those in the shortest paths answer, whatever the order in which they came", () => {
    const store = indexOf({ ...many, "z.x": "common number" });
    expect(found(store, "common", 3).sort()).toEqual(["folder/file0000.x", "folder/file0001.x", "z.x"]);
    const reversed = indexOf(Object.fromEntries(Object.entries({ ...many, "z.x": "common number" }).reverse()));
    expect(found(reversed, "common", 3).sort()).toEqual(["folder/file0000.x", "folder/file0001.x", "z.x"]);
  });

  test("a common word beside a rare one finds what the rare one finds", () => {
    const store = indexOf(many);
    expect(found(store, "common number77")[0]).toBe("folder/file0077.x");
  });

  test("a question of hundreds of words is answered by its first ones", () => {
    const store = indexOf(many);
    const question = ["number5", ...Array.from({ length: 500 }, (_, i) => `word${i}`)].join(" ");
    expect(found(store, question)).toContain("folder/file0005.x");
  });

  describe("a word that almost all of them hold", () => {
    const word = `${"hay ".repeat(180)} overflow`;
    const files: Files = {
      ...Object.fromEntries(Array.from({ length: 2300 }, (_, i) => [`a/file${i}.x`, word])),
      "b/only.x": word,
      "c/overflow.x": word,
    };
    const within = (store: IndexStore, question: string, pathPrefix: string): string[] => {
      const allowed = store.allowedChunks(readFilter({ pathPrefix }));
      const matches = store.matchWords(readQuestion(question).words, 10, allowed);
      return store.places(matches.map(({ chunkId }) => chunkId)).map(({ path }) => path);
    };

    test("finds as many as are wanted beside the few that hold it more strongly", () => {
      const store = indexOf(files);
      expect(found(store, "overflow")).toHaveLength(10);
      expect(found(store, "overflow")[0]).toBe("c/overflow.x");
    });

    test("finds what a filter lets through, however little that is", () => {
      const store = indexOf(files);
      expect(within(store, "overflow", "a")).toHaveLength(10);
      expect(within(store, "overflow", "b")).toEqual(["b/only.x"]);
      expect(within(store, "overflow zebra", "b")).toEqual(["b/only.x"]);
    });

    test("is not left out for words of less weight that fewer hold", () => {
      const weak = Object.fromEntries(
        Array.from({ length: 300 }, (_, i) => [`w/file${i}.x`, `${"hay ".repeat(900)} weak`]),
      );
      const strong = Object.fromEntries(Array.from({ length: 2100 }, (_, i) => [`s/file${i}.x`, "strong"]));
      const paths = found(indexOf({ ...weak, ...strong, ...filler(20_000) }), "strong weak");
      expect(paths.every((path) => path.startsWith("s/"))).toBe(true);
    });
  });
});
