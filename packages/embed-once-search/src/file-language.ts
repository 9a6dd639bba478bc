/** Languages by the names of their files. The first ending of each is an alias as good as the others. */
const ENDINGS: Readonly<Record<string, string>> = {
  bash: "sh bash zsh",
  c: "c h",
  clojure: "clj cljs cljc",
  cpp: "cpp cc cxx hpp hh hxx ipp",
  csharp: "cs",
  css: "css scss sass less",
  dart: "dart",
  elixir: "ex exs",
  erlang: "erl hrl",
  go: "go",
  graphql: "graphql gql",
  haskell: "hs",
  html: "html htm vue svelte astro",
  java: "java",
  javascript: "js mjs cjs jsx",
  json: "json jsonc json5",
  julia: "jl",
  kotlin: "kt kts",
  lua: "lua",
  make: "mk",
  markdown: "md mdx markdown",
  nix: "nix",
  objectivec: "m mm",
  ocaml: "ml mli",
  perl: "pl pm",
  php: "php",
  powershell: "ps1 psm1",
  protobuf: "proto",
  python: "py pyi pyw",
  r: "r",
  ruby: "rb rake gemspec",
  rust: "rs",
  scala: "scala sc",
  sql: "sql",
  swift: "swift",
  terraform: "tf tfvars hcl",
  text: "txt rst adoc",
  toml: "toml",
  typescript: "ts mts cts tsx",
  xml: "xml svg xsd xsl",
  yaml: "yaml yml",
  zig: "zig",
};

const FILE_NAMES: Readonly<Record<string, string>> = {
  dockerfile: "docker",
  containerfile: "docker",
  makefile: "make",
  gnumakefile: "make",
  gemfile: "ruby",
  rakefile: "ruby",
};

const LANGUAGE_OF_ENDING: ReadonlyMap<string, string> = new Map(
  Object.entries(ENDINGS).flatMap(([language, endings]) => endings.split(" ").map((ending) => [ending, language])),
);

const LANGUAGES: ReadonlySet<string> = new Set([...Object.keys(ENDINGS), ...Object.values(FILE_NAMES)]);

/** The language of a file, as its name tells it: "typescript" for `src/a.tsx`; `undefined` for what has no known one. */
export function languageOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return FILE_NAMES[name] ?? LANGUAGE_OF_ENDING.get(name.slice(name.lastIndexOf(".") + 1));
}

/**
 * The language that a person means: its name, or an ending of its files (`ts`, `.py`), in any case.
 *
 * @throws TypeError for what is neither
 */
export function languageNamed(name: string): string {
  const wanted = typeof name === "string" ? name.toLowerCase().replace(/^\./, "") : "";
  const language = LANGUAGES.has(wanted) ? wanted : LANGUAGE_OF_ENDING.get(wanted);
  if (language === undefined) {
    const known = [...LANGUAGES].sort().join(", ");
    throw new TypeError(`There is no language ${JSON.stringify(name)}; expected an ending of its files, or ${known}`);
  }
  return language;
}
