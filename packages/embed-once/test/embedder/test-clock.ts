import type { RetryClock } from "../../src/embedder/retry.ts";

/** A clock that never waits, and keeps account of how long it was asked to. */
export class TestClock implements RetryClock {
  readonly delaysMs: number[] = [];
  nowMs = Date.UTC(2026, 0, 1);
  /** What `random` gives. */
  chance = 1;

  now(): number {
    return this.nowMs;
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    this.delaysMs.push(delayMs);
    this.nowMs += delayMs;
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }

  random(): number {
    return this.chance;
  }
}
