import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";

/** One .gitignore: its rules, and the folder whose paths they speak of. */
interface RuleFile {
  folder: string;
  patterns: string;
  matcher: Ignore;
}

/** git compares names as the platform's file systems do. */
const IGNORE_CASE = process.platform === "win32" || process.platform === "darwin";

function compile(patterns: string): Ignore {
  return ignore({ ignorecase: IGNORE_CASE }).add(patterns);
}

function readRuleFile(folder: string): RuleFile | undefined {
  let patterns: string;
  try {
    patterns = readFileSync(join(folder, ".gitignore"), "utf8");
  } catch {
    return undefined; // none here, or one that git could not read either
  }
  return { folder, patterns, matcher: compile(patterns) };
}

function pathWithin(folder: string, path: string, isFolder: boolean): string {
  return relative(folder, path).replaceAll(sep, "/") + (isFolder ? "/" : "");
}

/** A folder's name as a pattern that matches just this name. */
function literalPattern(path: string): string {
  return `/${path.replace(/[\\*?[\]!# ]/g, "\\$&")}`;
}

/**
 * The .gitignore files that apply in one folder, outermost first. As in git, a deeper file decides before a shallower
 * one, within a file the last matching rule decides, and nothing inside an ignored folder can come back.
 */
export class IgnoreRules {
  readonly #files: readonly RuleFile[];

  private constructor(files: readonly RuleFile[]) {
    this.#files = files;
  }

  /**
   * The rules that hold in `root`: its own .gitignore and those above it, up to the git repository's top folder.
   * Whoever names a folder that the outer rules exclude wants it looked at, so then they do not apply at all.
   */
  static forRoot(root: string): IgnoreRules {
    const outer = outerFolders(root)
      .map(readRuleFile)
      .filter((file) => file !== undefined);
    const outerRules = new IgnoreRules(outer);
    return new IgnoreRules(outerRules.#excludesAlongTheWay(root) ? [] : outer).within(root);
  }

  /** Whether an entry is excluded. The folder it lies in must not be. */
  ignores(path: string, isFolder: boolean): boolean {
    return this.#verdict(path, isFolder) ?? false;
  }

  /** The rules inside a folder that is not excluded: these, and the folder's own. */
  within(folder: string): IgnoreRules {
    const own = readRuleFile(folder);
    const files = this.#files.map((file) => reconcile(file, folder));
    const unchanged = own === undefined && files.every((file, index) => file === this.#files[index]);
    return unchanged ? this : new IgnoreRules(own === undefined ? files : [...files, own]);
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
    const outermost = this.#files[0]?.folder;
    if (outermost === undefined) return false;
    for (let folder = root; folder !== outermost; folder = dirname(folder)) {
      // Only files above an entry speak of it.
      const above = this.#files.filter(
        (file) => folder !== file.folder && folder.startsWith(withSeparator(file.folder)),
      );
      if (new IgnoreRules(above).ignores(folder, true)) return true;
    }
    return false;
  }
}

/**
 * A deeper file may have brought back a folder that this one excludes. The matcher looks at parent folders itself and
 * would go on excluding everything inside, so it is told about the folder's return.
 */
function reconcile(file: RuleFile, folder: string): RuleFile {
  const path = pathWithin(file.folder, folder, true);
  if (path === "/" || !file.matcher.test(path).ignored) return file;
  const patterns = `${file.patterns}\n!${literalPattern(path)}`;
  return { folder: file.folder, patterns, matcher: compile(patterns) };
}

/** The folders above `root` whose .gitignore speaks of it, outermost first. None outside a git repository. */
function outerFolders(root: string): string[] {
  if (existsSync(join(root, ".git"))) return [];
  const folders: string[] = [];
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (existsSync(join(folder, ".git"))) return folders;
    if (basename(folder) === "") return [];
  }
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}
