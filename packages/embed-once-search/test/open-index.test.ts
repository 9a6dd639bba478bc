import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { SemanticSearchEngine, type SemanticSearchOptions } from "../src/index.ts";
import { overwrite } from "./support/damage.ts";
import { eventually } from "./support/eventually.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

const FILES = 60;

function makeFolder(): string {
  const root = temporaryFolder();
  for (let i = 0; i < FILES; i++) {
    writeTree(root, { [`file${i}.ts`]: `export const ${nameOf(i)} = "${"text ".repeat(40)}${i}";\n` });
  }
  return root;
}

/** Letters alone: `WordEmbedder` knows no digits. */
function nameOf(index: number): string {
  return `name${String.fromCharCode(97 + Math.floor(index / 26), 97 + (index % 26))}`;
}

function openEngine(indexDirectory: string, options: Partial<SemanticSearchOptions> = {}) {
  const embedder = new WordEmbedder();
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const engine = new SemanticSearchEngine({ embedder, indexDirectory, onWarning, ...options });
  onTestFinished(() => engine.close());
  return { embedder, engine, warnings };
}

/** A folder with a complete index that nobody has open. */
async function setUp() {
  const [root, indexDirectory] = [makeFolder(), temporaryFolder()];
  const { engine } = openEngine(indexDirectory);
  await engine.index(root);
  const { indexPath } = await engine.status(root);
  await engine.close();
  return { root, indexDirectory, indexPath };
}

async function firstFile(engine: SemanticSearchEngine, root: string, index = 33): Promise<string | undefined> {
  return (await engine.search(nameOf(index), root, { index: false }))[0]?.file;
}

describe("an index that is damaged while it is open", () => {
  test("is read again by the search that meets the damage, though it was told not to index", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    const { engine, warnings } = openEngine(indexDirectory);
    expect(await firstFile(engine, root)).toBe("file33.ts");
    overwrite(indexPath);
    expect(await firstFile(engine, root)).toBe("file33.ts");
    expect(warnings).toHaveLength(1);
    await eventually(async () =>
      expect(await engine.status(root)).toMatchObject({ state: "complete", files: FILES, vectors: FILES }),
    );
  });

  test("costs a search that indexes nothing of its answer where the damage comes right after the indexing", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    const { engine, warnings } = openEngine(indexDirectory);
    const expected = await engine.search(nameOf(33), root);
    let bases = 0;
    const results = await engine.search(nameOf(33), root, {
      onIndexed: () => overwrite(indexPath),
      onSearched: ({ vectors }) => {
        if (vectors) bases++;
      },
    });
    expect(results).toEqual(expected);
    expect([warnings.length, bases > 0]).toEqual([1, true]);
    expect(await engine.status(root)).toMatchObject({ state: "complete", files: FILES });
  });

  test("is read again as a whole by a watch, whoever meets the damage", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    const { engine } = openEngine(indexDirectory);
    const watch = engine.watch(root);
    await watch.ready;
    overwrite(indexPath);
    await engine.status(root);
    await eventually(async () =>
      expect(await engine.status(root)).toMatchObject({ state: "complete", files: FILES, vectors: FILES }),
    );
  });

  test("is read again as a whole where a watch hears of one file, and is never called complete before", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    const { engine } = openEngine(indexDirectory);
    const watch = engine.watch(root);
    await watch.ready;
    overwrite(indexPath);
    writeTree(root, { "file1.ts": "export const changed = 1;\n" });
    await eventually(async () => {
      const { state, files } = await engine.status(root);
      if (state === "complete") expect(files).toBe(FILES);
      expect((await engine.search("changed", root, { index: false }))[0]?.file).toBe("file1.ts");
      expect(state).toBe("complete");
    });
  });
});

describe("an index that another process has replaced", () => {
  test("is opened anew, and not set aside for the damage of the one before", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    const [a, b] = [openEngine(indexDirectory), openEngine(indexDirectory)];
    await firstFile(a.engine, root);
    await firstFile(b.engine, root);
    overwrite(indexPath);
    await b.engine.search(nameOf(1), root);
    expect(b.warnings).toHaveLength(1);

    expect(await firstFile(a.engine, root)).toBe("file33.ts");
    expect(a.warnings).toEqual([]);
    writeTree(root, { "new.ts": "export const quagga = 1;\n" });
    await b.engine.index(root);
    expect((await a.engine.search("quagga", root, { index: false }))[0]?.file).toBe("new.ts");
    expect(readdirSync(dirname(indexPath)).filter((name) => name.includes("damaged"))).toHaveLength(1);
    await a.engine.close();
    await b.engine.close();
    expect(await openEngine(indexDirectory).engine.status(root)).toMatchObject({ state: "complete", files: FILES + 1 });
  });

  test("is built again after it was removed under a process that has it open", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    const { engine, warnings } = openEngine(indexDirectory);
    const watch = engine.watch(root);
    await watch.ready;
    expect(await openEngine(indexDirectory).engine.remove(root)).toBe(true);
    expect(await engine.status(root)).toMatchObject({ state: "absent" });
    expect(await firstFile(engine, root)).toBe("file33.ts");
    await eventually(async () => expect(await engine.status(root)).toMatchObject({ state: "complete", files: FILES }));
    expect([existsSync(indexPath), warnings]).toEqual([true, []]);
  });

  test("is read again by a run that has written to the one before", async () => {
    const { root, indexDirectory } = await setUp();
    const { engine } = openEngine(indexDirectory);
    writeTree(root, { "new.ts": "export const quagga = 1;\n" });
    let removed = false;
    await engine.index(root, {
      onProgress: () => {
        if (removed) return;
        removed = true;
        for (const name of readdirSync(indexDirectory)) rmSync(join(indexDirectory, name), { recursive: true });
      },
    });
    expect(await engine.status(root)).toMatchObject({ state: "complete", files: FILES + 1 });
  });
});

