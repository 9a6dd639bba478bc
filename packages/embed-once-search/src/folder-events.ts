import { type FSWatcher, watch } from "node:fs";
import { join, relative, sep } from "node:path";
import { isNeverEntered } from "./walk.ts";

/**
 * Where the system watches a whole tree itself. Elsewhere, on Linux, each folder is watched on its own, and only those
 * that the walk enters: Node's own `recursive` would take a watch for every file there, those of node_modules too.
 */
const WATCHES_TREES = process.platform === "darwin" || process.platform === "win32";

/** Many systems report a change as several events, and an editor saves in several steps: they are taken together. */
const QUIET_MS = 30;
/** However much goes on, it is passed on after this time. */
const LONGEST_MS = 100;

/** More changes at once, as by a switch of branches, are cheaper to find by a walk of the whole folder. */
const MAX_PATHS = 500;

export interface FolderEventsOptions {
  /** Absolute paths of which nothing is told. */
  exclude: readonly string[];
  /** Paths relative to the root, with `/`, at which something may have changed; `undefined`: anywhere. */
  onChange: (paths: string[] | undefined) => void;
  /** The system cannot watch, or no longer; nothing more is told. */
  onFailure: (error: Error) => void;
}

/**
 * Tells where in a folder something may have changed, soon and rather too often than too seldom. On Linux it tells of
 * those folders that were added.
 */
export class FolderEvents {
  readonly #root: string;
  readonly #options: FolderEventsOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #paths = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #firstAt = 0;
  #isClosed = false;

  constructor(root: string, options: FolderEventsOptions) {
    this.#root = root;
    this.#options = options;
    if (WATCHES_TREES) this.#watch(root, true);
  }

  /** Watches a folder from here on, where that is not done already. */
  add(folder: string): void {
    if (!WATCHES_TREES && !this.#isClosed && !this.#watchers.has(folder)) this.#watch(folder, false);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string, recursive: boolean): void {
    try {
      const watcher = watch(folder, { recursive }, (event, name) => this.#note(folder, event, name));
      // A folder that is deleted fails on some systems; the one above tells of it.
      watcher.on("error", (error: NodeJS.ErrnoException) => {
        if (folder === this.#root || isExhausted(error)) this.#fail(error);
        else this.#forget(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch (error) {
      // One that is gone or closed to us has nothing to tell; the walk says so.
      if (isExhausted(error as NodeJS.ErrnoException)) this.#fail(error as Error);
    }
  }

  #note(folder: string, event: string, name: string | null): void {
    const changed = name === null ? folder : join(folder, name);
    // A folder that comes or goes under a name is another one than the one that was watched there.
    if (event === "rename" && changed !== folder) this.#forget(changed);
    if (this.#options.exclude.some((path) => changed === path || changed.startsWith(path + sep))) return;
    const path = relative(this.#root, changed).replaceAll(sep, "/");
    if (isNeverEntered(path)) return;
    this.#paths.add(path);
    const now = performance.now();
    if (this.#timer === undefined) this.#firstAt = now;
    clearTimeout(this.#timer);
    const delay = Math.min(QUIET_MS, Math.max(0, this.#firstAt + LONGEST_MS - now));
    this.#timer = setTimeout(() => this.#tell(), delay);
  }

  #tell(): void {
    const paths = [...this.#paths];
    this.#paths = new Set();
    this.#timer = undefined;
    this.#options.onChange(paths.length > MAX_PATHS || paths.includes("") ? undefined : paths);
  }

  /** Ends the watches of a folder and of those inside it. */
  #forget(folder: string): void {
    if (!this.#watchers.has(folder)) return;
    for (const [path, watcher] of this.#watchers) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }

  #fail(error: Error): void {
    this.close();
    this.#options.onFailure(error);
  }
}

/** Whether the system has no more watches to give, to this process or this user. */
function isExhausted({ code }: NodeJS.ErrnoException): boolean {
  return code === "ENOSPC" || code === "EMFILE" || code === "ENFILE" || code === "ENOSYS";
}
