/**
 * Runs the whole suite on the oldest Node.js that is supported and the newest of the lines after it, each from the npm
 * package of its name.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LINES = ["22.18", "24", "26"];
const root = join(import.meta.dirname, "..");
const lines = process.argv.length > 2 ? process.argv.slice(2) : LINES;
const folder = mkdtempSync(join(tmpdir(), "embed-once-nodes-"));

try {
  for (const line of lines) {
    const project = join(folder, line);
    mkdirSync(project);
    const manifest = { private: true, dependencies: { node: line }, allowScripts: { node: true } };
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
    execFileSync("npm", ["install", "--no-fund", "--no-audit", "--silent"], { cwd: project, stdio: "inherit" });
    const node = join(project, "node_modules/node/bin/node");
    process.stdout.write(`\nNode.js ${execFileSync(node, ["--version"], { encoding: "utf8" })}`);
    // The path of the binary itself: node_modules/.bin would bring back the Node.js that this script runs on.
    const { status } = spawnSync(node, [join(root, "node_modules/vitest/vitest.mjs"), "run"], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, EMBED_ONCE_EXPECTED_NODE: line },
    });
    if (status !== 0) throw new Error(`the suite failed on Node.js ${line}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
