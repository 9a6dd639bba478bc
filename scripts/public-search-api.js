// Runs in an empty project that has installed both packed packages: the engine and the command find the right file.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServices } from "embed-once";
import { SemanticSearchEngine } from "embed-once-search";

const directory = mkdtempSync(join(tmpdir(), "embed-once-search-api-"));
try {
  const folder = join(directory, "project");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "checksum.js"),
    "export function verifyChecksum(record) { return crc(record) === record.crc; }\n",
  );
  writeFileSync(join(folder, "menu.js"), "export function openMenu(event) { event.target.showPopover(); }\n");

  const services = createServices({ provider: "local", directory: join(directory, "cache") });
  const engine = new SemanticSearchEngine({ embedder: services.embedder, indexDirectory: join(directory, "index") });
  const results = await engine.search("where is a checksum verified", folder);
  assert.equal(results[0].file, "checksum.js");
  await engine.close();
  await services.close();

  const search = ["--no-install", "embed-once", "search", "verify checksum", folder, "--json"];
  const output = execFileSync("npx", [...search, "--cache-dir", join(directory, "cache")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  assert.equal(JSON.parse(output).results[0].file, "checksum.js");
  process.stdout.write("The installed packages: engine and command find the right file.\n");
} finally {
  rmSync(directory, { recursive: true });
}
