/** The main job on this repository: index it, ask it, and ask again in a new process, which embeds nothing. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const main = join(root, "packages/embed-once/src/cli/main.ts");
const cacheDirectory = mkdtempSync(join(tmpdir(), "embed-once-demo-"));
// From package.json: a file that holds the question itself would be its best answer.
const question = process.argv[2]!;

function embedOnce(...args: string[]): string {
  process.stdout.write(`\n$ embed-once ${args.map((arg) => (arg.includes(" ") ? `"${arg}"` : arg)).join(" ")}\n`);
  const { status, stderr } = spawnSync(process.execPath, ["--conditions=embed-once-source", main, ...args], {
    cwd: root,
    env: { ...process.env, EMBED_ONCE_CACHE_DIR: cacheDirectory },
    stdio: ["ignore", "inherit", "pipe"],
    encoding: "utf8",
  });
  process.stdout.write(stderr);
  if (status !== 0) throw new Error(`embed-once ${args[0]} ended with exit code ${status}`);
  return stderr;
}

try {
  embedOnce("index", ".");
  embedOnce("search", question, ".", "--limit", "3");
  const again = embedOnce("search", question, ".", "--limit", "3");
  if (!again.includes("0 texts embedded")) throw new Error("the second search embedded something again");
  embedOnce("stats");
} finally {
  rmSync(cacheDirectory, { recursive: true, force: true });
}
