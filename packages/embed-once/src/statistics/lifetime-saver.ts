import { type LifetimeCounters, LockWaitError } from "../tier/mapped-tier.ts";

/** What is counted is saved after so many milliseconds at the latest: a process that is killed loses no more. */
export const LIFETIME_SAVE_MS = 5_000;

/**
 * Saves counters to where they outlive the process: at most one write in `LIFETIME_SAVE_MS`, and none while nothing is
 * counted. No count is saved twice: each write adds what came since the last one.
 */
export class LifetimeSaver {
  readonly #read: () => LifetimeCounters;
  readonly #add: (counters: LifetimeCounters) => Promise<boolean>;
  /** What was saved so far, of what is read. */
  #saved: LifetimeCounters = {};
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  /**
   * @param read the counters so far, of this process
   * @param add adds to the saved counters in one transaction; `false` where there is no place for them at present
   */
  constructor(read: () => LifetimeCounters, add: (counters: LifetimeCounters) => Promise<boolean>) {
    this.#read = read;
    this.#add = add;
  }

  /** Something was counted. It will be saved; that keeps no process alive. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.save().catch(() => {
        // Nobody waits for statistics. What was not saved is tried again with what comes next.
      });
    }, LIFETIME_SAVE_MS).unref();
  }

  /** Saves what is new. @throws what kept it from being saved */
  save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saving = this.#saving.catch(() => {}).then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const counters = this.#read();
    const added: LifetimeCounters = {};
    for (const [name, count] of Object.entries(counters)) {
      const difference = count - (this.#saved[name] ?? 0);
      if (difference !== 0) added[name] = difference;
    }
    if (Object.keys(added).length === 0) return;
    const before = this.#saved;
    this.#saved = counters;
    try {
      if (!(await this.#add(added))) this.#saved = before;
    } catch (error) {
      // A write that waits for a lock may still come through: rather a few lost than counted twice.
      if (!(error instanceof LockWaitError)) this.#saved = before;
      throw error;
    }
  }
}
