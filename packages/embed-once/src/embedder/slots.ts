/** Bounds how many requests are under way at once; whoever waits longest is next. */
export class Slots {
  readonly #maxTaken: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(maxTaken: number) {
    this.#maxTaken = maxTaken;
  }

  /** Runs the work when a slot is free. Rejects with the signal's reason where it is aborted before that. */
  async run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    if (this.#taken >= this.#maxTaken) await this.#free(signal);
    else this.#taken++;
    try {
      return await work();
    } finally {
      // After everybody has heard how this one ended: a call that failed no longer wants its next request.
      setImmediate(() => {
        const [next] = this.#waiting;
        // The slot is handed over, never free in between: nobody overtakes.
        if (next) next();
        else this.#taken--;
      });
    }
  }

  #free(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = () => {
        this.#waiting.delete(next);
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(next);
        reject(signal.reason);
      };
      this.#waiting.add(next);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }
}
