import { execFileSync } from "node:child_process";
import { devNull } from "node:os";

/** Runs git in a folder, without the settings of whoever runs the tests. */
export function git(folder: string, ...args: string[]): string {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...identity, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_SYSTEM: devNull },
    stdio: ["ignore", "pipe", "ignore"],
  });
}
