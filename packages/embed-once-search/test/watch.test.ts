import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type FolderWatch, SemanticSearchEngine, type WatchOptions } from "../src/index.ts";
import { eventually } from "./support/eventually.ts";
import { git } from "./support/git.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

interface Fixture {
  root: string;
  embedder: WordEmbedder;
  engine: SemanticSearchEngine;
  watch: FolderWatch;
  /** The files that hold a word, by the index as it is. */
  filesWith(word: string): Promise<string[]>;
}

async function watched(files: Record<string, string>, options: WatchOptions = {}, inside = false): Promise<Fixture> {
  const root = temporaryFolder();
  writeTree(root, files);
  const embedder = new WordEmbedder();
  const indexDirectory = inside ? join(root, "indexes") : temporaryFolder();
  const engine = new SemanticSearchEngine({ embedder, indexDirectory, onWarning: () => {} });
  onTestFinished(() => engine.close());
  const watch = engine.watch(root, options);
  await watch.ready;
  const filesWith = async (word: string): Promise<string[]> => {
    const results = await engine.search(word, root, { index: false, limit: 50 });
    return [...new Set(results.filter(({ text }) => text.includes(word)).map(({ file }) => file))].sort();
  };
  return { root, embedder, engine, watch, filesWith };
}

const holding = (word: string): string => `export const ${word} = 1;\n`;

test("what is written, moved or deleted, in new folders too, is found as it is, without anybody asking for it", async () => {
  const { root, filesWith } = await watched({ "a.ts": holding("apple"), "sub/b.ts": holding("berry") });
  const expectFiles = (word: string, files: string[]): Promise<void> =>
    eventually(async () => expect(await filesWith(word)).toEqual(files));
  await expectFiles("apple", ["a.ts"]);

  writeTree(root, { "a.ts": holding("apricot") });
  await expectFiles("apricot", ["a.ts"]);
  await expectFiles("apple", []);

  writeTree(root, { "new/deep/c.ts": holding("cherry") });
  await expectFiles("cherry", ["new/deep/c.ts"]);
  writeTree(root, { "new/deep/c.ts": holding("currant") });
  await expectFiles("currant", ["new/deep/c.ts"]);

  renameSync(join(root, "new"), join(root, "moved"));
  await expectFiles("currant", ["moved/deep/c.ts"]);
  writeTree(root, { "moved/deep/c.ts": holding("citron"), "moved/deep/d.ts": holding("citron") });
  await expectFiles("citron", ["moved/deep/c.ts", "moved/deep/d.ts"]);

  rmSync(join(root, "moved"), { recursive: true });
  await expectFiles("citron", []);
  mkdirSync(join(root, "moved"));
  writeTree(root, { "moved/e.ts": holding("elder") });
  await expectFiles("elder", ["moved/e.ts"]);
});

test("rules that change take files out and bring them back", async () => {
  const { root, filesWith } = await watched({ "src/a.ts": holding("apple"), "src/b.ts": holding("apple") });
  writeTree(root, { "src/.gitignore": "b.ts\n" });
  await eventually(async () => expect(await filesWith("apple")).toEqual(["src/a.ts"]));
  writeTree(root, { ".embed-once-ignore": "a.ts\n!b.ts\n" });
  await eventually(async () => expect(await filesWith("apple")).toEqual(["src/b.ts"]));
  rmSync(join(root, ".embed-once-ignore"));
  rmSync(join(root, "src/.gitignore"));
  await eventually(async () => expect(await filesWith("apple")).toEqual(["src/a.ts", "src/b.ts"]));
});

