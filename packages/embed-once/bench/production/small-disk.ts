import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";

const SMALL = "6m";
const LARGE = "64m";

/** A file system in memory that is soon full, where this process may mount one. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @returns `undefined` where this process may not mount one */
  static mount(path: string): SmallDisk | undefined {
    try {
      mkdirSync(path);
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SMALL}`, "tmpfs", path], { stdio: "ignore" });
      return new SmallDisk(path);
    } catch {
      return undefined;
    }
  }

  makeRoom(): void {
    execFileSync("mount", ["-o", `remount,size=${LARGE}`, this.path]);
  }

  unmount(): void {
    execFileSync("umount", [this.path]);
  }
}
