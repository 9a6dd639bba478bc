import { isUtf8 } from "node:buffer";
import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { IgnoreRules } from "./ignore-rules.ts";

/** Why something in a folder is not indexed. */
export type SkipReason =
  /** Excluded by git's rules or an .embed-once-ignore, or a folder that never holds sources (.git, node_modules). A folder counts once. */
  | "ignored"
  /** A symbolic link: what it points to is found where it lies, or does not belong to the folder. */
  | "symlink"
  /** A socket, pipe or device. */
  | "special"
  /** Larger than `maxFileBytes`. */
  | "too-large"
  /** The system refused to list or read it, or its name is not UTF-8. */
  | "unreadable"
  /** Has a NUL byte in its first 8 KB, and no byte order mark of UTF-16 that explains it. */
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

export type WalkStep =
  | { file: WalkedFile }
  | {
      skipped: SkipReason;
      /** Of the walked folder itself, "." */
      path: string;
      /** What the system said, where that is the reason. */
      cause?: Error;
    };

export interface WalkOptions {
  /** Larger files are skipped. @default 1,000,000 */
  maxFileBytes?: number | undefined;
  /** Absolute paths, without symbolic links, that are left out without a word. */
  exclude?: readonly string[] | undefined;
  /** Called with the absolute path of every folder that is entered, before it is listed. */
  onFolder?: ((folder: string) => void) | undefined;
}

export const DEFAULT_MAX_FILE_BYTES = 1_000_000;

const NEVER_ENTERED: ReadonlySet<string> = new Set([".git", ".hg", ".svn", "node_modules"]);

/** Whether a path leads into a folder that no walk enters, whatever the rules are. */
export function isNeverEntered(path: string): boolean {
  return path.split("/").some((name) => NEVER_ENTERED.has(name));
}

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
 * the names' UTF-16 code units, names that are not UTF-8 at the end of their folder. Symbolic links are not followed; nothing that the file system refuses ends the walk.
 * Contents are not looked at: see `readSourceFile`.
 *
 * @param root absolute path of a folder, without symbolic links
 */
export function* walk(root: string, options: WalkOptions = {}): Generator<WalkStep, void, undefined> {
  yield* walkFolder({ folder: root, prefix: "", rules: IgnoreRules.forRoot(root) }, limitsOf(options));
}

/**
 * What `walk` says of one place: a file, a folder with all that lies in it, the folder on the way that cannot be read, or
 * nothing where nothing is there or a folder on the way is left out.
 *
 * @param path relative to the root, with `/`
 */
export function* walkPath(root: string, path: string, options: WalkOptions = {}): Generator<WalkStep, void, undefined> {
  const limits = limitsOf(options);
  let within: Position = { folder: root, prefix: "", rules: IgnoreRules.forRoot(root) };
  const names = path.split("/");
  const last = names.pop()!;
  for (const name of names) {
    const entry = look(within, name, limits);
    if (entry === undefined || !("inside" in entry)) {
      if (entry !== undefined && "skipped" in entry && entry.skipped === "unreadable") yield entry;
      return;
    }
    within = entry.inside();
  }
  yield* walkEntry(within, last, limits);
}

interface Limits extends Pick<WalkOptions, "onFolder"> {
  maxFileBytes: number;
  exclude: ReadonlySet<string>;
}

function limitsOf({ maxFileBytes = DEFAULT_MAX_FILE_BYTES, exclude = [], onFolder }: WalkOptions): Limits {
  return { maxFileBytes, exclude: new Set(exclude), onFolder };
}

/** A folder that is walked, and the rules that hold in it. */
interface Position {
  folder: string;
  /** Its path from the root, with `/` at the end; empty for the root. */
  prefix: string;
  rules: IgnoreRules;
}

function* walkFolder(position: Position, limits: Limits): Generator<WalkStep> {
  const { folder, prefix } = position;
  // Whoever watches the folder must do so before it is listed, to miss nothing in between.
  limits.onFolder?.(folder);
  let names: string[];
  try {
    names = readdirSync(folder).sort(byCodeUnit);
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    if (prefix === "") yield { skipped: "unreadable", path: ".", cause };
    else if (!isGone(cause)) yield { skipped: "unreadable", path: prefix.slice(0, -1), cause };
    return;
  }
  for (const name of names) yield* walkEntry(position, name, limits);
  if (names.some((name) => name.includes("\uFFFD"))) yield* namelessEntries(position);
}

/** What has a name that is not UTF-8: no string leads to it, so that it seems to be gone. */
function* namelessEntries({ folder, prefix }: Position): Generator<WalkStep> {
  let names: Buffer[];
  try {
    names = readdirSync(folder, { encoding: "buffer" }).sort(Buffer.compare);
  } catch {
    return; // gone since it was listed
  }
  for (const name of names) if (!isUtf8(name)) yield { skipped: "unreadable", path: prefix + escapeBytes(name) };
}

/** As a shell shows it: each byte beyond ASCII as `\xff`, which tells such names apart. */
function escapeBytes(name: Buffer): string {
  return name.toString("latin1").replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function* walkEntry(within: Position, name: string, limits: Limits): Generator<WalkStep> {
  const entry = look(within, name, limits);
  if (entry === undefined) return;
  if ("inside" in entry) yield* walkFolder(entry.inside(), limits);
  else yield entry;
}

/** What one name in a folder is; `undefined` where it is gone, or to be passed over without a word. */
function look(
  { folder, prefix, rules }: Position,
  name: string,
  limits: Limits,
): WalkStep | { inside: () => Position } | undefined {
  const absolutePath = join(folder, name);
  const path = prefix + name;
  if (limits.exclude.has(absolutePath)) return undefined;
  let stats: BigIntStats | undefined;
  try {
    stats = lstatSync(absolutePath, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    return isGone(error) ? undefined : { skipped: "unreadable", path, cause: error as Error };
  }
  if (stats === undefined) return undefined;

  const isFolder = stats.isDirectory();
  if ((isFolder && NEVER_ENTERED.has(name)) || name === ".git" || rules.ignores(absolutePath, isFolder)) {
    return { skipped: "ignored", path };
  }
  if (isFolder) {
    return { inside: () => ({ folder: absolutePath, prefix: `${path}/`, rules: rules.within(absolutePath) }) };
  }
  const skipped = reasonToSkip(name, stats, limits);
  return skipped === undefined ? { file: walkedFile(path, absolutePath, stats) } : { skipped, path };
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

/** Whether a folder went while it was walked, or a file is in its place; anything else may pass. */
function isGone(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
