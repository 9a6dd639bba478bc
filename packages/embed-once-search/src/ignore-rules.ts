import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import { gitDirectoryOf, gitExcludeFiles } from "./git-excludes.ts";

/**
 * The files that say what to leave out, the weaker first: what belongs in a repository and what is worth searching are
 * two questions, and whoever answers the second means it, so no .gitignore, however deep, decides against it.
 */
export const RULE_FILE_NAMES: readonly string[] = [".gitignore", ".embed-once-ignore"];

const GITIGNORE = RULE_FILE_NAMES.indexOf(".gitignore");

/** One of these files, or of git's that belong to no folder: its rules, and the folder whose paths they speak of. */
interface RuleFile {
  folder: string;
  /** Index of its name in `RULE_FILE_NAMES`; git's other files have less. */
  strength: number;
  patterns: string;
  matcher: Ignore;
}

/** git compares names as the platform's file systems do. */
const IGNORE_CASE = process.platform === "win32" || process.platform === "darwin";

function compile(patterns: string): Ignore {
  return ignore({ ignorecase: IGNORE_CASE }).add(patterns);
}

function readRuleFile(path: string, folder: string, strength: number): RuleFile[] {
  if (!existsSync(path)) return []; // cheaper than the error of a read, and the usual case
  try {
    const patterns = readFileSync(path, "utf8");
    return [{ folder, strength, patterns, matcher: compile(patterns) }];
  } catch {
    return []; // git could not read it either
  }
}

/** The rules that begin to hold in a folder. */
function readRuleFiles(folder: string, gitDirectory: string | undefined): RuleFile[] {
  const excludes = gitDirectory === undefined ? [] : gitExcludeFiles(folder, gitDirectory);
  return [
    ...excludes.flatMap((path, index) => readRuleFile(path, folder, index - excludes.length)),
    ...RULE_FILE_NAMES.flatMap((name, strength) => readRuleFile(join(folder, name), folder, strength)),
  ];
}

function pathWithin(folder: string, path: string, isFolder: boolean): string {
  return relative(folder, path).replaceAll(sep, "/") + (isFolder ? "/" : "");
}

/** A folder's name as a pattern that matches just this name. */
function literalPattern(path: string): string {
  return `/${path.replace(/[\\*?[\]!# ]/g, "\\$&")}`;
}

/**
 * The rules that apply in one folder: git's and our own. As in git, a deeper file decides before a shallower one of the same name, within a
 * file the last matching rule decides, and nothing inside an ignored folder can come back.
 */
export class IgnoreRules {
  /** The one that decides first stands last. */
  readonly #files: readonly RuleFile[];

  private constructor(files: readonly RuleFile[]) {
    this.#files = files;
  }

  /**
   * The rules that hold in `root`: its own and those above it, up to the git repository's top folder.
   * Whoever names a folder that the outer rules exclude wants it looked at, so then they do not apply; but what is kept
   * out of the whole repository still is, where that says nothing of the folder itself.
   */
  static forRoot(root: string): IgnoreRules {
    const outer = byStrength(outerFolders(root).flatMap((folder) => readRuleFiles(folder, gitDirectoryOf(folder))));
    const choices = [outer, outer.filter(({ strength }) => strength < GITIGNORE)].map(
      (files) => new IgnoreRules(files),
    );
    const chosen = choices.find((rules) => !rules.#excludesAlongTheWay(root)) ?? new IgnoreRules([]);
    return chosen.within(root);
  }

  /** Whether an entry is excluded. The folder it lies in must not be. */
  ignores(path: string, isFolder: boolean): boolean {
    return this.#verdict(path, isFolder) ?? false;
  }

  /**
   * The rules inside a folder that is not excluded: these, and the folder's own. A repository in another one has nothing
   * of git's rules from outside.
   */
  within(folder: string): IgnoreRules {
    const gitDirectory = gitDirectoryOf(folder);
    const own = readRuleFiles(folder, gitDirectory);
    const outer = gitDirectory === undefined ? this.#files : this.#files.filter(({ strength }) => strength > GITIGNORE);
    const files = outer.map((file) => reconcile(file, folder));
    const unchanged =
      own.length === 0 &&
      files.length === this.#files.length &&
      files.every((file, index) => file === this.#files[index]);
    return unchanged ? this : new IgnoreRules(byStrength([...files, ...own]));
  }

  #verdict(path: string, isFolder: boolean): boolean | undefined {
    for (let index = this.#files.length - 1; index >= 0; index--) {
      const { folder, matcher } = this.#files[index]!;
      const { ignored, unignored } = matcher.test(pathWithin(folder, path, isFolder));
      if (ignored || unignored) return ignored;
    }
    return undefined;
  }

  #excludesAlongTheWay(root: string): boolean {
    for (let folder = root; ; folder = dirname(folder)) {
      // Only files above an entry speak of it.
      const above = this.#files.filter(
        (file) => folder !== file.folder && folder.startsWith(withSeparator(file.folder)),
      );
      if (above.length === 0) return false;
      if (new IgnoreRules(above).ignores(folder, true)) return true;
    }
  }
}

/** From the outermost to the deepest within each name; the sort is stable. */
function byStrength(files: readonly RuleFile[]): RuleFile[] {
  return files.toSorted((a, b) => a.strength - b.strength);
}

/**
 * A deeper file may have brought back a folder that this one excludes. The matcher looks at parent folders itself and
 * would go on excluding everything inside, so it is told about the folder's return.
 */
function reconcile(file: RuleFile, folder: string): RuleFile {
  const path = pathWithin(file.folder, folder, true);
  if (path === "/" || !file.matcher.test(path).ignored) return file;
  const patterns = `${file.patterns}\n!${literalPattern(path)}`;
  return { ...file, patterns, matcher: compile(patterns) };
}

/** The folders above `root` whose rules speak of it, outermost first. None outside a git repository. */
function outerFolders(root: string): string[] {
  if (gitDirectoryOf(root) !== undefined) return [];
  const folders: string[] = [];
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (gitDirectoryOf(folder) !== undefined) return folders;
    if (basename(folder) === "") return [];
  }
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}
