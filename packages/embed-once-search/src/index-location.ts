import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { EmbedderIdentity } from "embed-once";

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

/** Where the index of a root lies: another root or another embedder is another file. */
export function indexPath(indexDirectory: string, root: string, identity: EmbedderIdentity): string {
  const name = createHash("sha256")
    .update(JSON.stringify([root, canonical(identity)]))
    .digest("hex");
  return join(indexDirectory, name, "index.sqlite");
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

/** The same content in the same order, whatever the order of the fields was; absent and undefined are the same. */
function canonical(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, canonical(field)]);
}
