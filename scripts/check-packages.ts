/**
 * Checks the packages as their users get them: packs them, looks at what is in the tarballs, lints them, tries their
 * publication, installs them into empty projects, runs the public API there, and holds the library to its budgets.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BOUNDS, contentFaults, type Packed } from "./package-contents.ts";

const MAX_INSTALLED_BYTES = 30_000_000;
const MAX_INSTALLED_PACKAGES = 20;
/** In starts of Node.js itself, as machines differ and are noisy: 80 ms where an empty script takes 50. */
const MAX_IMPORT_STARTS = 1.6;
const IMPORT_RUNS = 15;

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");
const scratch = mkdtempSync(join(tmpdir(), "embed-once-packages-"));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function run(command: string, args: string[], cwd = root): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

function pack(name: string): string {
  const output = run("npm", [
    "pack",
    "--json",
    "--ignore-scripts",
    "--pack-destination",
    scratch,
    "-w",
    `packages/${name}`,
  ]);
  const [packed] = Object.values(JSON.parse(output)) as [Packed];
  const faults = contentFaults(packed, join(root, "packages", name));
  if (faults.length > 0) throw new Error(`${packed.filename} is not as it should be:\n${faults.join("\n")}`);
  const { maxBytes, maxUnpackedBytes } = BOUNDS[name]!;
  say(`${packed.filename}: ${packed.files.length} files, all of them expected`);
  holds("packed", packed.size, maxBytes, "bytes");
  holds("unpacked", packed.unpackedSize, maxUnpackedBytes, "bytes");
  return join(scratch, packed.filename);
}

/** Warnings of a publication that have nothing to do with the package: nobody is logged in, and nobody has to be. */
const EXPECTED_WARNINGS = /using --force|requires you to be logged in/;

/** Publishes it on trial. `--force`, as it may have been published before, and so that no registry is asked. */
function tryToPublish(name: string): void {
  const args = ["publish", "--dry-run", "--force", "--ignore-scripts", "--access", "public", "-w", `packages/${name}`];
  const { status, stderr } = spawnSync("npm", args, { cwd: root, encoding: "utf8" });
  const warnings = stderr.split("\n").filter((line) => /^npm (warn|error)/.test(line) && !EXPECTED_WARNINGS.test(line));
  if (status !== 0 || warnings.length > 0) throw new Error(`npm ${args.join(" ")}:\n${warnings.join("\n")}`);
  say(`npm publish --dry-run of ${name}: no warning`);
}

function lint(tarball: string): void {
  run(join(bin, "publint"), ["run", tarball, "--strict"]);
  run(join(bin, "attw"), [tarball, "--profile", "esm-only"]);
}

function install(name: string, tarballs: string[]): string {
  const project = join(scratch, name);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  run("npm", ["install", "--no-fund", "--no-audit", ...tarballs], project);
  return project;
}

/** Packages below node_modules and the bytes of their files. */
function installed(folder: string): { packages: number; bytes: number } {
  let packages = 0;
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    bytes += statSync(join(entry.parentPath, entry.name)).size;
    if (entry.name === "package.json" && /node_modules\/(@[^/]+\/)?[^/]+$/.test(entry.parentPath)) packages++;
  }
  return { packages, bytes };
}

function runMs(project: string, script: string): number {
  const startedMs = performance.now();
  execFileSync(process.execPath, [script], { cwd: project });
  return performance.now() - startedMs;
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

function holds(what: string, measured: number, budget: number, unit: string): void {
  say(`${what}: ${measured.toFixed(Number.isInteger(measured) ? 0 : 2)} ${unit}, budget ${budget} ${unit}`);
  if (measured > budget) throw new Error(`${what} is over its budget`);
}

try {
  const library = pack("embed-once");
  const search = pack("embed-once-search");
  for (const tarball of [library, search]) lint(tarball);
  for (const name of Object.keys(BOUNDS)) tryToPublish(name);

  const alone = install("alone", [library]);
  const { packages, bytes } = installed(join(alone, "node_modules"));
  holds("embed-once installs", bytes, MAX_INSTALLED_BYTES, "bytes");
  holds("embed-once installs", packages, MAX_INSTALLED_PACKAGES, "packages");

  writeFileSync(join(alone, "empty.js"), "");
  writeFileSync(join(alone, "import.js"), 'import "embed-once";');
  const times = { empty: [] as number[], imported: [] as number[] };
  for (let i = 0; i < IMPORT_RUNS; i++) {
    times.empty.push(runMs(alone, "empty.js"));
    times.imported.push(runMs(alone, "import.js"));
  }
  const importMs = median(times.imported) - median(times.empty);
  say(`importing embed-once takes ${importMs.toFixed(1)} ms, an empty script ${median(times.empty).toFixed(1)} ms`);
  holds("importing embed-once takes", importMs / median(times.empty), MAX_IMPORT_STARTS, "starts of Node.js");

  copyFileSync(join(root, "scripts/public-api.js"), join(alone, "public-api.js"));
  say(run(process.execPath, ["public-api.js"], alone).trim());
  const missing = spawnSync("npx", ["--no-install", "embed-once", "search", "x"], { cwd: alone, encoding: "utf8" });
  if (missing.status !== 2 || !missing.stderr.includes("npm install embed-once-search")) {
    throw new Error(`without the search package the command should say how to install it, it said:\n${missing.stderr}`);
  }

  const both = install("both", [library, search]);
  copyFileSync(join(root, "scripts/public-search-api.js"), join(both, "public-search-api.js"));
  say(run(process.execPath, ["public-search-api.js"], both).trim());
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