test("a switch of branches with many files is followed", async () => {
  const { root, engine, filesWith } = await watched({ "a.ts": holding("apple") });
  git(root, "init", "-q", "-b", "main");
  git(root, "add", ".");
  git(root, "commit", "-qm", "main");
  git(root, "checkout", "-qb", "other");
  writeTree(root, Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`many/f${i}.ts`, holding(`fruit${i}`)])));
  git(root, "add", ".");
  git(root, "commit", "-qm", "other");
  const expectCount = (files: number): Promise<void> =>
    eventually(async () => expect(await engine.status(root)).toMatchObject({ files, state: "complete" }));
  await expectCount(601);
  git(root, "checkout", "-q", "main");
  await expectCount(1);
  expect(await filesWith("apple")).toEqual(["a.ts"]);
});

test("tells of each update and of nothing else, its own index in the folder included", async () => {
  const updates: number[] = [];
  const onUpdate: WatchOptions["onUpdate"] = ({ filesChanged }) => void updates.push(filesChanged);
  const { root, engine } = await watched({ "a.ts": holding("apple") }, { onUpdate }, true);
  expect(updates).toEqual([1]);
  writeTree(root, { "node_modules/x.ts": holding("no"), ".git/y.ts": holding("no"), "a.ts": holding("apple") });
  await sleep(300);
  expect(updates).toEqual([1]);
  writeTree(root, { "b.ts": holding("berry") });
  await eventually(() => expect(updates).toEqual([1, 1]));
  expect(await engine.status(root)).toMatchObject({ files: 2 });
});

test("embeds what it finds in the background, again after a failure", async () => {
  const { root, embedder, engine, filesWith } = await watched({ "a.ts": holding("apple") });
  await eventually(async () => expect(await engine.status(root)).toMatchObject({ state: "complete", vectors: 1 }));
  let failures = 1;
  embedder.beforeAnswer = () => {
    if (failures-- > 0) throw new Error("429 Too Many Requests");
  };
  writeTree(root, { "b.ts": holding("berry") });
  await eventually(async () => expect(await engine.status(root)).toMatchObject({ failure: "429 Too Many Requests" }));
  expect(await filesWith("berry")).toEqual(["b.ts"]);
  await eventually(async () =>
    expect(await engine.status(root)).toMatchObject({ state: "complete", vectors: 2, failure: undefined }),
  );
});

test("ends by close, by its signal and with its engine, and then hears nothing more", async () => {
  const controller = new AbortController();
  const { root, engine, watch, filesWith } = await watched({ "a.ts": holding("apple") }, { signal: controller.signal });
  controller.abort();
  await watch.closed;
  writeTree(root, { "b.ts": holding("berry") });
  await sleep(300);
  expect(await filesWith("berry")).toEqual([]);
  const second = engine.watch(root);
  await second.ready;
  expect(await filesWith("berry")).toEqual(["b.ts"]);
  await engine.close();
  await second.closed;
});

test("a folder that vanishes is told, and its index stays for its return", async () => {
  const { root, engine, watch } = await watched({ "a.ts": holding("apple") });
  const aside = `${root}-aside`;
  onTestFinished(() => rmSync(aside, { recursive: true, force: true }));
  renameSync(root, aside);
  await sleep(300);
  await watch.settled();
  renameSync(aside, root);
  expect(await engine.status(root)).toMatchObject({ files: 1 });
  expect(readdirSync(root)).toEqual(["a.ts"]);
});

test("a folder that is deleted and made again is watched as before", async () => {
  const { root, filesWith } = await watched({ "a.ts": holding("apple"), "sub/b.ts": holding("berry") });
  for (const word of ["cherry", "citron"]) {
    rmSync(root, { recursive: true });
    writeTree(root, { "sub/c.ts": holding(word) });
    await eventually(async () => expect(await filesWith(word)).toEqual(["sub/c.ts"]));
    writeTree(root, { "sub/c.ts": holding(`${word}Again`), "d.ts": holding(`${word}Again`) });
    await eventually(async () => expect(await filesWith(`${word}Again`)).toEqual(["d.ts", "sub/c.ts"]));
  }
  expect(await filesWith("apple")).toEqual([]);
});

