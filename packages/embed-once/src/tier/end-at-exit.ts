import { inspect } from "node:util";

type ExitListener = (code: number) => void;

/** Of lmdb: it closes the files that are open, even under its own thread's hands. */
const listenersOfLmdb: ExitListener[] = [];
let writesUnderWay = 0;
/** What ends the process, where nobody caught it; printed only after the exit listeners, so it would be lost here. */
let uncaught: { error: unknown } | undefined;

/** Opens a database, and remembers what lmdb wants to do at the process's end. */
export function openNotingExit<Result>(open: () => Result): Result {
  const known = process.rawListeners("exit");
  const result = open();
  for (const listener of process.rawListeners("exit")) {
    if (!known.includes(listener)) listenersOfLmdb.push(listener as ExitListener);
  }
  return result;
}

/**
 * To be called when a write begins. A process that ends meanwhile must not wait for it: lmdb's thread waits for JavaScript
 * that will not run any more, and Node.js joins that thread, for ever. So the process is replaced by one that ends at once
 * with the same code. What was acknowledged is committed, and the kernel frees the lock of the rest.
 *
 * @returns what ends this, when the write is over
 */
export function endAtExit(): () => void {
  // A worker thread's end is not that of the process.
  if (!process.getBuiltinModule("node:worker_threads").isMainThread) return () => {};
  if (writesUnderWay++ === 0) {
    process.on("uncaughtExceptionMonitor", remember);
    for (const listener of listenersOfLmdb) process.off("exit", listener);
  }
  // Anew each time, so that it comes after those of the program.
  process.off("exit", endNow).on("exit", endNow);
  return () => {
    if (--writesUnderWay > 0) return;
    process.off("uncaughtExceptionMonitor", remember).off("exit", endNow);
    for (const listener of listenersOfLmdb) process.on("exit", listener);
  };
}

function remember(error: unknown): void {
  uncaught = { error };
}

function endNow(code: number): void {
  if (uncaught) process.stderr.write(`Uncaught ${inspect(uncaught.error)}\n`);
  try {
    process.execve?.("/bin/sh", ["sh", "-c", `exit ${code}`], {});
  } catch {
    // There is no shell.
  }
  // The code is lost, the process is not.
  process.kill(process.pid, "SIGKILL");
}
