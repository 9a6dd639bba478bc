import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { describe, expect, test } from "vitest";

const packages = join(import.meta.dirname, "../..");

/** What a layer may import besides itself; the order of the house in ARCHITECTURE.md. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  codec: ["core"],
  tier: ["core", "codec"],
  statistics: ["core", "codec", "tier"],
  cache: ["core", "codec", "tier", "statistics"],
  embedder: ["core", "codec", "tier", "statistics", "cache"],
  provider: ["core"],
  adapter: ["core", "codec", "tier", "statistics", "cache", "embedder", "provider"],
  prometheus: ["core", "tier", "statistics", "cache", "embedder"],
  "config.ts": ["core", "embedder", "provider"],
  "config-file.ts": ["core", "config.ts"],
  "service-factory.ts": ["core", "statistics", "cache", "embedder", "provider", "config.ts"],
  "index.ts": [
    "core",
    "codec",
    "tier",
    "statistics",
    "cache",
    "embedder",
    "provider",
    "config.ts",
    "config-file.ts",
    "service-factory.ts",
  ],
  cli: [
    "core",
    "codec",
    "tier",
    "statistics",
    "cache",
    "embedder",
    "provider",
    "prometheus",
    "config.ts",
    "config-file.ts",
    "service-factory.ts",
  ],
  testing: ["core", "codec", "tier", "provider"],
};

/** The only files that touch the file system. */
const FILE_SYSTEM = [
  /^embed-once\/src\/tier\/(mapped-tier|directory|lmdb-.*|newest-commit|open-marker|living-runner|record-log|key-index|recency|lease-table|maintenance|pack-file)\.ts$/,
  /^embed-once\/src\/(cli\/|config-file\.ts$)/,
];
const SEARCH_FILE_SYSTEM =
  /^embed-once-search\/src\/(walk|directory|ignore-rules|git-excludes|file-identity|source-file|sqlite|index-file|index-location|folder-events|chunk\/(grammars|tree-sitter))\.ts$/;

/** What the search package may know of the library. */
const SEARCH_MAY_IMPORT = ["embed-once", "embed-once/codec", "embed-once/kernels"];

interface SourceFile {
  /** Relative to the packages' folder, with `/`. */
  path: string;
  imports: string[];
}

function sources(name: string): SourceFile[] {
  const root = join(packages, name, "src");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".wasm.ts"))
    .map((file) => {
      const path = join(root, file);
      const text = readFileSync(path, "utf8");
      const specifiers = text.matchAll(
        /(?:^|\n)\s*(?:import|export)\b(?:[^;"'()=]*?\bfrom)?\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g,
      );
      return {
        path: relativePath(path),
        imports: [...specifiers].map((match) => absolute(path, match[1] ?? match[2]!)),
      };
    });
}

function relativePath(path: string): string {
  return relative(packages, path).split(sep).join("/");
}

/** A relative specifier as a path below the packages' folder; a package's name as it is. */
function absolute(from: string, specifier: string): string {
  return specifier.startsWith(".") ? relativePath(resolve(dirname(from), specifier)) : specifier;
}

const library = sources("embed-once");
const search = sources("embed-once-search");
const layerOf = (path: string) => path.split("/")[2]!;

describe("the architecture", () => {
  test("the scan sees the sources and their imports", () => {
    expect(library.length).toBeGreaterThan(25);
    expect(library.find(({ path }) => path.endsWith("embedder/cached-embedder.ts"))!.imports).toContain(
      "embed-once/src/embedder/miss-resolver.ts",
    );
    expect(library.find(({ path }) => path.endsWith("mapped-tier.ts"))!.imports).toContain("lmdb");
  });

  test("every layer is known", () => {
    expect(new Set(library.map(({ path }) => layerOf(path)))).toEqual(
      new Set(Object.keys(LAYERS).filter((layer) => library.some(({ path }) => layerOf(path) === layer))),
    );
  });

  test("imports point one way between the library's layers", () => {
    const wrong = library.flatMap(({ path, imports }) =>
      imports
        .filter((to) => to.startsWith("embed-once/src/"))
        .filter((to) => layerOf(to) !== layerOf(path) && !LAYERS[layerOf(path)]!.includes(layerOf(to)))
        .map((to) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test("there are no circles of imports", () => {
    const graph = new Map([...library, ...search].map(({ path, imports }) => [path, imports]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: string[]) => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      if (done.has(path) || trail.includes(path)) return;
      for (const to of graph.get(path) ?? []) visit(to, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });

  test("the search package knows the embedder contract and the kernels, never the cache", () => {
    const wrong = search.flatMap(({ path, imports }) =>
      imports
        .filter((to) => to.startsWith("embed-once") && !to.startsWith("embed-once-search/"))
        .filter((to) => !SEARCH_MAY_IMPORT.includes(to))
        .map((to) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test("only the mapped tier, the walk, stores and the command touch the file system", () => {
    const allowed = [...FILE_SYSTEM, SEARCH_FILE_SYSTEM];
    const wrong = [...library, ...search]
      .filter(({ imports }) => imports.some((to) => /^node:(fs|sqlite)/.test(to) || to === "lmdb"))
      .map(({ path }) => path)
      .filter((path) => !allowed.some((pattern) => pattern.test(path)));
    expect(wrong).toEqual([]);
  });

  test("the codec and the content key have no clock and no I/O", () => {
    const pure = library.filter(({ path }) => /src\/(codec\/|core\/)/.test(path));
    const allowed = ["node:zlib", "node:crypto"];
    const wrong = pure.flatMap(({ path, imports }) =>
      imports.filter((to) => to.startsWith("node:") && !allowed.includes(to)).map((to) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test("adapters need no framework to be installed, not even its types", () => {
    const adapters = library.filter(({ path }) => layerOf(path) === "adapter");
    expect(adapters.length).toBeGreaterThan(3);
    const wrong = adapters.flatMap(({ path, imports }) =>
      imports
        .filter((to) => !to.startsWith("embed-once/src/") && !to.startsWith("node:"))
        .map((to) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test("there is no folder for leftovers", () => {
    expect([...library, ...search].filter(({ path }) => /\/(utils?|helpers?|misc|common)[/.]/.test(path))).toEqual([]);
  });
});
