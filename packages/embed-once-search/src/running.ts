import type { IndexStore } from "./index-store.ts";
import { parseStored } from "./sqlite.ts";

/** How far an index run is: first files are read, as far as they changed, then texts are embedded that are new. */
export interface IndexProgress {
  phase: "reading" | "embedding";
  /** Files or texts of this phase that are done. */
  done: number;
  total: number;
}

/** A run that is under way, in this process or another one. */
export interface RunningIndex extends IndexProgress {
  /** The process that runs it. */
  pid: number;
}

const RUNNING = "running";

/** Leaves word in the index how far this process is, for others that look at it meanwhile. */
export function noteRunning(store: IndexStore, progress: IndexProgress): void {
  const running: RunningIndex = { ...progress, pid: process.pid };
  store.setMeta(RUNNING, JSON.stringify(running));
}

/** Takes this process's word back. */
export function noteNotRunning(store: IndexStore): void {
  if (readNote(store)?.pid === process.pid) store.setMeta(RUNNING, "");
}

/** The run that somebody has left word of and that is still alive. */
export function readRunning(store: IndexStore): RunningIndex | undefined {
  const running = readNote(store);
  return running !== undefined && isAlive(running.pid) ? running : undefined;
}

function readNote(store: IndexStore): RunningIndex | undefined {
  const note = store.getMeta(RUNNING);
  return note === undefined || note === "" ? undefined : parseStored<RunningIndex>(note);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks only
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // somebody else's
  }
}
