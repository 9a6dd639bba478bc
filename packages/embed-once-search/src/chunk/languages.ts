/** Languages that are divided by their structure: by grammar, or Markdown by its headings. */
export type LanguageName =
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
  | "markdown"
  | "php"
  | "python"
  | "ruby"
  | "rust"
  | "swift"
  | "tsx"
  | "typescript"
  | "yaml";

const EXTENSIONS: Readonly<Record<LanguageName, string>> = {
  bash: "sh bash zsh ksh bats",
  c: "c",
  "c-sharp": "cs csx",
  // A header may be either; the grammar of C++ reads nearly all C.
  cpp: "cc cpp cxx c++ h hh hpp hxx h++ inl ipp tpp cu cuh ino",
  css: "css",
  go: "go",
  // Files of components are elements with scripts and styles in them.
  html: "html htm xhtml vue svelte",
  java: "java",
  javascript: "js mjs cjs jsx es6",
  json: "json jsonc webmanifest geojson",
  kotlin: "kt kts",
  lua: "lua",
  markdown: "md markdown mdx mkd",
  php: "php phtml php5 php7",
  python: "py pyi pyw",
  ruby: "rb rake gemspec ru podspec",
  rust: "rs",
  swift: "swift",
  tsx: "tsx",
  typescript: "ts mts cts",
  yaml: "yml yaml",
};

const FILE_NAMES: Readonly<Record<string, LanguageName>> = {
  Gemfile: "ruby",
  Rakefile: "ruby",
  Vagrantfile: "ruby",
  Podfile: "ruby",
  PKGBUILD: "bash",
  ".bashrc": "bash",
  ".bash_profile": "bash",
  ".profile": "bash",
  ".zshrc": "bash",
  ".babelrc": "json",
  ".eslintrc": "json",
  ".prettierrc": "json",
};

const BY_EXTENSION: ReadonlyMap<string, LanguageName> = new Map(
  Object.entries(EXTENSIONS).flatMap(([language, extensions]) =>
    extensions.split(" ").map((extension) => [extension, language as LanguageName] as const),
  ),
);

/** The language of a file by its name alone, `undefined` where none is known. */
export function languageOf(path: string): LanguageName | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (Object.hasOwn(FILE_NAMES, name)) return FILE_NAMES[name];
  const dot = name.lastIndexOf(".");
  return dot === -1 ? undefined : BY_EXTENSION.get(name.slice(dot + 1).toLowerCase());
}
