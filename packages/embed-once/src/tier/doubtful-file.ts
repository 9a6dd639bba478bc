import { fileURLToPath } from "node:url";

/** A trial reads the whole file. */
const MAX_TRIAL_MS = 60_000;
const DAMAGED = 3;

/**
 * Why a database cannot be used, found by opening it in a child process, which it may kill; `undefined` where it can,
 * and where no child process can be had.
 */
export async function damageFoundByTrial(database: string): Promise<string | undefined> {
  // Loaded when it is needed, which is seldom, as it is slow to load.
  const { execFile } = await import("node:child_process");
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  // By way of the folder's name: as built, this code lies in another folder of the same depth.
  const script = fileURLToPath(new URL(`../tier/lmdb-trial.${extension}`, import.meta.url));
  // In Electron the executable is the application, unless it is told otherwise.
  const env = { ...process.env, NODE_OPTIONS: "", ELECTRON_RUN_AS_NODE: "1" };
  return new Promise((resolve) => {
    const options = { env, timeout: MAX_TRIAL_MS, killSignal: "SIGKILL" as const };
    execFile(process.execPath, [script, database], options, (error, _, stderr) => {
      if (!error) return resolve(undefined);
      const { signal, code, killed } = error as { signal?: string | null; code?: unknown; killed?: boolean };
      if (killed) resolve(`opening it takes longer than ${MAX_TRIAL_MS / 1000} seconds`);
      else if (signal) resolve(`opening it ends a process by ${signal}`);
      // Windows gives a process that broke down a code of this size.
      else if (typeof code === "number" && code > 0xc000_0000) resolve(`opening it ends a process with code ${code}`);
      else if (code === DAMAGED) resolve(stderr.trim() || "lmdb cannot read it");
      else resolve(undefined);
    });
  });
}
