import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

/**
 * Where git keeps a repository or a worktree whose top folder this is; `undefined` where git would not take it for one,
 * so that an empty `.git` puts no rule out of force.
 */
export function gitDirectoryOf(folder: string): string | undefined {
  const entry = join(folder, ".git");
  if (!existsSync(entry)) return undefined; // the usual case
  // In worktrees and submodules it is a file that names the directory.
  const named = isFolder(entry) ? entry : /^gitdir: (.+)/.exec(read(entry))?.[1]?.trimEnd();
  const directory = named === undefined ? undefined : resolve(folder, named);
  return directory !== undefined && existsSync(join(directory, "HEAD")) ? directory : undefined;
}

/**
 * The files of excludes that belong to no folder, the weaker first: the user's, and the repository's own. Both speak of
 * the paths below the top folder, and every .gitignore decides before them.
 *
 * @param top the top folder of a repository or worktree
 * @param gitDirectory what `gitDirectoryOf` says of it
 */
export function gitExcludeFiles(top: string, gitDirectory: string): string[] {
  const shared = read(join(gitDirectory, "commondir")).trimEnd(); // by all worktrees of a repository
  const commonDirectory = resolve(gitDirectory, shared);
  const own = join(commonDirectory, "info/exclude");
  const users = usersExcludeFile(top, join(commonDirectory, "config"));
  return users === undefined ? [own] : [users, own];
}

/** `core.excludesFile`, as git reads it, which is not started for that: its start takes longer than many a walk. */
function usersExcludeFile(top: string, repositoryConfig: string): string | undefined {
  const { GIT_CONFIG_GLOBAL, XDG_CONFIG_HOME } = process.env;
  const users = join(XDG_CONFIG_HOME || join(homedir(), ".config"), "git");
  const global =
    GIT_CONFIG_GLOBAL === undefined ? [join(users, "config"), expand("~/.gitconfig")] : [GIT_CONFIG_GLOBAL];
  let file: string | undefined;
  for (const config of [...global, repositoryConfig]) {
    for (const [name, value] of settingsOf(config)) if (name === "core.excludesfile") file = value;
  }
  if (file === undefined) return join(users, "ignore");
  return file === "" ? undefined : resolve(top, expand(file));
}

/** Files that include each other end somewhere; git has the same bound. */
const MAX_INCLUDES = 10;

/**
 * The settings of one configuration file of git in their order, those of the files that it includes among them; names in
 * lower case. What is included on a condition is left out, and so are sections with a name of their own.
 */
function* settingsOf(path: string, depth = 0): Generator<[name: string, value: string]> {
  let section = "";
  for (const line of read(path).split(/\r?\n/)) {
    const header = /^\s*\[\s*([\w.-]+)\s*("(?:[^"\\]|\\.)*")?\s*\]/.exec(line);
    if (header !== null) section = header[2] === undefined ? header[1]!.toLowerCase() : "";
    const setting = /^\s*([a-z][\w-]*)\s*=(.*)/i.exec(line.slice(header?.[0].length ?? 0));
    if (setting === null || section === "") continue;
    const [name, value] = [`${section}.${setting[1]!.toLowerCase()}`, unquote(setting[2]!)];
    if (name !== "include.path") yield [name, value];
    else if (depth < MAX_INCLUDES) yield* settingsOf(resolve(dirname(path), expand(value)), depth + 1);
  }
}

/** A value of a configuration file without quotes, escapes, blanks around it and the comment after it. */
function unquote(text: string): string {
  let value = "";
  let isQuoted = false;
  for (const [token] of text.trim().matchAll(/\\.|[^\\]/gs)) {
    if (token === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (token === "#" || token === ";")) return value.trimEnd();
    else if (token.startsWith("\\")) value += { "\\n": "\n", "\\t": "\t", "\\b": "\b" }[token] ?? token[1];
    else value += token;
  }
  return value;
}

function expand(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A file's text; none where there is no file, or none for us, as for git. */
function read(path: string): string {
  if (!existsSync(path)) return ""; // cheaper than the error of a read
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
