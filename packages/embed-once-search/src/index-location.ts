import { createHash } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { EmbedderIdentity } from "embed-once";
import { makeDirectory } from "./directory.ts";
import { SCHEMA_VERSION } from "./index-file.ts";

/**
 * The folder that a caller means, as an absolute path without symbolic links: one folder has one index, however it is
 * spelled.
 *
 * @throws TypeError where there is no such folder
 */
export function resolveRoot(folder: string): string {
  if (typeof folder !== "string" || folder === "") {
    throw new TypeError(`folder must be a path, got ${folder === "" ? "an empty string" : typeof folder}`);
  }
  let root: string;
  try {
    root = realpathSync(folder);
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such folder" : (error as Error).message;
    throw new TypeError(`Cannot search ${JSON.stringify(folder)}: ${why}`, { cause: error });
  }
  if (!statSync(root).isDirectory()) {
    throw new TypeError(`Cannot search ${JSON.stringify(folder)}: it is a file, a folder was expected`);
  }
  return root;
}

/**
 * Tells a folder from another one that has taken its place; `undefined` where there is none. An inode is given out again
 * at once, so the time of birth goes with it.
 */
export function folderIdentity(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    return stats.isDirectory() ? `${stats.dev}:${stats.ino}:${stats.birthtimeNs}` : undefined;
  } catch {
    return undefined;
  }
}

/** Where the indexes of a root lie, one file for each embedder. */
export function rootDirectory(indexDirectory: string, root: string): string {
  return join(indexDirectory, shortHash(root));
}

/**
 * Where the index of a root lies: another root is another directory, another embedder or version of the index another file
 * in it. Old and new versions of the package can be used side by side.
 */
export function indexPath(
  indexDirectory: string,
  root: string,
  identity: EmbedderIdentity,
  version: number = SCHEMA_VERSION,
): string {
  const embedder = shortHash(JSON.stringify(canonical(identity)));
  return join(rootDirectory(indexDirectory, root), `${embedder}-v${version}.sqlite`);
}

/** What an index takes on disk, what is not yet merged into it included; `undefined` where there is none. */
export function indexBytes(path: string): number | undefined {
  const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size;
  const bytes = size(path);
  return bytes === undefined ? undefined : bytes + (size(`${path}-wal`) ?? 0);
}

/** An existing path without symbolic links. */
export function realPath(path: string): string {
  return realpathSync(path);
}

/** Says beside its indexes which folder they are of; what tells later that the folder is gone. */
const ROOT_NOTE = "root.txt";

/** An index that nobody has opened for so long, and that another one has replaced or whose folder is gone, is removed. */
export const UNUSED_MS = 14 * 24 * 3_600_000;

/** Notes that an index is in use. @throws where it lies in a place that cannot be written to */
export function noteUse(path: string, root: string): void {
  const now = new Date();
  utimesSync(path, now, now);
  const note = join(dirname(path), ROOT_NOTE);
  if (!existsSync(note)) writeFileSync(note, root, { mode: 0o600 });
}

/** Makes the directory of a root's indexes, for its owner only. */
export function makeRootDirectory(path: string): void {
  makeDirectory(dirname(path));
}

/**
 * Removes what an index has replaced (indexes of the same root by other embedders or of other versions, and what was set aside), and all
 * indexes of folders that are gone, where they have not been opened for `UNUSED_MS`.
 *
 * Not sooner: another process may work with another embedder on the same folder, and a folder may be on a disk that is
 * not mounted.
 */
export function removeUnused(indexDirectory: string, currentPath: string, now: number = Date.now()): void {
  const isOld = (path: string): boolean => now - (lastUse(path) ?? now) > UNUSED_MS;
  for (const path of indexFiles(dirname(currentPath))) {
    if (path !== currentPath && isOld(path)) removeIndexFile(path);
  }
  for (const entry of readdirSync(indexDirectory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const directory = join(indexDirectory, entry.name);
    const root = readRootNote(directory);
    if (root !== undefined && !existsSync(root) && indexFiles(directory).every(isOld)) {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

/** Removes all indexes of a root. @returns whether there were any */
export function removeIndexes(indexDirectory: string, root: string): boolean {
  const directory = rootDirectory(indexDirectory, root);
  const existed = existsSync(directory);
  rmSync(directory, { recursive: true, force: true });
  return existed;
}

function indexFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sqlite"))
    .map((name) => join(directory, name));
}

function removeIndexFile(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

function lastUse(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readRootNote(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, ROOT_NOTE), "utf8");
  } catch {
    return undefined; // not one of ours
  }
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** The same content in the same order, whatever the order of the fields was; absent and undefined are the same. */
function canonical(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, canonical(field)]);
}
