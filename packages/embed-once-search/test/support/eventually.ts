import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `check` no longer throws; gives up with its last error. For what another process or the system does. */
export async function eventually<Result>(check: () => Result | Promise<Result>, timeoutMs = 10_000): Promise<Result> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(10);
    }
  }
}
