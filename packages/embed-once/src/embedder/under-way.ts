/** What has begun and must have ended before the cache may be closed. */
export class UnderWay {
  readonly #promises = new Set<Promise<unknown>>();

  add<Result>(promise: Promise<Result>): Promise<Result> {
    const ended = promise.then(
      () => {},
      () => {},
    );
    this.#promises.add(ended);
    void ended.then(() => this.#promises.delete(ended));
    return promise;
  }

  /** Resolves when nothing is under way, with what was added meanwhile. */
  async ended(): Promise<void> {
    while (this.#promises.size > 0) await Promise.all(this.#promises);
  }
}
