import { closeSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { makeDirectory } from "./directory.ts";

export type { DatabaseSync, StatementSync };

/** How long a process waits for another one's transaction; ours are short, so this only ends when something hangs. */
const BUSY_TIMEOUT_MS = 30_000;

/**
 * Records of vectors have up to some 3 kB: a page of 4,096 bytes, SQLite's default, would hold one of them and waste the
 * rest. Only a new file takes it.
 */
const PAGE_BYTES = 8192;

/**
 * So much of a file is mapped at most (SQLite knows no more than 2 GB less 64 KB). Rows that a search needs lie scattered:
 * read through SQLite's own cache of 2 MB, whole questions take longer.
 */
const MAPPED_BYTES = 2 ** 31 - 65_536;

const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
/** The file ends before a page that its header or its tables name. */
const SQLITE_IOERR_SHORT_READ = 522;
const SQLITE_CORRUPT = 11;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

let sqlite: typeof import("node:sqlite") | undefined;

/**
 * Node 22 announces node:sqlite as experimental on standard error when it is loaded. The package is tested on that
 * version, and a command's standard error is for its user, so this one notice is held back; every other warning passes.
 */
function loadSqlite(): typeof import("node:sqlite") {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === "ExperimentalWarning" && String(warning).startsWith("SQLite")) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Opens or creates a database that only its owner can read, for several processes at once. */
export function openDatabase(path: string): DatabaseSync {
  makeDatabaseFile(path);
  sqlite ??= loadSqlite();
  const database = new sqlite.DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    enterWal(database);
    database.exec("PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;");
    database.exec(`PRAGMA mmap_size = ${MAPPED_BYTES}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Makes an empty database, for its owner only, where there is none.
 *
 * SQLite would create the file under the umask; -wal and -shm then take the permissions of the file that is there.
 *
 * A file that is there is not opened: closing it would take away the locks that other connections of this process hold
 * on it.
 */
export function makeDatabaseFile(path: string): void {
  makeDirectory(dirname(path));
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return;
    throw error;
  }
}

/**
 * Opens a database that cannot be written to.
 *
 * Readers of a WAL share memory through a file beside the database. Where that cannot be made nobody writes either, so
 * the database is read as one that does not change, as long as no WAL holds a part of it.
 */
export function openForReading(path: string): DatabaseSync {
  try {
    return openAndRead(path);
  } catch (error) {
    const wal = statSync(`${path}-wal`, { throwIfNoEntry: false });
    if (!isRefusal(error) || (wal !== undefined && wal.size > 0)) throw error;
    const url = pathToFileURL(path);
    url.searchParams.set("immutable", "1");
    return openAndRead(url);
  }
}

function openAndRead(location: string | URL): DatabaseSync {
  sqlite ??= loadSqlite();
  const database = new sqlite.DatabaseSync(location, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec("PRAGMA temp_store = MEMORY");
    database.exec(`PRAGMA mmap_size = ${MAPPED_BYTES}`);
    database.prepare("SELECT count(*) FROM sqlite_schema").get(); // what is refused is refused here
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Two processes that create a database together both change its journal mode, and SQLite does not let the second wait. */
function enterWal(database: DatabaseSync): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (primaryCode(error) !== SQLITE_BUSY || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/**
 * Runs a statement that changes rows.
 *
 * SQLite remembers the row number that was last inserted on the connection, those of FTS5's own tables too, which exceed
 * 2^53. node:sqlite reads it after every such statement, and from Node 26 on fails where it may not be a bigint.
 */
export function change(statement: StatementSync, ...parameters: SQLInputValue[]): { lastInsertRowid: bigint } {
  statement.setReadBigInts(true);
  return statement.run(...parameters) as { lastInsertRowid: bigint };
}

/** Frees blobs that SQLite has copied out, at once: the collector would let tens of megabytes of them pile up. */
export function free(...blobs: readonly Uint8Array[]): void {
  for (const { buffer } of blobs) (buffer as ArrayBuffer).transfer(0);
}

/** Runs `work` in one write transaction, or in the one that is already open. `work` must not await. */
export function transaction<Result>(database: DatabaseSync, work: () => Result): Result {
  return inTransaction(database, "BEGIN IMMEDIATE", work);
}

/** Runs `work` on one unchanging view of the database, whatever other processes write meanwhile. */
export function snapshot<Result>(database: DatabaseSync, work: () => Result): Result {
  return inTransaction(database, "BEGIN", work);
}

function inTransaction<Result>(database: DatabaseSync, begin: string, work: () => Result): Result {
  if (database.isTransaction) return work();
  database.exec(begin);
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk or a damaged page may have ended the transaction already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** What a database holds contradicts itself, though SQLite can read it. */
export class DamagedContentError extends Error {
  override readonly name = "DamagedContentError";
}

/** JSON that was written by `JSON.stringify`. @throws DamagedContentError where it is none any more */
export function parseStored<Value>(json: string): Value {
  try {
    return JSON.parse(json) as Value;
  } catch (error) {
    throw new DamagedContentError(`A stored text is no JSON any more: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * What SQLite says of our statements where the tables are not what they were. All else that it calls an error may be
 * the fault of what was asked for: too many parameters, an expression that is too deep.
 */
const SCHEMA_ERROR =
  /^no such (table|column|module)\b|has no column named|^vtable constructor failed|^invalid fts5 file format/;

/**
 * Whether an error says that the file is not, or no longer, a sound database.
 *
 * @param database asked to check itself where the error may come from either side
 */
export function isDamage(error: unknown, database?: DatabaseSync): boolean {
  if (error instanceof DamagedContentError) return true;
  const code = primaryCode(error);
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return true;
  if ((error as { errcode?: number }).errcode === SQLITE_IOERR_SHORT_READ) return true;
  if (code !== SQLITE_ERROR) return false;
  return SCHEMA_ERROR.test((error as Error).message) || (database?.isOpen === true && !isSound(database));
}

/** Reads the whole database and compares its tables with their indexes: as long as it takes to read the file. */
export function isSound(database: DatabaseSync): boolean {
  try {
    return database.prepare("PRAGMA integrity_check(1)").get()?.integrity_check === "ok";
  } catch (error) {
    return !(isDamage(error) || primaryCode(error) === SQLITE_ERROR); // nobody has asked too much of it here
  }
}

/** Whether an error says that the file, or the directory with what SQLite puts beside it, cannot be written to. */
export function isRefusal(error: unknown): boolean {
  const code = primaryCode(error);
  if (code === SQLITE_READONLY || code === SQLITE_CANTOPEN) return true;
  return ["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/**
 * Whether SQLite refuses to write to a file that the system lets us write to: it does so where the file's header names
 * a later format.
 */
export function isRefusedForItsHeader(error: unknown, path: string): boolean {
  if ((error as { errcode?: number } | undefined)?.errcode !== SQLITE_READONLY) return false;
  try {
    closeSync(openSync(path, "r+"));
    return true;
  } catch {
    return false;
  }
}

/** SQLite's result code without the details that its upper bytes carry. */
function primaryCode(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

/** What group_concat() gives of whole numbers: `"3,14,15"` → 3, 14, 15. A row for each would take longer. */
export function readNumbers(text: string | null): number[] {
  if (text === null) return [];
  const numbers: number[] = [];
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 44) {
      numbers.push(number);
      number = 0;
    } else number = 10 * number + code - 48;
  }
  numbers.push(number);
  return numbers;
}
