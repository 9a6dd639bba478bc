import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";

/** From lmdb's mdb.c: both of the first two pages begin with a 24-byte page header, then the meta structure. */
const META_OFFSET = 24;
const META_BYTES = 136;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const MIN_PAGE_BYTES = 256;
const MAX_PAGE_BYTES = 65_536;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** What can be seen of a database file from outside. */
export interface FileCheck {
  /** Why lmdb could not open it; absent where nothing speaks against it. */
  damage?: string;
  /** It is shorter than its last page. That may be damage, or pages that were given back before they were written. */
  short?: boolean;
}

/**
 * Why lmdb could not open this file, or `undefined` where nothing speaks against it. lmdb trusts its file: opening
 * text, zeros or a file cut short kills the process, so what can be seen from outside is looked at first.
 * An absent or empty file is in order: lmdb makes a new one.
 */
export function checkFile(path: string): FileCheck {
  if (!existsSync(path)) return {};
  const file = openSync(path, "r");
  try {
    if (fstatSync(file).size === 0) return {};
    const first = readMeta(file, 0);
    if (typeof first === "string") return { damage: first };
    const second = readMeta(file, first.pageBytes);
    if (typeof second === "string") return { damage: second };
    // Looked at after the meta pages: a file that others write to grows first, and then says so in them.
    const fileBytes = fstatSync(file).size;
    const newest = second.transaction > first.transaction ? second : first;
    for (const page of newest.roots) {
      if (page !== NO_PAGE && (page + 1n) * BigInt(first.pageBytes) > BigInt(fileBytes)) {
        return { damage: `it is cut short at ${fileBytes} bytes, before page ${page}` };
      }
    }
    return { short: (newest.lastPage + 1n) * BigInt(first.pageBytes) > BigInt(fileBytes) };
  } finally {
    closeSync(file);
  }
}

interface Meta {
  pageBytes: number;
  transaction: bigint;
  lastPage: bigint;
  /** Root pages of the free list and of the main tree. */
  roots: bigint[];
}

function readMeta(file: number, pageOffset: number): Meta | string {
  const bytes = Buffer.alloc(META_OFFSET + META_BYTES);
  if (readSync(file, bytes, 0, bytes.length, pageOffset) < bytes.length) return "it is too short to be a database";
  const meta = bytes.subarray(META_OFFSET);
  if (meta.readUInt32LE(0) !== MAGIC) return "it is no lmdb database";
  if (meta.readUInt32LE(4) !== DATA_VERSION) return `it is of lmdb's data version ${meta.readUInt32LE(4)}`;
  const pageBytes = meta.readUInt32LE(24);
  if (pageBytes < MIN_PAGE_BYTES || pageBytes > MAX_PAGE_BYTES || (pageBytes & (pageBytes - 1)) !== 0) {
    return `it says that its pages have ${pageBytes} bytes`;
  }
  return {
    pageBytes,
    roots: [meta.readBigUInt64LE(64), meta.readBigUInt64LE(112)],
    lastPage: meta.readBigUInt64LE(120),
    transaction: meta.readBigUInt64LE(128),
  };
}

/** Which file lies at a path: another one has another identity. */
export function fileIdentity(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}

/** Moves a damaged file out of the way under a clear name, with its lock file; never deletes it. */
export function setAside(path: string, timestampMs: number): string {
  const aside = `${path}.damaged-${new Date(timestampMs).toISOString().replaceAll(":", "-")}`;
  renameSync(path, aside);
  if (existsSync(`${path}-lock`)) renameSync(`${path}-lock`, `${aside}-lock`);
  return aside;
}
