import { openSync, readSync, writeSync } from "node:fs";
import type { RootDatabase } from "lmdb";

/** From lmdb's mdb.c: the lock file begins with its magic number, its format and the number of the last transaction. */
const MAGIC = 0xbeefc0de;
const LAST_TRANSACTION_OFFSET = 8;
const HEADER_BYTES = 12;

/** What lmdb's types do not tell of. */
interface Internals {
  env: { info(): { lastTxnId: number } };
}

/**
 * To be called first in every transaction: says whether it begins where the last commit ended.
 *
 * lmdb (3.5.6, `mdb_env_open2`) has a race: whoever opens a file sets the number of the last transaction, which all
 * processes share, to what it read from the file a moment before, and does so without the writers' lock. After a
 * commit in between, the next transaction would begin below it, take its number and overwrite it. A transaction that
 * finds itself there must write nothing; this repairs the number, so that the next one begins right. It holds the
 * writers' lock meanwhile, as every transaction does. Until then readers see the commit before: a miss, no more.
 * @throws where the lock file does not hold what lmdb says that it does
 */
export function beginsAtNewestCommit(root: RootDatabase, path: string): boolean {
  const newest = newestCommit(root);
  if (root.getWriteTxnId() > newest) return true;
  setLastTransaction(`${path}-lock`, newest);
  return false;
}

function newestCommit(root: RootDatabase): number {
  return (root as RootDatabase & Internals).env.info().lastTxnId;
}

function setLastTransaction(lockFile: string, newest: number): void {
  // Never closed, as that would release all of lmdb's locks on the file (POSIX); it is needed once in a long while.
  const file = openSync(lockFile, "r+");
  const header = Buffer.alloc(HEADER_BYTES);
  readSync(file, header, 0, HEADER_BYTES, 0);
  // The number has 32 bits more on 64-bit machines; nobody gets there.
  const last = header.readUInt32LE(LAST_TRANSACTION_OFFSET);
  if (header.readUInt32LE(0) !== MAGIC || last > newest) {
    throw new Error(`${lockFile} should tell of a transaction before ${newest}, and tells of ${last}`);
  }
  header.writeUInt32LE(newest, LAST_TRANSACTION_OFFSET);
  writeSync(file, header, LAST_TRANSACTION_OFFSET, HEADER_BYTES - LAST_TRANSACTION_OFFSET, LAST_TRANSACTION_OFFSET);
}
