/** What does not work at present, by what was tried. Each is told when it begins, and forgotten when it works again. */
export class Faults<What extends string> {
  readonly #messages = new Map<What, string>();
  readonly #onNotice: (message: string) => void;

  constructor(onNotice: (message: string) => void) {
    this.#onNotice = onNotice;
  }

  /** In the order in which they began. */
  get messages(): string[] {
    return [...this.#messages.values()];
  }

  add(what: What, message: string): void {
    if (!this.#messages.has(what)) this.#onNotice(message);
    this.#messages.set(what, message);
  }

  mended(what: What): void {
    this.#messages.delete(what);
  }

  clear(): void {
    this.#messages.clear();
  }
}
