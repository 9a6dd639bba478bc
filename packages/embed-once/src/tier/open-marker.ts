import { linkSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { lives, processOf, runnerHere } from "./living-runner.ts";

/**
 * A small file beside a database for as long as somebody has it open: `<database>-open-<pid>-<thread>.<n>`. One whose
 * process or thread is gone tells of an end without closing, and so of a file that may be damaged. The content says who runs.
 */
const OPEN = "-open-";
/** The same for whoever puts another file in the database's place; there is one at a time. */
const EXCHANGE = "-exchange";

/** The content of a marker that was left on purpose. */
const NOBODY = "0 ";

const placed = new Set<string>();
let count = 0;
let removesOnExit = false;

export interface Marker {
  path: string;
  pid: number;
}

/**
 * @returns what ends the marker: by taking it away, or, for a `doubtful` file, by leaving it as that of an unclean end.
 *   A marker that cannot be written is done without.
 */
export function placeOpenMarker(database: string): (doubtful: boolean) => void {
  const path = `${database}${OPEN}${process.pid}-${threadHere()}.${count++}`;
  try {
    writeFileSync(path, runnerHere(), { mode: 0o600, flag: "wx" });
  } catch {
    return () => {};
  }
  const remove = keep(path);
  return (doubtful) => {
    if (!doubtful) return remove();
    placed.delete(path);
    writeFileSync(path, NOBODY);
  };
}

/**
 * For whoever is about to put another file in the database's place.
 * @returns what takes the marker away, or `undefined` where another process is at it
 */
export function placeExchangeMarker(database: string): (() => void) | undefined {
  const path = database + EXCHANGE;
  if (exchangingProcess(database) !== undefined) return undefined;
  removeQuietly(path);
  // A link appears with its content, so nobody takes a marker that is being written for that of a dead process.
  const draft = `${path}-${process.pid}-${threadHere()}`;
  try {
    writeFileSync(draft, runnerHere(), { mode: 0o600 });
    linkSync(draft, path);
  } catch {
    return undefined;
  } finally {
    removeQuietly(draft);
  }
  return keep(path);
}

/** The id of the living process that is exchanging the database's file. */
export function exchangingProcess(database: string): number | undefined {
  const runner = readRunner(database + EXCHANGE);
  return runner !== undefined && lives(runner) ? processOf(runner) : undefined;
}

/** The markers of others, of living processes and of dead ones. */
export function openMarkers(database: string): { living: Marker[]; dead: Marker[] } {
  const markers = { living: [] as Marker[], dead: [] as Marker[] };
  const prefix = basename(database) + OPEN;
  for (const name of readdirSync(dirname(database))) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(database), name);
    if (placed.has(path)) continue;
    const runner = readRunner(path);
    // It was taken away just now.
    if (runner === undefined) continue;
    markers[lives(runner) ? "living" : "dead"].push({ path, pid: processOf(runner) });
  }
  return markers;
}

/** How often this process has the database open. */
export function openMarkersHere(database: string): number {
  return [...placed].filter((path) => path.startsWith(database + OPEN)).length;
}

export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else was faster, or the folder is gone.
  }
}

function keep(path: string): () => void {
  placed.add(path);
  if (!removesOnExit) {
    removesOnExit = true;
    process.once("exit", () => placed.forEach(removeQuietly));
  }
  return () => {
    placed.delete(path);
    removeQuietly(path);
  };
}

/** The name tells the process id, too: the content may still be on its way. */
function readRunner(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8") || (/-open-(\d+)-/.exec(path)?.[1] ?? "");
  } catch {
    return undefined;
  }
}

/** The number of this thread. What tells it is loaded when it is needed. */
export function threadHere(): number {
  return process.getBuiltinModule("node:worker_threads").threadId;
}