describe("what a caller asks for", () => {
  test("costs no index, however much of it there is", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    const { engine, warnings } = openEngine(indexDirectory);
    const language = new Array<string>(40_000).fill("typescript");
    const kind = new Array<"variable">(40_000).fill("variable");
    const glob = Array.from({ length: 500 }, (_, index) => `*.${index}`).concat("*.ts");
    const results = await engine.search(nameOf(33), root, { language, kind, glob, index: false });
    expect(results[0]?.file).toBe("file33.ts");
    const phrase = `"${Array.from({ length: 1000 }, (_, index) => `word${index}`).join(" ")}"`;
    expect(await engine.search(phrase, root, { index: false })).toEqual([]);
    expect(warnings).toEqual([]);
    expect(readdirSync(dirname(indexPath)).filter((name) => name.includes("damaged"))).toEqual([]);
  });
});

/** Somebody who may write nothing that is not theirs; the superuser, who may, becomes somebody else for as long. */
function withoutRights<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return work();
  const NOBODY = 65_534;
  process.seteuid!(NOBODY);
  return work().finally(() => process.seteuid!(0));
}

function makeReadOnly(directory: string, mode: { file: number; directory: number }): void {
  const NOBODY = 65_534;
  const paths = ["", ...readdirSync(directory, { recursive: true, encoding: "utf8" })];
  const isIndex = (path: string): boolean => path.includes(".sqlite");
  for (const path of paths.map((name) => join(directory, name))) {
    if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
    chmodSync(path, path.endsWith(".txt") || isIndex(path) ? mode.file : mode.directory);
  }
  onTestFinished(() => {
    for (const path of paths.map((name) => join(directory, name))) if (existsSync(path)) chmodSync(path, 0o700);
  });
}

describe.skipIf(process.platform === "win32")("an index that cannot be written to", () => {
  test.each([
    ["the file", { file: 0o400, directory: 0o700 }],
    ["the directory", { file: 0o600, directory: 0o500 }],
    ["both", { file: 0o400, directory: 0o500 }],
  ])("answers, and says how it stands, as long as nothing is to be indexed: %s", async (_name, mode) => {
    const { root, indexDirectory } = await setUp();
    chmodSync(root, 0o755);
    makeReadOnly(indexDirectory, mode);
    const { engine, warnings } = openEngine(indexDirectory);
    await withoutRights(async () => {
      expect(await firstFile(engine, root)).toBe("file33.ts");
      expect(await engine.status(root)).toMatchObject({ state: "complete", files: FILES, vectors: FILES });
      const [alike] = await engine.findSimilar({ file: "file33.ts", line: 1 }, root);
      expect(alike?.file).toMatch(/^file/);
      await expect(engine.search(nameOf(1), root)).rejects.toThrow(/cannot be opened: .*; it can be searched without/);
      expect(await firstFile(engine, root, 2)).toBe("file2.ts");
      await engine.close();
    });
    expect(warnings).toEqual([]);
  });

  test("is written to again as soon as it can be", async () => {
    const { root, indexDirectory } = await setUp();
    chmodSync(root, 0o755);
    makeReadOnly(indexDirectory, { file: 0o400, directory: 0o500 });
    const { engine } = openEngine(indexDirectory);
    await withoutRights(async () => expect(await firstFile(engine, root)).toBe("file33.ts"));
    makeReadOnly(indexDirectory, { file: 0o600, directory: 0o700 });
    writeTree(root, { "new.ts": "export const quagga = 1;\n" });
    expect((await engine.search("quagga", root))[0]?.file).toBe("new.ts");
  });

  test("says that it is damaged, and stays", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    chmodSync(root, 0o755);
    overwrite(indexPath);
    makeReadOnly(indexDirectory, { file: 0o400, directory: 0o500 });
    const { engine } = openEngine(indexDirectory);
    await withoutRights(() =>
      expect(engine.search(nameOf(1), root, { index: false })).rejects.toThrow(/^The index .* cannot be opened: /),
    );
    expect(existsSync(indexPath)).toBe(true);
  });

  test("is told apart from one whose header says so by mistake, which is built again", async () => {
    const { root, indexDirectory, indexPath } = await setUp();
    const bytes = readFileSync(indexPath);
    bytes[18] = 9; // the version that a writer must know
    writeFileSync(indexPath, bytes);
    const { engine, warnings } = openEngine(indexDirectory);
    expect((await engine.search(nameOf(33), root))[0]?.file).toBe("file33.ts");
    expect(warnings).toEqual([expect.stringContaining("is damaged; it was set aside")]);
  });
});
