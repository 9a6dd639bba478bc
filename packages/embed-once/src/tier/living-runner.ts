import { readFileSync, readlinkSync } from "node:fs";

let here: string | undefined;

/**
 * Who runs here, as a line that any process of the machine can ask about later: the process's id and start time and, in
 * a worker thread, the thread's id and start time. Ids are given again, so each has its time beside it, as far as the
 * system tells.
 */
export function runnerHere(): string {
  here ??= [process.pid, startTime(process.pid), ...workerHere()].join(" ");
  return here;
}

export function processOf(runner: string): number {
  return Number(runner.split(" ", 1)[0]);
}

/** Whether who wrote this line still runs. A worker thread that was terminated does not, though its process does. */
export function lives(runner: string): boolean {
  const pid = processOf(runner);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // The process of another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const [, startedAt, threadId, threadStartedAt] = runner.split(" ");
  if (startedAt && startTime(pid) !== startedAt) return false;
  return !threadId || !threadStartedAt || startTime(`${pid}/task/${threadId}`) === threadStartedAt;
}

/** Nothing for the first thread, which lives as long as the process. */
function workerHere(): string[] {
  try {
    const [pid, , threadId] = readlinkSync("/proc/thread-self").split("/");
    if (pid !== String(process.pid) || !threadId || threadId === pid) return [];
    return [threadId, startTime(`${pid}/task/${threadId}`)];
  } catch {
    return [];
  }
}

/** When a process or a thread began, in the system's ticks; empty where the system does not tell. */
function startTime(id: number | string): string {
  try {
    // The second field is the program's name in brackets, which may hold anything.
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
