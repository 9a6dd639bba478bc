import { join } from "node:path";
import envPaths from "env-paths";
import { harmless } from "../core/listener.ts";
import type { Durability, MappedTierOptions } from "../tier/mapped-tier.ts";

export interface CacheOptions {
  /** Where L3 lies; made with mode 0700. @default `defaultCacheDirectory()`, the user's cache directory */
  directory?: string | undefined;
  /** Budget of L1 in bytes; 0 switches it off. @default 2_000_000 */
  hotBytes?: number | undefined;
  /** Budget of L2 in bytes; 0 switches it off. @default 5_000_000 */
  compressedBytes?: number | undefined;
  /**
   * Budget of L3 in bytes; 0 switches it off, and nothing is opened. The directory remembers it with the next write.
   * @default what the directory remembers, else 10_000_000_000
   */
  diskBytes?: number | undefined;
  /** Age in milliseconds from which a vector is a miss, above 0. @default none: a vector does not age */
  ttlMs?: number | undefined;
  /**
   * What `setMany` waits for. `"commit"`: the vectors outlive the process, whatever ends it; a power cut may take the
   * last moments. `"sync"`: they are on the disk. @default "commit"
   */
  durability?: Durability | undefined;
  /** Is told, in one line each, what the cache has to go without and what it found damaged. @default process.emitWarning */
  onNotice?: ((message: string) => void) | undefined;
  /** How the native module of L3 is loaded, for platforms that keep it elsewhere. @default as a package */
  loadLmdb?: MappedTierOptions["loadLmdb"];
}

type Defaulted = "hotBytes" | "compressedBytes" | "durability";

export type ResolvedCacheOptions = CacheOptions & {
  [Name in Defaulted | "directory" | "onNotice"]: NonNullable<CacheOptions[Name]>;
};

export const DEFAULT_CACHE_OPTIONS: Readonly<Pick<ResolvedCacheOptions, Defaulted>> = {
  hotBytes: 2_000_000,
  compressedBytes: 5_000_000,
  durability: "commit",
};

/** Merges with the defaults and checks; the only place where either is done. */
export function resolveCacheOptions(options: CacheOptions): ResolvedCacheOptions {
  const { directory = defaultCacheDirectory(), onNotice = warn } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new TypeError(`directory must be a path, got ${JSON.stringify(directory)}`);
  }
  const {
    hotBytes = DEFAULT_CACHE_OPTIONS.hotBytes,
    compressedBytes = DEFAULT_CACHE_OPTIONS.compressedBytes,
    diskBytes,
    ttlMs,
    durability = DEFAULT_CACHE_OPTIONS.durability,
    loadLmdb,
  } = options;
  for (const [name, bytes] of Object.entries({ hotBytes, compressedBytes, diskBytes: diskBytes ?? 0 })) {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError(`${name} must be a whole number of bytes, 0 or more, got ${bytes}`);
    }
  }
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs > 0)) {
    throw new RangeError(`ttlMs must be a number of milliseconds above 0, got ${ttlMs}`);
  }
  if (durability !== "commit" && durability !== "sync") {
    throw new TypeError(`durability must be "commit" or "sync", got ${JSON.stringify(durability)}`);
  }
  const notice = harmless("onNotice", onNotice);
  return { hotBytes, compressedBytes, diskBytes, directory, onNotice: notice, ttlMs, durability, loadLmdb };
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
