/** Whether a tag may be released: both packages have its version, fit each other, and CHANGELOG.md says what is in it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
}

/** @returns what is wrong, a line each */
export function releaseFaults(tag: string, library: Manifest, search: Manifest, changelog: string): string[] {
  const version = tag.replace(/^v/, "");
  const needed = search.dependencies["embed-once"];
  const faults: string[] = [];
  if (library.version !== version) faults.push(`embed-once is ${library.version}, the tag is ${tag}`);
  if (search.version !== version) faults.push(`embed-once-search is ${search.version}, the tag is ${tag}`);
  if (needed !== `^${version}`) faults.push(`embed-once-search wants embed-once ${needed}, the tag is ${tag}`);
  const newest = /^## .*$/m.exec(changelog)?.[0] ?? "";
  if (/^## (\S+) \(\d{4}-\d\d-\d\d\)$/.exec(newest)?.[1] !== version) {
    faults.push(`CHANGELOG.md begins with "${newest}", expected "## ${version} (<date>)"`);
  }
  return faults;
}

function read(path: string): string {
  return readFileSync(join(import.meta.dirname, "..", path), "utf8");
}

if (import.meta.main) {
  const [library, search] = ["embed-once", "embed-once-search"].map((name): Manifest => {
    return JSON.parse(read(`packages/${name}/package.json`));
  });
  const faults = releaseFaults(process.argv[2] ?? "", library!, search!, read("CHANGELOG.md"));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
