/** The grammars, by the names of their modules. */
export type GrammarName =
  | "bash"
  | "c"
  | "c-sharp"
  | "cpp"
  | "css"
  | "go"
  | "html"
  | "java"
  | "javascript"
  | "json"
  | "kotlin"
  | "lua"
  | "php"
  | "python"
  | "ruby"
  | "rust"
  | "swift"
  | "tsx"
  | "typescript"
  | "yaml";

/** What divides a file along its structure: a grammar, or Markdown's headings. */
export type Structure = GrammarName | "markdown";

interface Language {
  /** Of its files, without the dot; each is an alias of the language, too. */
  endings: string;
  /** Whole names of files. */
  names?: string;
  structure?: Structure;
  /** Endings whose files are divided otherwise; those of `null` by their looks. */
  except?: Readonly<Record<string, Structure | null>>;
}

/** Languages by the names that people give them, and how they are told by the names of files. */
const LANGUAGES: Readonly<Record<string, Language>> = {
  bash: {
    endings: "sh bash zsh ksh bats",
    names: "PKGBUILD .bashrc .bash_profile .profile .zshrc",
    structure: "bash",
  },
  // A header may be either; the grammar of C++ reads nearly all C.
  c: { endings: "c h", structure: "c", except: { h: "cpp" } },
  clojure: { endings: "clj cljs cljc" },
  cpp: { endings: "cpp cc cxx c++ hpp hh hxx h++ inl ipp tpp cu cuh ino", structure: "cpp" },
  csharp: { endings: "cs csx", structure: "c-sharp" },
  css: { endings: "css scss sass less", structure: "css", except: { scss: null, sass: null, less: null } },
  dart: { endings: "dart" },
  docker: { endings: "dockerfile", names: "Dockerfile Containerfile" },
  elixir: { endings: "ex exs" },
  erlang: { endings: "erl hrl" },
  go: { endings: "go", structure: "go" },
  graphql: { endings: "graphql gql" },
  haskell: { endings: "hs" },
  // Files of components are elements with scripts and styles in them; Astro's begin otherwise.
  html: { endings: "html htm xhtml vue svelte astro", structure: "html", except: { astro: null } },
  java: { endings: "java", structure: "java" },
  javascript: { endings: "js mjs cjs jsx es6", structure: "javascript" },
  json: {
    endings: "json jsonc json5 webmanifest geojson",
    names: ".babelrc .eslintrc .prettierrc",
    structure: "json",
    except: { json5: null },
  },
  julia: { endings: "jl" },
  kotlin: { endings: "kt kts", structure: "kotlin" },
  lua: { endings: "lua", structure: "lua" },
  make: { endings: "mk", names: "Makefile GNUmakefile" },
  markdown: { endings: "md mdx markdown mkd", structure: "markdown" },
  nix: { endings: "nix" },
  objectivec: { endings: "m mm" },
  ocaml: { endings: "ml mli" },
  perl: { endings: "pl pm" },
  php: { endings: "php phtml php5 php7", structure: "php" },
  powershell: { endings: "ps1 psm1" },
  protobuf: { endings: "proto" },
  python: { endings: "py pyi pyw", structure: "python" },
  r: { endings: "r" },
  ruby: { endings: "rb rake gemspec ru podspec", names: "Gemfile Rakefile Vagrantfile Podfile", structure: "ruby" },
  rust: { endings: "rs", structure: "rust" },
  scala: { endings: "scala sc" },
  sql: { endings: "sql" },
  swift: { endings: "swift", structure: "swift" },
  terraform: { endings: "tf tfvars hcl" },
  text: { endings: "txt rst adoc" },
  toml: { endings: "toml" },
  typescript: { endings: "ts mts cts tsx", structure: "typescript", except: { tsx: "tsx" } },
  xml: { endings: "xml svg xsd xsl" },
  yaml: { endings: "yaml yml", structure: "yaml" },
  zig: { endings: "zig" },
};

interface Kind {
  language: string;
  structure: Structure | undefined;
}

const BY_ENDING = new Map<string, Kind>();
const BY_NAME = new Map<string, Kind>();
for (const [language, { endings, names = "", structure, except = {} }] of Object.entries(LANGUAGES)) {
  for (const ending of endings.split(" ")) {
    const own = except[ending];
    BY_ENDING.set(ending, { language, structure: own === undefined ? structure : (own ?? undefined) });
  }
  for (const name of names.toLowerCase().split(" ")) BY_NAME.set(name, { language, structure });
}

/** By the file's name alone, in any case. */
function kindOf(path: string): Kind | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const dot = name.lastIndexOf(".");
  return BY_NAME.get(name) ?? (dot === -1 ? undefined : BY_ENDING.get(name.slice(dot + 1)));
}

/** The language of a file, as its name tells it: "typescript" for `src/a.tsx`; `undefined` for what has no known one. */
export function languageOf(path: string): string | undefined {
  return kindOf(path)?.language;
}

/** What divides a file along its structure, as its name tells it; `undefined` where only its looks can. */
export function structureOf(path: string): Structure | undefined {
  return kindOf(path)?.structure;
}

/**
 * The language that a person means: its name, or an ending of its files (`ts`, `.py`), in any case.
 *
 * @throws TypeError for what is neither
 */
export function languageNamed(name: string): string {
  const wanted = typeof name === "string" ? name.toLowerCase().replace(/^\./, "") : "";
  const language = Object.hasOwn(LANGUAGES, wanted) ? wanted : BY_ENDING.get(wanted)?.language;
  if (language === undefined) {
    const known = Object.keys(LANGUAGES).join(", ");
    throw new TypeError(`There is no language ${JSON.stringify(name)}; expected an ending of its files, or ${known}`);
  }
  return language;
}
