import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RootDatabase } from "lmdb";
import { damageFoundByTrial } from "./doubtful-file.ts";
import { checkFile, fileIdentity, setAside } from "./lmdb-file.ts";
import { LMDB_OPTIONS } from "./lmdb-options.ts";
import { exchangingProcess, openMarkers, placeExchangeMarker, placeOpenMarker, removeQuietly } from "./open-marker.ts";

export type LmdbModule = typeof import("lmdb");

export interface OpenOptions {
  path: string;
  /** Told, in one line, of what was found and set aside. */
  onNotice: (message: string) => void;
  now: () => number;
  loadLmdb: () => Promise<LmdbModule>;
}

export interface OpenDatabase {
  root: RootDatabase;
  /** The folder or the file cannot be written: what is there can be read. */
  readOnly: boolean;
  /** Whether the file that was opened still lies at its path. */
  isInPlace(): boolean;
  /** To be called once the database is closed. A file that is `doubtful` is tried before it is opened again. */
  release(doubtful: boolean): void;
}

const EXCHANGE_POLL_MS = 20;
const MAX_EXCHANGE_WAIT_MS = 30_000;
const MAX_MAKING_MS = 5_000;

/**
 * Opens a database, and makes it where there is none. A file that lmdb could not open, or that breaks a child process
 * after somebody's unclean end, is set aside under a clear name and a new one begun.
 * @throws where the directory cannot be made, or lmdb's native module does not load on this platform
 */
export async function openDatabase(options: OpenOptions): Promise<OpenDatabase> {
  const { path, loadLmdb } = options;
  // First of all: without it nothing is made.
  const { open } = await loadLmdb();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // The own marker before the look at the other's: of two that begin at once, one sees the other.
  const endMarker = placeOpenMarker(path);
  try {
    await exchangeIsOver(path);
    await setAsideIfDamaged(options);
    const readOnly = !canWrite(path);
    const root = open({ ...LMDB_OPTIONS, path, ...(readOnly ? { readOnly: true } : {}) });
    const identity = fileIdentity(path);
    return {
      root,
      readOnly,
      isInPlace: () => fileIdentity(path) === identity,
      release: endMarker,
    };
  } catch (error) {
    endMarker(false);
    throw error;
  }
}

async function exchangeIsOver(path: string): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    const pid = exchangingProcess(path);
    if (pid === undefined) return;
    if (performance.now() - startedMs > MAX_EXCHANGE_WAIT_MS) throw new Error(`process ${pid} is compacting ${path}`);
    await delay(EXCHANGE_POLL_MS);
  }
}

async function setAsideIfDamaged({ path, onNotice, now }: OpenOptions): Promise<void> {
  const { dead } = openMarkers(path);
  // A file that another process is making at this moment looks like a damaged one.
  const startedMs = performance.now();
  let check = checkFile(path);
  while (
    check.damage !== undefined &&
    openMarkers(path).living.length > 0 &&
    performance.now() - startedMs < MAX_MAKING_MS
  ) {
    await delay(EXCHANGE_POLL_MS);
    check = checkFile(path);
  }
  const identity = fileIdentity(path);
  const { damage: seen, short } = check;
  const damage = seen ?? (short || dead.length > 0 ? await damageFoundByTrial(path) : undefined);
  for (const marker of dead) removeQuietly(marker.path);
  if (damage === undefined) return;
  const removeMarker = placeExchangeMarker(path);
  if (!removeMarker) return exchangeIsOver(path);
  try {
    // Another process may have come to the same end and have begun a new file.
    if (fileIdentity(path) !== identity) return;
    onNotice(`${path} is damaged (${damage}); set aside as ${setAside(path, now())}, a new one is begun`);
  } finally {
    removeMarker();
  }
}

/** lmdb makes its files for a group to write; files that exist already keep their mode. */
function canWrite(path: string): boolean {
  try {
    for (const file of [path, `${path}-lock`]) {
      closeSync(openSync(file, "a", 0o600));
      chmodSync(file, 0o600);
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (existsSync(path) && (code === "EROFS" || code === "EACCES" || code === "EPERM")) return false;
    throw error;
  }
}
