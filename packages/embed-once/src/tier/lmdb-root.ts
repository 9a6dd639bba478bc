import type { Database, RootDatabase } from "lmdb";
import { fileIdentity } from "./lmdb-file.ts";
import { TABLES } from "./lmdb-options.ts";

/** One opening of a file by this thread; whoever wants the file in the meantime shares it. */
interface Opening {
  root: RootDatabase;
  tables: Map<keyof typeof TABLES, unknown>;
  readOnly: boolean;
  users: number;
  /** Set when the last user has gone: until it resolves, nobody may open the file. */
  closed: Promise<void> | undefined;
}

/** What a user of the file has of it. */
export interface SharedRoot {
  root: RootDatabase;
  readOnly: boolean;
  identity: string | undefined;
  /** A table of the file; opened once. */
  table<Value, Key extends string | number | Buffer>(name: keyof typeof TABLES): Database<Value, Key>;
  /** To be called once. The last one closes the file. */
  close(): Promise<void>;
}

/** By the identity of the file: a path may lead to another one later. */
const openings = new Map<string, Opening>();
const openingOf = (path: string) => openings.get(fileIdentity(path) ?? "");

/**
 * Opens a file, or shares it where this thread has it open.
 *
 * A thread must not open a file twice: lmdb opens files and tables in transactions that block the thread until they have
 * the writers' lock. A transaction of the other opening that waits for this very thread to run its body would have it, and
 * the process would stand still for ever.
 * @param open is called, in the same turn of the event loop, where the file is not open
 */
export async function shareRoot(
  path: string,
  open: () => { root: RootDatabase; readOnly: boolean },
): Promise<SharedRoot> {
  let known = openingOf(path);
  while (known?.closed) {
    await known.closed.catch(() => {});
    known = openingOf(path);
  }
  const opening = known ?? { ...open(), tables: new Map(), users: 0, closed: undefined };
  const identity = fileIdentity(path);
  if (identity !== undefined) openings.set(identity, opening);
  opening.users++;
  const { root, tables, readOnly } = opening;
  return {
    root,
    readOnly,
    identity,
    table<Value, Key extends string | number | Buffer>(name: keyof typeof TABLES) {
      const table = tables.get(name) ?? root.openDB({ name, ...TABLES[name] });
      tables.set(name, table);
      return table as Database<Value, Key>;
    },
    async close() {
      if (--opening.users > 0) return;
      opening.closed = root.close().finally(() => {
        if (identity !== undefined) openings.delete(identity);
      });
      await opening.closed;
    },
  };
}
