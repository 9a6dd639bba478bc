/** Writes what is to be said of others' work into each package as THIRD-PARTY-NOTICES.md: `npm run docs:notices`. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GRAMMARS } from "./build-grammars.ts";

const root = join(import.meta.dirname, "..");

export const PACKAGES = ["embed-once", "embed-once-search"] as const;

interface Locked {
  license?: string;
  /** A package of this workspace. */
  link?: boolean;
  /** Only for some systems: the binaries of a package that is listed itself. */
  os?: string[];
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** What a package holds besides its author's work, where its licence field does not tell. */
const ALSO_HOLDS: Readonly<Record<string, string>> = {
  lmdb: "its binaries hold LMDB, OpenLDAP Public License, and LZ4, BSD-2-Clause",
};

export function noticesPath(name: string): string {
  return join(root, "packages", name, "THIRD-PARTY-NOTICES.md");
}

export function makeNotices(name: string): string {
  const packed = name === "embed-once-search" ? grammarNotices() : ["Nothing of others is packed into this package."];
  return `${["# Third-party notices", ...packed, ...dependencyNotices(name)].join("\n\n")}\n`;
}

function grammarNotices(): string[] {
  const rows = Object.entries(GRAMMARS).map(([language, { package: from, home, copyright }]) => {
    const { version } = JSON.parse(readFileSync(join(root, "node_modules", from, "package.json"), "utf8"));
    return `| ${language} | [${home}](https://github.com/${home}) | ${from} ${version} | Copyright (c) ${copyright} |`;
  });
  return [
    "## Packed into this package",
    "`grammars/` holds grammars for tree-sitter, built to WebAssembly by the packages that are named and compressed with zstd. All of them are\n" +
      "under the MIT licence that stands below the table.",
    ["| language | at home in | as built in | whose |", "|---|---|---|---|", ...rows].join("\n"),
    `\`\`\`text\nThe MIT License (MIT)\n\n${mitTerms().trimEnd()}\n\`\`\``,
  ];
}

function mitTerms(): string {
  const licence = readFileSync(join(root, "node_modules/tree-sitter-json/LICENSE"), "utf8");
  return licence.slice(licence.indexOf("Permission is hereby granted"));
}

function dependencyNotices(name: string): string[] {
  const rows = [...dependenciesOf(`packages/${name}`)].map((place) => {
    const dependency = place.replace(/^.*node_modules\//, "");
    const { license = "unknown", link } = lock[place]!;
    if (link) return `| ${dependency} | MIT | of the same project, with notices of its own |`;
    return `| ${dependency} | ${license} | ${[copyrightOf(place), ALSO_HOLDS[dependency]].filter(Boolean).join("; ")} |`;
  });
  return [
    "## Installed with it",
    "Dependencies, which npm installs as packages of their own, under licences of their own.",
    ["| package | licence | whose |", "|---|---|---|", ...rows.sort()].join("\n"),
  ];
}

const lock: Readonly<Record<string, Locked>> = JSON.parse(
  readFileSync(join(root, "package-lock.json"), "utf8"),
).packages;

/** Where the lock file has a package's dependencies and theirs, whatever the system. */
function dependenciesOf(place: string, found: Set<string> = new Set()): Set<string> {
  const { dependencies, optionalDependencies } = lock[place]!;
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const at = resolveFrom(place, dependency);
    if (at === undefined || found.has(at) || lock[at]!.os !== undefined) continue;
    found.add(at);
    if (!lock[at]!.link) dependenciesOf(at, found);
  }
  return found;
}

/** As Node.js looks for a package: beside the one that asks, then in the folders above. */
function resolveFrom(place: string, dependency: string): string | undefined {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    const candidate = `${folder}${folder === "" ? "" : "/"}node_modules/${dependency}`;
    if (lock[candidate] !== undefined) return candidate;
    if (folder === "") return undefined;
  }
}

/** The line that a licence's text begins with, or the author. */
function copyrightOf(place: string): string {
  const folder = join(root, place);
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8");
  const line = /^\s*(Copyright (?:\(c\)|©|\d{4}) ?.*?)\s*$/im.exec(text)?.[1];
  if (line !== undefined) return line.replace(/ ?<[^>]*@[^>]*>/g, "");
  const { author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const by = typeof author === "string" ? author : author?.name;
  return by === undefined ? "" : `by ${by.replace(/ ?[<(].*/, "")}`;
}

if (import.meta.main) for (const name of PACKAGES) writeFileSync(noticesPath(name), makeNotices(name));
