import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";

const root = join(import.meta.dirname, "..");
const target = join(root, "packages/embed-once-search/grammars");

export interface GrammarSource {
  /** The development dependency that has the grammar's WebAssembly module. */
  package: string;
  file: string;
  /** Where the grammar is at home, on GitHub. */
  home: string;
  copyright: string;
}

const microsoft = (name: string, copyright: string, home = name): GrammarSource => ({
  package: "@vscode/tree-sitter-wasm",
  file: `wasm/tree-sitter-${name}.wasm`,
  home: `tree-sitter/tree-sitter-${home}`,
  copyright,
});
const repomix = (name: string, copyright: string, owner: string): GrammarSource => ({
  package: "@repomix/tree-sitter-wasms",
  file: `out/tree-sitter-${name}.wasm`,
  home: `${owner}/tree-sitter-${name}`,
  copyright,
});
const own = (name: string, copyright: string, scope = ""): GrammarSource => ({
  package: `${scope}tree-sitter-${name}`,
  file: `tree-sitter-${name}.wasm`,
  home: `${scope === "" ? "tree-sitter/" : scope.slice(1)}tree-sitter-${name}`,
  copyright,
});

const COMMUNITY = "@tree-sitter-grammars/";

/** By language. What must be said of them stands in the package's THIRD-PARTY-NOTICES.md, see notices.ts. */
export const GRAMMARS: Readonly<Record<string, GrammarSource>> = {
  bash: microsoft("bash", "2017 Max Brunsfeld"),
  c: repomix("c", "2014 Max Brunsfeld", "tree-sitter"),
  "c-sharp": microsoft("c-sharp", "2014-2023 Max Brunsfeld, Damien Guard, Amaan Qureshi, and contributors"),
  cpp: microsoft("cpp", "2014 Max Brunsfeld"),
  css: microsoft("css", "2018 Max Brunsfeld"),
  go: microsoft("go", "2014 Max Brunsfeld"),
  html: own("html", "2014 Max Brunsfeld"),
  java: microsoft("java", "2017 Ayman Nadeem"),
  javascript: microsoft("javascript", "2014 Max Brunsfeld"),
  json: own("json", "2014 Max Brunsfeld"),
  kotlin: own("kotlin", "2024 Amaan Qureshi", COMMUNITY),
  lua: own("lua", "2021 Munif Tanjim", COMMUNITY),
  php: microsoft("php", "2017 Josh Vera, GitHub, 2019 Max Brunsfeld, Amaan Qureshi, Christian Frøystad, Caleb White"),
  python: microsoft("python", "2016 Max Brunsfeld"),
  ruby: microsoft("ruby", "2016 Rob Rix"),
  rust: microsoft("rust", "2017 Maxim Sokolov"),
  swift: repomix("swift", "2021 alex-pinkus", "alex-pinkus"),
  tsx: microsoft("tsx", "2017 Max Brunsfeld", "typescript"),
  typescript: microsoft("typescript", "2017 Max Brunsfeld"),
  yaml: own("yaml", "2019-2021 Ika, 2024 tree-sitter-grammars contributors", COMMUNITY),
};

/**
 * Gathers the grammars' WebAssembly modules from development dependencies into the search package, compressed to a
 * fourteenth. So its users install neither the packages of 20 grammars nor the native modules that some of these build.
 */
export function buildGrammars(): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const [language, { package: name, file }] of Object.entries(GRAMMARS)) {
    const compressed = zstdCompressSync(readFileSync(join(root, "node_modules", name, file)), {
      params: { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 1 },
    });
    writeFileSync(join(target, `${language}.wasm.zst`), compressed);
  }
}

if (import.meta.main) buildGrammars();
