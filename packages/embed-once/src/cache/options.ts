import { join } from "node:path";
import envPaths from "env-paths";

export interface CacheOptions {
  /** Where L3 lies; made with mode 0700. @default `defaultCacheDirectory()`, the user's cache directory */
  directory?: string | undefined;
  /** Budget of L1 in bytes; 0 switches it off. @default 2_000_000 */
  hotBytes?: number | undefined;
  /** Budget of L2 in bytes; 0 switches it off. @default 5_000_000 */
  compressedBytes?: number | undefined;
  /** Budget of L3 in bytes; 0 switches it off, and nothing is opened. @default 10_000_000_000 */
  diskBytes?: number | undefined;
  /** Is told, in one line each, what the cache has to go without and what it found damaged. @default process.emitWarning */
  onNotice?: ((message: string) => void) | undefined;
}

export type ResolvedCacheOptions = { [Name in keyof CacheOptions]-?: NonNullable<CacheOptions[Name]> };

export const DEFAULT_CACHE_OPTIONS: Readonly<Omit<ResolvedCacheOptions, "directory" | "onNotice">> = {
  hotBytes: 2_000_000,
  compressedBytes: 5_000_000,
  diskBytes: 10_000_000_000,
};

/** Merges with the defaults and checks; the only place where either is done. */
export function resolveCacheOptions(options: CacheOptions): ResolvedCacheOptions {
  const { directory = defaultCacheDirectory(), onNotice = warn } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new TypeError(`directory must be a path, got ${JSON.stringify(directory)}`);
  }
  const budgets = { ...DEFAULT_CACHE_OPTIONS };
  for (const name of ["hotBytes", "compressedBytes", "diskBytes"] as const) {
    const bytes = options[name] ?? DEFAULT_CACHE_OPTIONS[name];
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError(`${name} must be a whole number of bytes, 0 or more, got ${bytes}`);
    }
    budgets[name] = bytes;
  }
  return { ...budgets, directory, onNotice };
}

/** The user's cache directory after the platform's convention (XDG, macOS, Windows), shared by all projects. */
export function defaultCacheDirectory(): string {
  return envPaths("embed-once", { suffix: "" }).cache;
}

/** Where the search package's indexes lie within a cache directory. */
export function indexDirectory(cacheDirectory: string): string {
  return join(cacheDirectory, "index");
}

function warn(message: string): void {
  process.emitWarning(message, "EmbedOnceWarning");
}
