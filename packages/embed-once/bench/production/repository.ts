import { execFile, execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Act } from "./plan.ts";

const MAX_COMMITS = 20;

/** A clone of a git repository that may be edited and switched about. */
export class Repository {
  readonly folder: string;
  /** Source files of the newest commit that edits may touch. */
  readonly files: readonly string[];
  /** The last commits, the newest first. */
  readonly commits: readonly string[];

  /** @throws Error where `source` is no git repository with a commit */
  constructor(source: string, folder: string) {
    // Without hard links: the clone shares nothing with the original that an edit could reach.
    execFileSync("git", ["clone", "--quiet", "--no-hardlinks", source, folder], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.folder = folder;
    this.files = this.#git("ls-files", "*.ts", "*.js", "*.py", "*.go", "*.java", "*.c", "*.rs", "*.md").split("\n");
    this.commits = this.#git("rev-list", "--first-parent", `--max-count=${MAX_COMMITS}`, "HEAD").split("\n");
  }

  async carryOut(act: Act): Promise<void> {
    if (act.do === "append") {
      const path = join(this.folder, act.path);
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, act.text);
    }
    if (act.do === "remove") rmSync(join(this.folder, act.path), { force: true });
    // As somebody does who does not want the edits any more.
    if (act.do === "switch") {
      const command = ["-C", this.folder, "checkout", "--quiet", "--force", "--detach", act.commit];
      await promisify(execFile)("git", command);
    }
  }

  #git(...command: string[]): string {
    return execFileSync("git", ["-C", this.folder, ...command], { encoding: "utf8", maxBuffer: 1e9 }).trim();
  }
}
