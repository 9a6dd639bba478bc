#!/usr/bin/env node
// Agents start commands with any Node, so this file runs under old ones too: no syntax newer than dynamic import.
var found = process.versions.node;
var parts = found.split(".").map(Number);
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 18)) {
  process.stderr.write(`embed-once needs Node.js 22.18 or newer, this is ${found} (${process.execPath})\n`);
  process.exit(1);
}
import("../dist/cli/main.js").then(
  (cli) => cli.main(),
  (error) => {
    process.stderr.write(`embed-once cannot start: ${error.message}\n`);
    process.exitCode = 1;
  },
);
