/** A function's description as a question, and the line that it should find. */
export interface DocstringQuestion {
  question: string;
  /** Of the function's first line in the text without descriptions, counted from 1. */
  line: number;
}

/** Shorter ones say nothing, longer ones are more than a question. */
const MIN_WORDS = 4;
const MAX_WORDS = 40;

/** Comment and definition for each family of languages; `doc`, `definition` and `name` are groups. */
const PATTERNS: readonly { files: RegExp; pattern: RegExp }[] = [
  {
    files: /\.(?:[cm]?[jt]sx?|java|php)$/,
    pattern:
      /(?<doc>^[ \t]*\/\*\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*\n)(?<definition>[ \t]*(?:(?:export|default|public|private|protected|static|async|final|abstract|const|let|var|function\*?|[\w<>[\],.]+)[ \t]+)*(?<name>[\w$.]+)[ \t]*(?:[<(]|=[^=\n]*(?:function|=>)))/gm,
  },
  {
    files: /\.py$/,
    pattern:
      /(?<definition>^[ \t]*(?:async )?def (?<name>\w+)\([^)]*\)[^:\n]*:[ \t]*\n)(?<doc>[ \t]+[ru]?(?<quote>"""|''')[\s\S]*?\k<quote>[ \t]*\n)/gm,
  },
  { files: /\.go$/, pattern: /(?<doc>(?:^\/\/.*\n)+)(?<definition>func (?:\([^)]*\) )?(?<name>\w+))/gm },
  {
    files: /\.rs$/,
    pattern:
      /(?<doc>(?:^[ \t]*\/\/\/.*\n)+)(?<definition>(?:[ \t]*#\[.*\]\n)*[ \t]*(?:pub(?:\([^)]*\))? )?(?:const |async |unsafe )*fn (?<name>\w+))/gm,
  },
];

/** Takes the descriptions of all functions out of a text. @returns `undefined` for a language that is not known here */
export function takeDocstrings(
  path: string,
  text: string,
): { text: string; questions: DocstringQuestion[] } | undefined {
  const known = PATTERNS.find(({ files }) => files.test(path));
  if (known === undefined) return undefined;
  const questions: DocstringQuestion[] = [];
  let without = "";
  let from = 0;
  for (const match of text.matchAll(known.pattern)) {
    const { doc, definition, name } = match.groups as { doc: string; definition: string; name: string };
    without += text.slice(from, match.index);
    const question = asQuestion(doc, name);
    if (question !== undefined) questions.push({ question, line: without.split("\n").length });
    without += definition;
    from = match.index + match[0].length;
  }
  return { text: without + text.slice(from), questions };
}

/** The first sentence of a description, without the function's own name. */
function asQuestion(doc: string, name: string): string | undefined {
  const prose = doc
    .replace(/^[ \t]*(?:\/\*\*|\*\/|\*|\/\/[/!]?|[ru]?"""|[ru]?''')[ \t]?/gm, "")
    .replace(/\*\/|"""|'''/g, "")
    .trim()
    .split(/\n\s*\n|\n\s*(?:@\w|:param|Args:|Parameters|#)/)[0]!;
  const sentence = prose.split(/[.:](?=\s|$)/)[0]!;
  const words = sentence
    .replace(/\{@\w+ ([^}]*)\}/g, "$1")
    .replace(/[`*<>]/g, " ")
    .split(/\s+/)
    .filter((word) => word !== "" && word.replace(/\W+$/, "") !== name);
  if (sentence.startsWith("@") || words.length < MIN_WORDS || words.length > MAX_WORDS) return undefined;
  return words.join(" ");
}
