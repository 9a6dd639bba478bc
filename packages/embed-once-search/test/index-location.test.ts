import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openIndexFile, SCHEMA_VERSION } from "../src/index-file.ts";
import {
  indexPath,
  makeRootDirectory,
  noteUse,
  removeIndexes,
  removeUnused,
  UNUSED_MS,
} from "../src/index-location.ts";
import { setModified, temporaryFolder } from "./support/temporary-folder.ts";

function makeIndex(indexDirectory: string, root: string, model: string, unusedMs: number): string {
  const path = indexPath(indexDirectory, root, { provider: "test", model });
  makeRootDirectory(path);
  for (const file of [path, `${path}-wal`]) writeFileSync(file, "");
  noteUse(path, root);
  setModified(path, (Date.now() - unusedMs) / 1000);
  return path;
}

test("an index has a place for each root and embedder, the same one however the identity is written down", () => {
  const identity = { provider: "test", model: "a", dimensions: 64 };
  const path = indexPath("/indexes", "/root", identity);
  expect(indexPath("/indexes", "/root", { dimensions: 64, model: "a", provider: "test" })).toBe(path);
  expect(indexPath("/indexes", "/root", { ...identity, revision: undefined })).toBe(path);
  expect(dirname(indexPath("/indexes", "/root", { ...identity, model: "b" }))).toBe(dirname(path));
  expect(indexPath("/indexes", "/root", { ...identity, dimensions: 32 })).not.toBe(path);
  expect(dirname(indexPath("/indexes", "/other", identity))).not.toBe(dirname(path));
});

test("each version of the index is a file of its own, which others leave alone until all are removed", () => {
  const [indexDirectory, root] = [temporaryFolder(), temporaryFolder()];
  const pathOf = (version?: number): string =>
    indexPath(indexDirectory, root, { provider: "test", model: "a" }, version);
  const versions = [SCHEMA_VERSION - 1, SCHEMA_VERSION, SCHEMA_VERSION + 1];
  expect(new Set(versions.map(pathOf)).size).toBe(3);
  expect(basename(pathOf())).toMatch(new RegExp(`-v${SCHEMA_VERSION}\\.sqlite$`));
  for (const version of versions) {
    const { database } = openIndexFile(pathOf(version));
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
  }
  const { database, warning } = openIndexFile(pathOf());
  database.close();
  removeUnused(indexDirectory, pathOf());
  expect([warning, versions.map((version) => existsSync(pathOf(version)))]).toEqual([undefined, [true, true, true]]);
  expect(removeIndexes(indexDirectory, root)).toBe(true);
  expect(versions.some((version) => existsSync(pathOf(version)))).toBe(false);
});

test("a complete index outlives those that it has replaced: unused ones go, what is in use stays", () => {
  const [indexDirectory, root, other] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const current = makeIndex(indexDirectory, root, "new", 2 * UNUSED_MS);
  const replaced = makeIndex(indexDirectory, root, "old", UNUSED_MS + 60_000);
  const inUse = makeIndex(indexDirectory, root, "used", UNUSED_MS - 60_000);
  const ofOther = makeIndex(indexDirectory, other, "old", 2 * UNUSED_MS);
  removeUnused(indexDirectory, current);
  expect([current, replaced, inUse, ofOther].map((path) => existsSync(path))).toEqual([true, false, true, true]);
  expect(existsSync(`${replaced}-wal`)).toBe(false);
});

test("indexes of a folder that is gone go after the same time, as after the end of a worktree", () => {
  const [indexDirectory, root] = [temporaryFolder(), temporaryFolder()];
  const gone = join(temporaryFolder(), "worktree");
  mkdirSync(gone);
  const current = makeIndex(indexDirectory, root, "new", 0);
  const abandoned = makeIndex(indexDirectory, gone, "new", UNUSED_MS + 60_000);
  removeUnused(indexDirectory, current);
  expect(existsSync(abandoned)).toBe(true);
  rmSync(gone, { recursive: true });
  mkdirSync(join(indexDirectory, "not-ours"));
  removeUnused(indexDirectory, current, Date.now() - 120_000);
  expect(existsSync(abandoned)).toBe(true);
  removeUnused(indexDirectory, current);
  expect(readdirSync(indexDirectory).sort()).toEqual([basename(dirname(current)), "not-ours"].sort());
});

test.skipIf(process.platform === "win32")("what lies beside an index is its owner's only", () => {
  const [indexDirectory, root] = [temporaryFolder(), temporaryFolder()];
  const path = makeIndex(indexDirectory, root, "new", 0);
  const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);
  expect([mode(dirname(path)), mode(join(dirname(path), "root.txt"))]).toEqual(["700", "600"]);
});
