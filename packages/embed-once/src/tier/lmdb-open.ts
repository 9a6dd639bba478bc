import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { devNull } from "node:os";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeDirectory } from "./directory.ts";
import { damageFoundByTrial } from "./doubtful-file.ts";
import { openNotingExit } from "./end-at-exit.ts";
import { checkFile, fileIdentity, setAside } from "./lmdb-file.ts";
import { LMDB_OPTIONS, TABLES } from "./lmdb-options.ts";
import { type SharedRoot, shareRoot } from "./lmdb-root.ts";
import { beginsAtNewestCommit } from "./newest-commit.ts";
import {
  exchangingProcess,
  openMarkers,
  placeExchangeMarker,
  placeOpenMarker,
  removeQuietly,
  threadHere,
} from "./open-marker.ts";

export type LmdbModule = typeof import("lmdb");

export interface OpenOptions {
  path: string;
  /** Told, in one line, of what was found and set aside. */
  onNotice: (message: string) => void;
  now: () => number;
  loadLmdb: () => Promise<LmdbModule>;
}

export interface OpenDatabase extends Pick<SharedRoot, "root" | "table"> {
  /** The folder or the file cannot be written: what is there can be read. */
  readOnly: boolean;
  /** Whether the file that was opened still lies at its path. */
  isInPlace(): boolean;
  /** A file that is `doubtful` is tried before it is opened again. */
  close(doubtful: boolean): Promise<void>;
}

const EXCHANGE_POLL_MS = 20;
const MAX_EXCHANGE_WAIT_MS = 30_000;
const MAX_MAKING_TRIES = 3;
/** Of a new file and its lock file. */
const ROOM_NEEDED_BYTES = 262_144;
const DESCRIPTORS_NEEDED = 4;

let drafts = 0;

/**
 * Opens a database, and makes it where there is none. A file that lmdb could not open, or that breaks a child process
 * after somebody's unclean end, is set aside under a clear name and a new one begun.
 * @throws where the directory cannot be made, or lmdb's native module does not load on this platform
 */
export async function openDatabase(options: OpenOptions): Promise<OpenDatabase> {
  const { path, loadLmdb } = options;
  // First of all: without it nothing is made.
  const { open } = await loadLmdb();
  makeDirectory(dirname(path));
  // The own marker before the look at the other's: of two that begin at once, one sees the other.
  const endMarker = placeOpenMarker(path);
  let isDoubtful = false;
  try {
    await exchangeIsOver(path);
    await setAsideIfDamaged(options);
    checkSurroundings(path);
    for (let tries = 0; tries < MAX_MAKING_TRIES && !existsSync(path); tries++) await makeDatabase(open, path);
    isDoubtful = true;
    const { identity, close, ...shared } = await shareRoot(path, () => {
      const readOnly = !canWrite(path);
      const root = openNotingExit(() => open({ ...LMDB_OPTIONS, path, ...(readOnly ? { readOnly: true } : {}) }));
      // What opening has broken, it repairs. Others repair it, too, but not before they write.
      if (!readOnly) root.transactionSync(() => beginsAtNewestCommit(root, path));
      return { root, readOnly };
    });
    return {
      ...shared,
      isInPlace: () => fileIdentity(path) === identity,
      async close(doubtful) {
        await close();
        endMarker(doubtful);
      },
    };
  } catch (error) {
    // What the system refuses says nothing of the file.
    endMarker(isDoubtful && typeof (error as NodeJS.ErrnoException).code !== "string");
    throw error;
  }
}

/**
 * Finds what would end the process within lmdb (3.5.6): too few file descriptors, what is no lock file in the lock file's
 * place, and a disk without room for the lock file, which is mapped.
 * @throws the system's own error
 */
function checkSurroundings(path: string): void {
  const opened: number[] = [];
  try {
    while (opened.length < DESCRIPTORS_NEEDED) opened.push(openSync(devNull, "r"));
  } finally {
    opened.forEach(closeSync);
  }
  const lock = statSync(`${path}-lock`, { throwIfNoEntry: false });
  if (lock?.isFile() === false) throw new Error(`${path}-lock is no file`);
  if ((lock && existsSync(path)) || !canWrite(path)) return;
  const probe = `${path}-new-${process.pid}-${threadHere()}.room`;
  try {
    writeFileSync(probe, new Uint8Array(ROOM_NEEDED_BYTES), { mode: 0o600 });
  } finally {
    removeQuietly(probe);
  }
}

/**
 * Makes an empty database beside its place and moves it there whole, so that nobody sees a part of one. Another
 * process's may take the place first.
 */
async function makeDatabase(open: LmdbModule["open"], path: string): Promise<void> {
  const draft = `${path}-new-${process.pid}-${threadHere()}.${drafts++}`;
  try {
    const root = openNotingExit(() => open({ ...LMDB_OPTIONS, path: draft }));
    for (const [name, encoding] of Object.entries(TABLES)) root.openDB({ name, ...encoding });
    await root.close();
    const removeMarker = placeExchangeMarker(path);
    if (!removeMarker) return exchangeIsOver(path);
    try {
      if (!existsSync(path)) renameSync(draft, path);
    } finally {
      removeMarker();
    }
  } finally {
    removeQuietly(draft);
    removeQuietly(`${draft}-lock`);
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
  const identity = fileIdentity(path);
  const { damage: seen, short } = checkFile(path);
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

/** Neither file is opened for it: that would release the locks of a process that has them open. */
function canWrite(path: string): boolean {
  try {
    for (const file of [path, `${path}-lock`].filter((file) => existsSync(file))) {
      accessSync(file, constants.R_OK | constants.W_OK);
      chmodSync(file, 0o600);
    }
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (existsSync(path) && (code === "EROFS" || code === "EACCES" || code === "EPERM")) return false;
    throw error;
  }
}
