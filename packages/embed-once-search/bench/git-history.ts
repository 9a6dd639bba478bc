import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";

/** A file as a commit left it. */
export interface ChangedFile {
  path: string;
  /** Name of the blob. */
  blob: string;
}

export interface History {
  /** The commit before the first one of `commits`. */
  base: string;
  /** Oldest first. */
  commits: { name: string; files: ChangedFile[] }[];
}

/** The last commits of the first-parent history and what each changed, deletions left out. Nothing is checked out. */
export function readHistory(repository: string, count: number): History {
  const names = git(repository, "rev-list", "--first-parent", `--max-count=${count + 1}`, "HEAD")
    .trim()
    .split("\n");
  const base = names.at(-1)!;
  if (names.length < 2) throw new RangeError(`${repository} has ${names.length} commit, expected at least 2`);
  const log = git(
    repository,
    ...["log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--raw", "--no-renames", "--no-abbrev"],
    ...["-z", "--format=%x01%H", `${base}..HEAD`],
  );
  const commits: History["commits"] = [];
  const fields = log.split("\0");
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at]!.trimStart();
    if (field.startsWith("\x01")) {
      commits.push({ name: field.slice(1).trim(), files: [] });
    } else if (field.startsWith(":")) {
      const [, mode, , blob, status] = field.split(" ");
      const path = fields[++at]!;
      // Files alone: no links, no submodules.
      if (status !== "D" && mode!.startsWith("100")) commits.at(-1)!.files.push({ path, blob: blob! });
    }
  }
  return { base, commits };
}

/** All files of a commit. */
export function readTree(repository: string, commit: string): ChangedFile[] {
  return git(repository, "ls-tree", "-r", "-z", "--full-tree", commit)
    .split("\0")
    .filter((entry) => entry.startsWith("100"))
    .map((entry) => ({ path: entry.slice(entry.indexOf("\t") + 1), blob: entry.split(/[ \t]/)[2]! }));
}

/** Reads blobs through one `git cat-file --batch`. */
export class GitObjects {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #output: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(repository: string) {
    this.#child = spawn("git", ["-C", repository, "cat-file", "--batch"]);
    this.#output = this.#child.stdout[Symbol.asyncIterator]();
  }

  /** A blob's bytes, `undefined` where the repository lacks it. */
  async read(name: string): Promise<Buffer | undefined> {
    this.#child.stdin.write(`${name}\n`);
    let end = this.#rest.indexOf(10);
    for (; end === -1; end = this.#rest.indexOf(10)) await this.#more();
    const [, type, size] = this.#take(end + 1)
      .toString("latin1")
      .trim()
      .split(" ");
    if (type === "missing") return undefined;
    const bytes = Number(size);
    while (this.#rest.length < bytes + 1) await this.#more();
    return this.#take(bytes + 1).subarray(0, bytes);
  }

  close(): void {
    this.#child.stdin.end();
  }

  #take(bytes: number): Buffer {
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#output.next();
    if (done) throw new Error("git cat-file ended early");
    this.#rest = Buffer.concat([this.#rest, value]);
  }
}

function git(repository: string, ...command: string[]): string {
  return execFileSync("git", ["-C", repository, ...command], { encoding: "utf8", maxBuffer: 1e9 });
}
