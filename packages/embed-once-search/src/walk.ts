import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { IgnoreRules } from "./ignore-rules.ts";

/** Why something in a folder is not indexed. */
export type SkipReason =
  /** Excluded by a .gitignore, or a folder that never holds sources (.git, node_modules). A folder counts once. */
  | "ignored"
  /** A symbolic link: what it points to is found where it lies, or does not belong to the folder. */
  | "symlink"
  /** A socket, pipe or device. */
  | "special"
  /** Larger than `maxFileBytes`. */
  | "too-large"
  /** The system refused to list or read it. */
  | "unreadable"
  /** Has a NUL byte in its first 8 KB. */
  | "binary"
  /** A lock file, a source map, or a file that says of itself that a program wrote it. */
  | "generated"
  /** Its lines are so long that no person reads them. */
  | "minified";

export interface WalkedFile {
  /** Relative to the walked folder, with `/`. */
  path: string;
  absolutePath: string;
  /** Changes when the file does, as far as the file system tells without reading it. */
  stamp: string;
  /** When the file or its entry last changed, in milliseconds since 1970. */
  changedAtMs: number;
}

export type WalkStep = { file: WalkedFile } | { skipped: SkipReason; path: string };

export interface WalkOptions {
  /** Larger files are skipped. @default 1,000,000 */
  maxFileBytes?: number | undefined;
  /** Absolute paths, without symbolic links, that are left out without a word. */
  exclude?: readonly string[] | undefined;
}

export const DEFAULT_MAX_FILE_BYTES = 1_000_000;

const NEVER_ENTERED: ReadonlySet<string> = new Set([".git", ".hg", ".svn", "node_modules"]);

const GENERATED_NAMES: ReadonlySet<string> = new Set([
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
  "deno.lock",
  "Cargo.lock",
  "Gemfile.lock",
  "Pipfile.lock",
  "composer.lock",
  "flake.lock",
  "go.sum",
  "mix.lock",
  "packages.lock.json",
  "pdm.lock",
  "poetry.lock",
  "pubspec.lock",
  "uv.lock",
]);

/**
 * Every file under a folder that may be source text, and everything that is left out with the reason, in the order of
 * the names' UTF-16 code units. Symbolic links are not followed; nothing that the file system refuses ends the walk.
 * Contents are not looked at: see `readSourceFile`.
 *
 * @param root absolute path of a folder, without symbolic links
 */
export function* walk(root: string, options: WalkOptions = {}): Generator<WalkStep, void, undefined> {
  const { maxFileBytes = DEFAULT_MAX_FILE_BYTES, exclude = [] } = options;
  yield* walkFolder(root, "", IgnoreRules.forRoot(root), { maxFileBytes, exclude: new Set(exclude) });
}

interface Limits {
  maxFileBytes: number;
  exclude: ReadonlySet<string>;
}

function* walkFolder(folder: string, prefix: string, rules: IgnoreRules, limits: Limits): Generator<WalkStep> {
  let names: string[];
  try {
    names = readdirSync(folder).sort(byCodeUnit);
  } catch {
    yield { skipped: "unreadable", path: prefix === "" ? "." : prefix.slice(0, -1) };
    return;
  }
  for (const name of names) {
    const absolutePath = join(folder, name);
    const path = prefix + name;
    if (limits.exclude.has(absolutePath)) continue;
    let stats: BigIntStats | undefined;
    try {
      stats = lstatSync(absolutePath, { bigint: true, throwIfNoEntry: false });
    } catch {
      yield { skipped: "unreadable", path };
      continue;
    }
    if (stats === undefined) continue; // gone since it was listed

    const isFolder = stats.isDirectory();
    if ((isFolder && NEVER_ENTERED.has(name)) || name === ".git" || rules.ignores(absolutePath, isFolder)) {
      yield { skipped: "ignored", path };
    } else if (isFolder) {
      yield* walkFolder(absolutePath, `${path}/`, rules.within(absolutePath), limits);
    } else {
      const skipped = reasonToSkip(name, stats, limits);
      yield skipped === undefined ? { file: walkedFile(path, absolutePath, stats) } : { skipped, path };
    }
  }
}

function reasonToSkip(name: string, stats: BigIntStats, limits: Limits): SkipReason | undefined {
  if (stats.isSymbolicLink()) return "symlink";
  if (!stats.isFile()) return "special";
  if (GENERATED_NAMES.has(name) || name.endsWith(".map")) return "generated";
  if (/[.-]min\.(js|mjs|cjs|css|html)$/.test(name)) return "minified";
  if (stats.size > limits.maxFileBytes) return "too-large";
  return undefined;
}

function walkedFile(path: string, absolutePath: string, stats: BigIntStats): WalkedFile {
  const { size, mtimeNs, ctimeNs, ino, mtimeMs, ctimeMs } = stats;
  return {
    path,
    absolutePath,
    stamp: `${size}:${mtimeNs}:${ctimeNs}:${ino}`,
    changedAtMs: Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs),
  };
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
