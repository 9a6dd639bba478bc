import { type BigIntStats, statSync } from "node:fs";

/** Tells a file from another one that took its name. Equal as long as it is the same file. */
export type FileIdentity = string;

/** The file at a path; `undefined` where there is none. */
export function identify(path: string): FileIdentity | undefined {
  const stats = statOf(path);
  return stats && `${stats.dev}:${stats.ino}`;
}

/** As `identify`, for a database that is read as one that does not change: its content counts, too. */
export function identifyContent(path: string): FileIdentity | undefined {
  const stats = statOf(path);
  return stats && `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${statOf(`${path}-wal`)?.size ?? 0}`;
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}
