import { setImmediate as nextTurn } from "node:timers/promises";

/** How long others in this process wait for their turn, and other processes for a transaction. */
const SLICE_MS = 50;

/** Divides long synchronous work, so that the rest of the process, and an abort, get their turn. */
export class TimeSlice {
  readonly #signal: AbortSignal | undefined;
  #startedAt: number = performance.now();

  /** Starts the first slice. Throws the signal's reason where it is aborted, as `rest` does. */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.throwIfAborted();
  }

  /** @param share of the slice, for work that has more to do before it can rest */
  isOver(share: number = 1): boolean {
    return performance.now() - this.#startedAt > share * SLICE_MS;
  }

  /** Lets others run, then starts a new slice. */
  async rest(): Promise<void> {
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#startedAt = performance.now();
  }
}
