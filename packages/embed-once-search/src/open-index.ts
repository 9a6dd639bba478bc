import { ConfigurationError, type EmbedderIdentity } from "embed-once";
import { openIndexFile, setAside } from "./index-file.ts";
import { makeRootDirectory, noteUse } from "./index-location.ts";
import { IndexStore } from "./index-store.ts";
import { isDamage } from "./sqlite.ts";

export interface OpenIndexOptions {
  /** The index's file. */
  path: string;
  root: string;
  identity: EmbedderIdentity;
  onWarning: (message: string) => void;
}

/** One index, opened when it is first needed, and built again where it turns out to be damaged. */
export class OpenIndex {
  readonly #options: OpenIndexOptions;
  #store: IndexStore | undefined;

  constructor(options: OpenIndexOptions) {
    this.#options = options;
  }

  /** Runs `work` on the index; once more, on an empty one, where the file turns out to be damaged. */
  async use<Result>(work: (store: IndexStore) => Result | Promise<Result>): Promise<Result> {
    for (let isRetry = false; ; isRetry = true) {
      let store: IndexStore | undefined;
      try {
        store = this.#open();
        return await work(store);
      } catch (error) {
        // Another call met the damage first and has closed this store.
        const isReplaced = store !== undefined && this.#store !== store;
        if (isRetry || !(isReplaced || isDamage(error))) throw error;
        if (!isReplaced) this.#setAside();
      }
    }
  }

  close(): void {
    this.#store?.close();
    this.#store = undefined;
  }

  #open(): IndexStore {
    if (this.#store !== undefined) return this.#store;
    const { path, root, identity, onWarning } = this.#options;
    const { database, warning } = openOrExplain(path);
    if (warning !== undefined) onWarning(warning);
    try {
      const store = new IndexStore(database);
      store.setMeta("root", root);
      store.setMeta("embedder", JSON.stringify(identity));
      noteUse(path, root);
      this.#store = store;
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #setAside(): void {
    this.close();
    this.#options.onWarning(setAside(this.#options.path));
  }
}

function openOrExplain(path: string): ReturnType<typeof openIndexFile> {
  try {
    makeRootDirectory(path);
    return openIndexFile(path);
  } catch (error) {
    throw new ConfigurationError(`The index ${path} cannot be opened: ${(error as Error).message}`, { cause: error });
  }
}
