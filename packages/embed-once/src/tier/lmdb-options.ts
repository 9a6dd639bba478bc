import { PAGE_BYTES } from "./record-log.ts";

/** lmdb's own default is 126: too few for a machine full of workers. */
const MAX_READERS = 1024;

/** How the file is opened, everywhere. */
export const LMDB_OPTIONS = {
  noSubdir: true,
  maxReaders: MAX_READERS,
  maxDbs: 8,
  pageSize: PAGE_BYTES,
  permissionsMode: 0o600,
  // Reads are scattered: what the kernel would read ahead is almost never wanted.
  noReadAhead: true,
  // Every write is a transaction of its own. lmdb's batches around them would reject promises that nobody sees.
  eventTurnBatching: false,
} as const;

/** The tables in the file and how their rows are encoded. */
export const TABLES = {
  index: { keyEncoding: "binary", encoding: "binary" },
  segments: { keyEncoding: "uint32", encoding: "binary" },
  used: { keyEncoding: "uint32", encoding: "binary" },
  leases: { keyEncoding: "binary", encoding: "json" },
  meta: { encoding: "json" },
} as const;
