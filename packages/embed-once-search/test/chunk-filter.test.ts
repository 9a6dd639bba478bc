import { describe, expect, test } from "vitest";
import { type ChunkFilter, readFilter } from "../src/chunk-filter.ts";
import type { SymbolKind } from "../src/chunker.ts";
import { openIndexFile } from "../src/index-file.ts";
import { IndexStore } from "../src/index-store.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const FILES: Record<string, SymbolKind | undefined> = {
  "src/a.ts": "class",
  "src/deep/b.tsx": "function",
  "src0/c.py": "method",
  "src.ts": "function",
  "README.md": "section",
  odd: undefined,
};

function storeOf(): IndexStore {
  const store = new IndexStore(openIndexFile(`${temporaryFolder()}/index.sqlite`).database);
  store.writeFiles(
    Object.entries(FILES).map(([path, kind], index) => {
      const key = String(index).padStart(64, "0");
      return {
        path,
        stamp: "",
        content: { hash: path, chunks: [{ startLine: 1, endLine: 1, text: `word ${index}`, key, kind }] },
      };
    }),
  );
  const keys = Object.keys(FILES).map((_, index) => String(index).padStart(64, "0"));
  store.vectors.put(keys.map((key, index) => ({ key, vector: [1, index] })));
  return store;
}

/** The paths that a filter lets through, by words, by vectors and by place. */
function allowedPaths(store: IndexStore, filter: ChunkFilter): string[] {
  const allowed = store.allowedChunks(readFilter(filter));
  const byWords = store.matchWords(["word"], 100, allowed).map(({ chunkId }) => chunkId);
  const nearest = store.vectors.nearest([1, 1], 100, allowed.vectorRows());
  const byVectors = [...store.chunksOf(nearest.map(({ key }) => key)).values()].flat();
  expect(new Set(byVectors)).toEqual(new Set(byWords));
  return store
    .places(byWords)
    .map(({ path }) => path)
    .sort();
}

describe("a filter lets through", () => {
  test.each<[ChunkFilter, string[]]>([
    [{ pathPrefix: "src" }, ["src/a.ts", "src/deep/b.tsx"]],
    [{ pathPrefix: "./src/" }, ["src/a.ts", "src/deep/b.tsx"]],
    [{ pathPrefix: "src/a.ts" }, ["src/a.ts"]],
    [{ pathPrefix: "sr" }, []],
    [{ language: "ts" }, ["src.ts", "src/a.ts", "src/deep/b.tsx"]],
    [{ language: ["Python", ".md"] }, ["README.md", "src0/c.py"]],
    [{ kind: "function" }, ["src.ts", "src/deep/b.tsx"]],
    [{ kind: ["class", "section"] }, ["README.md", "src/a.ts"]],
    [{ glob: "*.ts" }, ["src.ts", "src/a.ts"]],
    [{ glob: "./src.ts" }, ["src.ts"]],
    [{ glob: ".//src/./*.ts" }, ["src/a.ts"]],
    [{ glob: ["./", "!./src/"] }, ["README.md", "odd", "src.ts", "src0/c.py"]],
    [{ glob: ["src*/**", "!*.py"] }, ["src/a.ts", "src/deep/b.tsx"]],
    [{ glob: "!src/" }, ["README.md", "odd", "src.ts", "src0/c.py"]],
    [{ pathPrefix: "src", language: "typescript", kind: "function", glob: "**/b.*" }, ["src/deep/b.tsx"]],
    [{ pathPrefix: "src", language: "python" }, []],
  ])("%j: %j", (filter, paths) => {
    const store = storeOf();
    expect(allowedPaths(store, filter)).toEqual(paths);
    store.close();
  });
});

test("a filter takes more values than SQLite takes parameters, each of them once", () => {
  const store = storeOf();
  const kinds = Array.from({ length: 40_000 }, (_, index) => (index % 2 === 0 ? "class" : "section") as SymbolKind);
  const filter = { kind: kinds, language: new Array<string>(40_000).fill("ts").concat("md") };
  expect(allowedPaths(store, filter)).toEqual(["README.md", "src/a.ts"]);
  expect(readFilter(filter)?.parameters).toEqual(['["typescript","markdown"]', '["class","section"]']);
  store.close();
});

test("nothing, or the whole folder, is no filter", () => {
  expect(readFilter({})).toBeUndefined();
  expect(readFilter({ pathPrefix: "." })).toBeUndefined();
});

test.each([
  [{ pathPrefix: "../x" }, "must be relative to the searched folder"],
  [{ pathPrefix: "/etc" }, "must be relative to the searched folder"],
  [{ pathPrefix: 5 }, "pathPrefix must be a path, got number"],
  [{ language: "klingon" }, 'There is no language "klingon"; expected an ending of its files, or bash, c, '],
  [{ kind: "gadget" }, 'There is no kind "gadget"; expected class, function'],
  [{ kind: [] }, "kind must be a text or a list of at least one, got []"],
  [{ glob: "" }, 'The glob "" must be a text that is not empty'],
  [{ glob: "{a" }, "has a { without a }"],
  [{ glob: "../a.ts" }, "must be relative to the searched folder"],
])("refuses %j", (filter, message) => {
  expect(() => readFilter(filter as ChunkFilter)).toThrow(TypeError);
  expect(() => readFilter(filter as ChunkFilter)).toThrow(message);
});
