/** Lets one piece of work run at a time, in the order in which they came. What fails fails for its own caller only. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const current = this.#last.then(work);
    this.#last = current.catch(() => {});
    return current;
  }

  /** Settles when all work that was taken on so far is over. */
  over(): Promise<unknown> {
    return this.#last;
  }
}