test("a folder that is back after it was missed for a while is read, and watched again", async () => {
  const { root, watch, filesWith } = await watched({ "a.ts": holding("apple") });
  rmSync(root, { recursive: true });
  await sleep(300);
  await watch.settled();
  writeTree(root, { "b.ts": holding("berry") });
  await eventually(async () => expect(await filesWith("berry")).toEqual(["b.ts"]));
  writeTree(root, { "c.ts": holding("cherry") });
  await eventually(async () => expect(await filesWith("cherry")).toEqual(["c.ts"]));
});

test("another folder in the place of one that was moved away is watched, and the old one no longer", async () => {
  const updates: number[] = [];
  const onUpdate: WatchOptions["onUpdate"] = ({ filesChanged }) => void updates.push(filesChanged);
  // The folder above is moved, of which no watcher of the folder itself is told.
  const above = temporaryFolder();
  const root = join(above, "project/root");
  writeTree(root, { "a.ts": holding("apple") });
  const engine = new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory: temporaryFolder() });
  onTestFinished(() => engine.close());
  await engine.watch(root, { onUpdate }).ready;
  renameSync(join(above, "project"), join(above, "aside"));
  writeTree(root, { "b.ts": holding("berry") });
  await eventually(() => expect(updates).toEqual([1, 1]));
  writeTree(join(above, "aside/root"), { "b.ts": holding("banana") });
  await sleep(300);
  expect(updates).toEqual([1, 1]);
  writeTree(root, { "c.ts": holding("cherry") });
  await eventually(() => expect(updates).toEqual([1, 1, 1]));
  expect(await engine.status(root)).toMatchObject({ files: 2 });
});

test("a first reading that fails is told, and tried again until it does not", async () => {
  const root = temporaryFolder();
  writeTree(root, { "a.ts": holding("apple") });
  const indexDirectory = join(temporaryFolder(), "indexes");
  writeFileSync(indexDirectory, "a file in the place of the directory");
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const engine = new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory, onWarning });
  onTestFinished(() => engine.close());
  const updates: number[] = [];
  const watch = engine.watch(root, { onUpdate: ({ files }) => void updates.push(files) });
  await expect(watch.ready).rejects.toThrow("cannot be opened");
  await watch.settled();
  expect(await engine.status(root)).toMatchObject({
    state: "absent",
    readingFailure: expect.stringContaining("cannot be opened"),
  });
  expect(warnings).toEqual([expect.stringContaining(`${root} could not be read, which is tried again`)]);
  rmSync(indexDirectory);
  await eventually(() => expect(updates).toEqual([1]));
  expect(await engine.status(root)).toMatchObject({ files: 1, readingFailure: undefined });
  writeTree(root, { "b.ts": holding("berry") });
  await eventually(async () => expect(await engine.status(root)).toMatchObject({ files: 2 }));
  expect(warnings).toHaveLength(1);
});

test("what a reading that failed was told of is read by the next one", async () => {
  const { root, engine, watch, filesWith } = await watched({ "a.ts": holding("apple") });
  await eventually(async () => expect(await engine.status(root)).toMatchObject({ state: "complete" }));
  const { indexPath } = await engine.status(root);
  const disk = new DatabaseSync(indexPath);
  disk.exec("CREATE TRIGGER full BEFORE INSERT ON file BEGIN SELECT RAISE(FAIL, 'the disk is full'); END");
  writeTree(root, { "b.ts": holding("berry") });
  await eventually(async () =>
    expect(await engine.status(root)).toMatchObject({ readingFailure: expect.stringContaining("disk is full") }),
  );
  await watch.settled();
  disk.exec("DROP TRIGGER full");
  disk.close();
  await eventually(async () => expect(await filesWith("berry")).toEqual(["b.ts"]));
});

test("refuses a folder that is none at once", async () => {
  const { root, engine } = await watched({});
  expect(() => engine.watch(join(root, "gone"))).toThrow("there is no such folder");
});
