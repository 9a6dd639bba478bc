import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";

const root = join(import.meta.dirname, "..");
const target = join(root, "packages/embed-once-search/grammars");

interface Source {
  /** The development dependency that has the grammar's WebAssembly module. */
  package: string;
  file: string;
  /** Where the grammar is at home. */
  home: string;
}

const microsoft = (name: string, home: string): Source => ({
  package: "@vscode/tree-sitter-wasm",
  file: `wasm/tree-sitter-${name}.wasm`,
  home,
});
const repomix = (name: string, home: string): Source => ({
  package: "@repomix/tree-sitter-wasms",
  file: `out/tree-sitter-${name}.wasm`,
  home,
});
const own = (name: string): Source => ({
  package: `tree-sitter-${name}`,
  file: `tree-sitter-${name}.wasm`,
  home: `tree-sitter/tree-sitter-${name}`,
});
const community = (name: string): Source => ({
  package: `@tree-sitter-grammars/tree-sitter-${name}`,
  file: `tree-sitter-${name}.wasm`,
  home: `tree-sitter-grammars/tree-sitter-${name}`,
});

const SOURCES: Readonly<Record<string, Source>> = {
  bash: microsoft("bash", "tree-sitter/tree-sitter-bash"),
  c: repomix("c", "tree-sitter/tree-sitter-c"),
  "c-sharp": microsoft("c-sharp", "tree-sitter/tree-sitter-c-sharp"),
  cpp: microsoft("cpp", "tree-sitter/tree-sitter-cpp"),
  css: microsoft("css", "tree-sitter/tree-sitter-css"),
  go: microsoft("go", "tree-sitter/tree-sitter-go"),
  html: own("html"),
  java: microsoft("java", "tree-sitter/tree-sitter-java"),
  javascript: microsoft("javascript", "tree-sitter/tree-sitter-javascript"),
  json: own("json"),
  kotlin: community("kotlin"),
  lua: community("lua"),
  php: microsoft("php", "tree-sitter/tree-sitter-php"),
  python: microsoft("python", "tree-sitter/tree-sitter-python"),
  ruby: microsoft("ruby", "tree-sitter/tree-sitter-ruby"),
  rust: microsoft("rust", "tree-sitter/tree-sitter-rust"),
  swift: repomix("swift", "alex-pinkus/tree-sitter-swift"),
  tsx: microsoft("tsx", "tree-sitter/tree-sitter-typescript"),
  typescript: microsoft("typescript", "tree-sitter/tree-sitter-typescript"),
  yaml: community("yaml"),
};

/**
 * Gathers the grammars' WebAssembly modules from development dependencies into the search package, a tenth of their
 * size. So its users install neither the packages of 20 grammars nor the native modules that some of these build.
 */
export function buildGrammars(): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const notices: string[] = [];
  for (const [language, { package: name, file, home }] of Object.entries(SOURCES)) {
    const folder = join(root, "node_modules", name);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    const compressed = zstdCompressSync(readFileSync(join(folder, file)), {
      params: { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 1 },
    });
    writeFileSync(join(target, `${language}.wasm.zst`), compressed);
    notices.push(`${language}: https://github.com/${home}, as built in ${name} ${version}`);
  }
  writeFileSync(join(target, "NOTICE"), `${HEADER}\n${notices.join("\n")}\n`);
}

const HEADER = `Grammars of the tree-sitter project and its community, compiled to WebAssembly and compressed with zstd.
Each is under the MIT licence of its authors, whose text and copyright notices lie at the address given.
`;

if (import.meta.main) buildGrammars();
