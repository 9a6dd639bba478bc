import type { SymbolKind } from "./chunker.ts";
import { readGlob } from "./glob.ts";
import { languageNamed } from "./languages.ts";
import { readRelativePath } from "./relative-path.ts";

/** Which places may answer. All conditions hold at once; of several values for one of them, any may hold. */
export interface ChunkFilter {
  /** Only below this folder, or this file: relative to the searched folder, with `/`. */
  pathPrefix?: string | undefined;
  /**
   * Only files whose path one of these globs matches, and none of those with a `!` before them: `src/**`, `*.test.ts`,
   * `!vendor/`. Without a slash it is meant for names in any folder.
   */
  glob?: string | readonly string[] | undefined;
  /** Only files in these languages: "typescript", or an ending of its files, "ts". */
  language?: string | readonly string[] | undefined;
  /** Only chunks of these kinds. A chunk whose kind is not known has none. */
  kind?: SymbolKind | readonly SymbolKind[] | undefined;
}

/** A filter that was checked, for the index's tables. */
export interface FilterCondition {
  /** For a WHERE over `chunk JOIN file`. */
  sql: string;
  parameters: string[];
  /** What SQL cannot say; absent where it says all. */
  matchesPath: ((path: string) => boolean) | undefined;
}

const KINDS: ReadonlySet<string> = new Set<SymbolKind>([
  "class",
  "function",
  "method",
  "type",
  "variable",
  "module",
  "section",
]);

/**
 * @returns `undefined` where nothing is filtered
 * @throws TypeError for what is no path, glob, language or kind
 */
export function readFilter({ pathPrefix, glob, language, kind }: ChunkFilter): FilterCondition | undefined {
  const terms: string[] = [];
  const parameters: string[] = [];
  const oneOf = (column: string, values: readonly string[]): void => {
    // One parameter, however many values there are: SQLite takes 32,766 parameters at most.
    terms.push(`${column} IN (SELECT value FROM json_each(?))`);
    parameters.push(JSON.stringify([...new Set(values)]));
  };
  if (pathPrefix !== undefined) {
    const folder = readRelativePath("pathPrefix", pathPrefix);
    if (folder !== "") {
      // "0" is the character after "/": a range that the index over paths serves.
      terms.push("(path = ? OR (path >= ? AND path < ?))");
      parameters.push(folder, `${folder}/`, `${folder}0`);
    }
  }
  const languages = asList("language", language).map(languageNamed);
  if (languages.length > 0) oneOf("language", languages);
  const kinds = asList("kind", kind).map(readKind);
  if (kinds.length > 0) oneOf("kind", kinds);
  const matchesPath = readGlobs(asList("glob", glob));
  if (terms.length === 0 && matchesPath === undefined) return undefined;
  return { sql: terms.length === 0 ? "TRUE" : terms.join(" AND "), parameters, matchesPath };
}

function readKind(kind: string): string {
  if (!KINDS.has(kind)) {
    throw new TypeError(`There is no kind ${JSON.stringify(kind)}; expected ${[...KINDS].join(", ")}`);
  }
  return kind;
}

function readGlobs(globs: readonly string[]): ((path: string) => boolean) | undefined {
  if (globs.length === 0) return undefined;
  const isExclusion = (glob: string): boolean => typeof glob === "string" && glob.startsWith("!");
  const wanted = globs.filter((glob) => !isExclusion(glob)).map(readGlob);
  const unwanted = globs.filter(isExclusion).map((glob) => readGlob(glob.slice(1)));
  return (path) =>
    (wanted.length === 0 || wanted.some((pattern) => pattern.test(path))) &&
    !unwanted.some((pattern) => pattern.test(path));
}

function asList<Value extends string>(name: string, value: Value | readonly Value[] | undefined): readonly Value[] {
  if (value === undefined) return [];
  const values = typeof value === "string" ? [value] : value;
  if (!Array.isArray(values) || values.length === 0) {
    throw new TypeError(`${name} must be a text or a list of at least one, got ${JSON.stringify(value)}`);
  }
  return [...new Set(values)];
}
