import { linkSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type FileIdentity, identify, identifyContent } from "./file-identity.ts";
import { LEXICAL_SCHEMA } from "./lexical-index.ts";
import { type DatabaseSync, isDamage, makeDatabaseFile, openDatabase, openForReading, transaction } from "./sqlite.ts";
import { VECTOR_SCHEMA } from "./sqlite-vector-store.ts";

/**
 * Raise it with every change of the tables or of what lies in them. It stands in the file's name, so that each version of
 * the package has an index of its own.
 */
export const SCHEMA_VERSION = 3;

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
  /** What `fileAt` says of the path as long as this database lies there. */
  file: FileIdentity;
  isWritable: boolean;
  warning?: SetAsideWarning | undefined;
}

/**
 * Opens the index, or makes an empty one. What is damaged, of another version or no index at all is set aside under a
 * name of its own and replaced: an index can be built again, a search must not fail for it.
 */
export function openIndexFile(path: string): OpenedIndex {
  let warning: SetAsideWarning | undefined;
  for (let flaws = 0; ; ) {
    const file = makeIndexFile(path);
    const found = openAsItIs(path);
    if ("flaw" in found) {
      if (++flaws === MOST_FLAWS) throw new Error(`it ${found.flaw.description} each time it is made`);
      warning = setAside(path, file, found.flaw) ?? warning;
    } else if (identify(path) === file) {
      return { database: found.database, file, isWritable: true, warning };
    } else {
      // Another process has put another file there meanwhile, and which of them was opened is not known.
      found.database.close();
    }
  }
}

/** An index that is set aside so often is damaged by something that goes on. */
const MOST_FLAWS = 3;

/**
 * Opens an index that cannot be written to.
 *
 * @throws Error where it is damaged or none, as it cannot be replaced either
 */
export function openIndexForReading(path: string): OpenedIndex {
  for (;;) {
    const file = identifyContent(path);
    const database = openForReading(path);
    const found = inspect(database);
    if (found !== "ready") {
      database.close();
      throw new Error(`it ${found === "empty" ? "is empty" : found.description}`);
    }
    if (file !== undefined && identifyContent(path) === file) return { database, file, isWritable: false };
    database.close();
  }
}

/** The file that lies at a path now, to be compared with that of an opened index. */
export function fileAt(path: string, { isWritable }: Pick<OpenedIndex, "isWritable">): FileIdentity | undefined {
  return isWritable ? identify(path) : identifyContent(path);
}

interface Flaw {
  /** For the name of the file that is set aside. */
  name: string;
  /** For the message. */
  description: string;
}

const DAMAGED: Flaw = { name: "damaged", description: "is damaged" };

/** What is there stays, a folder, too. */
function makeIndexFile(path: string): FileIdentity {
  for (;;) {
    const file = identify(path);
    if (file !== undefined) return file;
    makeDatabaseFile(path);
  }
}

function openAsItIs(path: string): { database: DatabaseSync } | { flaw: Flaw } {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return { flaw: DAMAGED };
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path);
    const flaw = prepareSchema(database);
    if (flaw === undefined) return { database };
    database.close();
    return { flaw };
  } catch (error) {
    const flaw = isDamage(error, database) ? DAMAGED : undefined;
    if (database?.isOpen) database.close();
    if (flaw === undefined) throw error;
    return { flaw };
  }
}

/**
 * Renames the index and says so. The last one that was set aside for the same reason makes room.
 *
 * @param file the one that is meant; where another process has put another one there, this one stays
 * @returns `undefined` where nothing was to be done any more
 */
export function setAside(path: string, file: FileIdentity, flaw: Flaw = DAMAGED): SetAsideWarning | undefined {
  if (identify(path) !== file) return undefined;
  const name = join(dirname(path), `${basename(path, ".sqlite")}.${flaw.name}`);
  const aside = `${name}.sqlite`;
  // Renamed first and looked at again under a name of its own: in between another process may have been faster.
  const passing = `${name}-${process.pid}.sqlite`;
  renameSync(path, passing);
  if (identify(passing) !== file) {
    putBack(passing, path);
    return undefined;
  }
  // Both belong to the old file's content; next to a new file they would be taken for its own.
  if (identify(path) === undefined) for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
  rmSync(aside, { force: true, recursive: true });
  renameSync(passing, aside);
  return `The index ${path} ${flaw.description}; it was set aside as ${basename(aside)} and is built again.`;
}

/** Unless a third file lies there already. */
function putBack(passing: string, path: string): void {
  try {
    linkSync(passing, path);
  } catch {
    // What was renamed is lost; it was new, and is built again.
  }
  rmSync(passing, { force: true });
}

/** Creates the tables in an empty database. @returns what is wrong with one that is not empty */
function prepareSchema(database: DatabaseSync): Flaw | undefined {
  const found = inspect(database);
  if (found === "ready") return undefined;
  if (found !== "empty") return found;
  return transaction(database, () => {
    const now = inspect(database); // another process may have been first
    if (now === "ready") return undefined;
    if (now !== "empty") return now;
    database.exec(SCHEMA);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    return undefined;
  });
}

function inspect(database: DatabaseSync): "ready" | "empty" | Flaw {
  const version = pragma(database, "user_version");
  const applicationId = pragma(database, "application_id");
  const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as { count: number };
  if (applicationId === 0 && version === 0 && tables.count === 0) return "empty";
  if (applicationId !== APPLICATION_ID) return { name: "foreign", description: "is another program's database" };
  if (version === SCHEMA_VERSION) return "ready";
  const description = `has version ${version}, where ${SCHEMA_VERSION} was expected`;
  return { name: `version-${version}`, description };
}

function pragma(database: DatabaseSync, name: string): number {
  return (database.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name]!;
}
