/**
 * Writes docs/api: every exported name of both packages with its docstring and its declaration, a page for each subpath.
 * `npm run docs:api` writes the pages, `npm run docs:api -- --check` says which are out of date.
 *
 * The compiler makes the declarations from the sources, and a parser tells where each begins and ends. Members keep their
 * docstrings within the declaration.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ExportedName, exportsOf } from "./api-exports.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "docs/api");
const PACKAGES = ["embed-once", "embed-once-search"];

const GROUPS: readonly (readonly [title: string, kinds: readonly ExportedName["kind"][]])[] = [
  ["Functions", ["function"]],
  ["Classes", ["class"]],
  ["Constants", ["constant"]],
  ["Types", ["type"]],
];

interface Subpath {
  /** What is written in an import, such as `embed-once/codec`. */
  specifier: string;
  page: string;
  /** In the order of the page. */
  names: readonly ExportedName[];
}

/** The declarations of both packages' sources, in a folder that the caller removes. */
function emitDeclarations(): string {
  // Within the checkout, so that the types of Node.js are found.
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const target = mkdtempSync(join(cache, "api-"));
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { noEmit: false, emitDeclarationOnly: true, rootDir: root, outDir: target },
    include: PACKAGES.map((name) => join(root, "packages", name, "src")),
  };
  writeFileSync(join(target, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", join(target, "tsconfig.json")], { cwd: root, stdio: "inherit" });
  return target;
}

function readSubpaths(declarations: string): Subpath[] {
  return PACKAGES.flatMap((name) => {
    const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
    return Object.entries(manifest.exports as Record<string, { "embed-once-source"?: string }>).flatMap(
      ([subpath, { "embed-once-source": source }]) => {
        if (source === undefined) return [];
        const specifier = name + subpath.slice(1);
        const file = join(declarations, "packages", name, source.replace(/\.ts$/, ".d.ts"));
        const all = exportsOf(file);
        const names = GROUPS.flatMap(([, kinds]) => all.filter(({ kind }) => kinds.includes(kind)));
        return [{ specifier, page: `${specifier.replaceAll("/", "-")}.md`, names }];
      },
    );
  });
}

/** Where a name is described: the first subpath that has this declaration, and the anchor in its page. */
type Places = ReadonlyMap<string, { page: string; anchor: string; specifier: string }>;

function placesOf(subpaths: readonly Subpath[]): Places {
  const places = new Map<string, { page: string; anchor: string; specifier: string }>();
  for (const { page, names, specifier } of subpaths) {
    const used = new Map<string, number>();
    for (const { origin, name } of names) {
      if (places.has(origin)) continue;
      const anchor = name.toLowerCase();
      const count = used.get(anchor) ?? 0;
      used.set(anchor, count + 1);
      places.set(origin, { page, specifier, anchor: count === 0 ? anchor : `${anchor}-${count}` });
    }
  }
  return places;
}

function pageOf({ specifier, page, names }: Subpath, places: Places): string {
  const link = ({ origin, name }: Pick<ExportedName, "origin" | "name">) => {
    const place = places.get(origin)!;
    return `[\`${name}\`](${place.page === page ? "" : place.page}#${place.anchor})`;
  };
  const contents = GROUPS.flatMap(([title, kinds]) => {
    const group = names.filter(({ kind }) => kinds.includes(kind));
    if (group.length === 0) return [];
    const rows = group.map((exported) => `| ${link(exported)} | ${firstSentence(exported.doc)} |`);
    return [`**${title}**`, ["| | |", "|---|---|", ...rows].join("\n")];
  });
  const own = names.filter(({ origin }) => places.get(origin)!.page === page);
  const sections = own.flatMap((exported) => {
    const { name, doc, declaration, references } = exported;
    const linked = references
      .filter((reference) => places.has(reference.origin) && reference.origin !== exported.origin)
      .map(link);
    return [
      `## ${name}`,
      ...prose(doc),
      `\`\`\`ts\n${declaration}\n\`\`\``,
      ...(linked.length > 0 ? [`See ${linked.join(", ")}.`] : []),
    ];
  });
  return `${[`# ${specifier}`, "Written by `npm run docs:api` from the docstrings.", ...contents, ...sections].join("\n\n")}\n`;
}

/** A docstring as paragraphs, its tags as a list. */
function prose(doc: string): string[] {
  const [text = "", ...tags] = doc.split(/^@/m);
  const list = tags.map((tag) => {
    const [, name = "", rest = ""] = /^(\w+)\s*(.*)$/s.exec(tag.trim())!;
    const body = rest.replaceAll(/\s*\n\s*/g, " ");
    if (name === "param") return body.replace(/^(\S+)\s*(?:- )?/, "- `$1`: ");
    if (name === "default") return `- default: ${body}`;
    return `- ${name}: ${body}`;
  });
  return [text.trim(), list.join("\n")].filter((part) => part !== "");
}

function firstSentence(doc: string): string {
  const [text = ""] = doc.split(/^@|\n\n/m);
  const line = text.trim().replaceAll(/\s*\n\s*/g, " ");
  if (line.startsWith("- ")) return "";
  // Not at a full stop within code.
  const [sentence] = /^.*?\.(?= |$)(?=(?:[^`]*`[^`]*`)*[^`]*$)/.exec(line) ?? [line];
  return sentence.replace(/[.:]$/, "").replaceAll("|", "\\|");
}

function indexOf(subpaths: readonly Subpath[]): string {
  const rows = subpaths.map(({ specifier, page, names }) => {
    const values = names.filter(({ kind }) => kind !== "type").map(({ name }) => `\`${name}\``);
    return `| [${specifier}](${page}) | ${values.join(", ")} |`;
  });
  return [
    "# API",
    "Written by `npm run docs:api` from the docstrings. A page for each import, with all of its types.",
    `${["| import | functions, classes and constants |", "|---|---|", ...rows].join("\n")}\n`,
  ].join("\n\n");
}

/** The pages by their names. */
export function makeApiPages(): Map<string, string> {
  const declarations = emitDeclarations();
  try {
    const subpaths = readSubpaths(declarations);
    const places = placesOf(subpaths);
    const pages = subpaths.map((subpath) => [subpath.page, pageOf(subpath, places)] as const);
    return new Map([["README.md", indexOf(subpaths)], ...pages]);
  } finally {
    rmSync(declarations, { recursive: true });
  }
}

/** Names of pages that are missing, too many or not what they would be now. */
export function outdatedPages(pages: ReadonlyMap<string, string>): string[] {
  const present = existsSync(folder) ? readdirSync(folder) : [];
  const read = (name: string) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n");
  return [...new Set([...pages.keys(), ...present])].filter(
    (name) => !present.includes(name) || pages.get(name) !== read(name),
  );
}

if (import.meta.main) {
  const pages = makeApiPages();
  const outdated = outdatedPages(pages);
  if (process.argv.includes("--check")) {
    if (outdated.length > 0) {
      process.stderr.write(`out of date in docs/api: ${outdated.join(", ")}; npm run docs:api writes them\n`);
      process.exitCode = 1;
    }
  } else {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of pages) writeFileSync(join(folder, name), text);
  }
}
