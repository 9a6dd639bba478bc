import { ConfigurationError, type EmbedderIdentity } from "embed-once";
import { identify } from "./file-identity.ts";
import { fileAt, type OpenedIndex, openIndexFile, openIndexForReading, setAside } from "./index-file.ts";
import { makeRootDirectory, noteUse } from "./index-location.ts";
import { IndexStore } from "./index-store.ts";
import { isDamage, isRefusal, isRefusedForItsHeader } from "./sqlite.ts";

export interface OpenIndexOptions {
  /** The index's file. */
  path: string;
  root: string;
  identity: EmbedderIdentity;
  onWarning: (message: string) => void;
}

/** What a piece of work does to the index. An index that cannot be written to can still be read. */
export type Access = "read" | "write";

/** Another process may replace the file at any time, but hardly twice during one piece of work. */
const MOST_ATTEMPTS = 3;

/**
 * One index, opened when it is first needed, and replaced where it turns out to be damaged.
 *
 * Several processes may work on one file, and any of them may remove it or put another one in its place. What is open
 * then is a file without a name, which nobody else sees. So before each piece of work, and after one that writes, the open
 * file is compared with the one at its path, and only a file that is still there is ever set aside.
 */
export class OpenIndex {
  readonly #options: OpenIndexOptions;
  readonly #onReplaced: () => void;
  #current: Current | undefined;

  /** @param onReplaced called when the index that was in use is another one from now on, mostly an empty one */
  constructor(options: OpenIndexOptions, onReplaced: () => void) {
    this.#options = options;
    this.#onReplaced = onReplaced;
  }

  /** Runs `work` on the index; once more, on the one that took its place, where it was damaged or replaced meanwhile. */
  async use<Result>(access: Access, work: (store: IndexStore) => Result | Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      const current = this.#open(access);
      try {
        const result = await work(current.store);
        if (access === "read" || attempt === MOST_ATTEMPTS || this.#isInPlace(current)) return result;
      } catch (error) {
        if (attempt === MOST_ATTEMPTS) throw error;
        // Another call may have met the damage first and have closed this store.
        if (this.#current === current && this.#isInPlace(current)) {
          if (!isDamaged(current, error)) throw error;
          this.#replace(current, error);
        }
      }
    }
  }

  close(): void {
    this.#current?.store.close();
    this.#current = undefined;
  }

  #open(access: Access): Current {
    const current = this.#current;
    if (current !== undefined) {
      const isInPlace = this.#isInPlace(current);
      if (isInPlace && (access === "read" || current.opened.isWritable)) return current;
      this.close();
      if (!isInPlace) this.#onReplaced();
    }
    this.#current = this.#openAnew(access);
    return this.#current;
  }

  #openAnew(access: Access): Current {
    const { path } = this.#options;
    try {
      return this.#openToWrite();
    } catch (error) {
      const isRefused = isRefusal(error);
      if (isRefused && access === "read" && identify(path) !== undefined) return this.#openToRead();
      const hint = isRefused && identify(path) !== undefined ? "; it can be searched without indexing" : "";
      throw cannotOpen(path, error, hint);
    }
  }

  #openToWrite(): Current {
    const { path, root, identity, onWarning } = this.#options;
    makeRootDirectory(path);
    for (let isRetry = false; ; isRetry = true) {
      const opened = openIndexFile(path);
      if (opened.warning !== undefined) {
        onWarning(opened.warning);
        this.#onReplaced();
      }
      try {
        const store = new IndexStore(opened.database);
        store.setMeta("root", root);
        store.setMeta("embedder", JSON.stringify(identity));
        noteUse(path, root);
        return { opened, store };
      } catch (error) {
        const isDamaged = isDamage(error, opened.database);
        opened.database.close();
        if (isRetry || !(isDamaged || isRefusedForItsHeader(error, path))) throw error;
        this.#setAside(opened);
      }
    }
  }

  #openToRead(): Current {
    const { path } = this.#options;
    let opened: OpenedIndex | undefined;
    try {
      opened = openIndexForReading(path);
      return { opened, store: new IndexStore(opened.database) };
    } catch (error) {
      if (opened?.database.isOpen) opened.database.close();
      throw cannotOpen(path, error, "");
    }
  }

  #isInPlace({ opened }: Current): boolean {
    return fileAt(this.#options.path, opened) === opened.file;
  }

  /** @param damage what the work has met */
  #replace({ opened }: Current, damage: unknown): void {
    const { path } = this.#options;
    this.close();
    if (!opened.isWritable) throw cannotOpen(path, damage, "");
    try {
      this.#setAside(opened);
    } catch (error) {
      throw cannotOpen(path, error, "");
    }
  }

  #setAside({ file }: OpenedIndex): void {
    const { path, onWarning } = this.#options;
    const warning = setAside(path, file);
    if (warning !== undefined) onWarning(warning);
    this.#onReplaced();
  }
}

interface Current {
  opened: OpenedIndex;
  store: IndexStore;
}

function isDamaged({ opened, store }: Current, error: unknown): boolean {
  if (isDamage(error, opened.database)) return true;
  // A row that is not what it was is met as a value of another type. Callers and embedders cause such errors, too.
  if (!(error instanceof TypeError || error instanceof RangeError) || !store.isOpen) return false;
  try {
    store.doubt(error.message);
    return false;
  } catch {
    return true;
  }
}

function cannotOpen(path: string, cause: unknown, hint: string): ConfigurationError {
  return new ConfigurationError(`The index ${path} cannot be opened: ${(cause as Error).message}${hint}`, { cause });
}
