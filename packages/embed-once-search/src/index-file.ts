import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LEXICAL_SCHEMA } from "./lexical-index.ts";
import { type DatabaseSync, isDamage, openDatabase, transaction } from "./sqlite.ts";
import { VECTOR_SCHEMA } from "./sqlite-vector-store.ts";

/** Raise it with every change of the tables or of what lies in them; older indexes are then built anew. */
export const SCHEMA_VERSION = 2;

/** Marks the file as ours ("EOsx"), so that another program's database is never taken for an index. */
const APPLICATION_ID = 0x454f_7378;

const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- Every file that was looked into, with or without success.
  CREATE TABLE file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,      -- relative to the root, with "/"
    stamp TEXT NOT NULL,            -- size, times and inode when it was read; empty: read it again
    content_hash TEXT,              -- SHA-256 of the text; NULL where the file is no source text
    skipped TEXT,                   -- why it is none
    language TEXT,                  -- as its name tells it; NULL where it tells none
    complete INTEGER NOT NULL       -- 1 once all its chunks have vectors
  );
  CREATE INDEX incomplete_file ON file (path) WHERE NOT complete;

  CREATE TABLE chunk (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id INTEGER NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    key BLOB NOT NULL,              -- SHA-256 of the text: chunks of equal text share one vector
    symbol_path TEXT,               -- where in the file's structure it lies, outermost first; NULL: not known
    kind TEXT,                      -- what it mainly is, one of SymbolKind; NULL: not known
    definitions TEXT NOT NULL,      -- names that it defines, one a line
    listing INTEGER NOT NULL        -- 1 where it only imports and exports names
  );
  CREATE INDEX chunk_of_file ON chunk (file_id);
  CREATE INDEX chunk_of_key ON chunk (key);
  ${LEXICAL_SCHEMA}
  ${VECTOR_SCHEMA}
`;

/** An index could not be used as it was; the message says why and where it is now. */
export type SetAsideWarning = string;

export interface OpenedIndex {
  database: DatabaseSync;
  warning?: SetAsideWarning | undefined;
}

/**
 * Opens the index, or makes an empty one. What is damaged, of another version or no index at all is set aside under a
 * name of its own and replaced: an index can be built again, a search must not fail for it.
 */
export function openIndexFile(path: string): OpenedIndex {
  try {
    const database = openDatabase(path);
    const flaw = prepareSchema(database);
    if (flaw === undefined) return { database };
    database.close();
    return { warning: setAside(path, flaw), database: reopen(path) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { warning: setAside(path, { name: "damaged", description: "is damaged" }), database: reopen(path) };
  }
}

interface Flaw {
  /** For the name of the file that is set aside. */
  name: string;
  /** For the message. */
  description: string;
}

/** Renames the index and says so. The last one that was set aside for the same reason makes room. */
export function setAside(path: string, flaw: Flaw = { name: "damaged", description: "is damaged" }): SetAsideWarning {
  const aside = join(dirname(path), `${basename(path, ".sqlite")}.${flaw.name}.sqlite`);
  rmSync(aside, { force: true, recursive: true });
  if (existsSync(path)) renameSync(path, aside);
  // Both belong to the old file's content; next to a new file they would be taken for its own.
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
  return `The index ${path} ${flaw.description}; it was set aside as ${basename(aside)} and is built again.`;
}

function reopen(path: string): DatabaseSync {
  const database = openDatabase(path);
  prepareSchema(database);
  return database;
}

/** Creates the tables in an empty database. @returns what is wrong with one that is not empty */
function prepareSchema(database: DatabaseSync): Flaw | undefined {
  const inspect = (): "ready" | "empty" | Flaw => {
    const version = pragma(database, "user_version");
    const applicationId = pragma(database, "application_id");
    const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as { count: number };
    if (applicationId === 0 && version === 0 && tables.count === 0) return "empty";
    if (applicationId !== APPLICATION_ID) return { name: "foreign", description: "is another program's database" };
    if (version === SCHEMA_VERSION) return "ready";
    const description = `has version ${version}, where ${SCHEMA_VERSION} was expected`;
    return { name: `version-${version}`, description };
  };
  const found = inspect();
  if (found === "ready") return undefined;
  if (found !== "empty") return found;
  return transaction(database, () => {
    const now = inspect(); // another process may have been first
    if (now === "ready") return undefined;
    if (now !== "empty") return now;
    database.exec(SCHEMA);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    return undefined;
  });
}

function pragma(database: DatabaseSync, name: string): number {
  return (database.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name]!;
}
