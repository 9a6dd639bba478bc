/**
 * Lines that define a name, in the usual languages: keywords of visibility and the like, one that says what is defined,
 * the name. It stands in for a parser where a chunk does not say itself what it defines.
 */
const DEFINITION_LINE = new RegExp(
  [
    "^[ \\t]*(?:(?:export|default|declare|public|private|protected|internal|static|abstract|final|override|async|pub(?:\\([^)]*\\))?|unsafe|inline|virtual|extern|const(?= enum)|sealed|partial|readonly|data)\\s+)*",
    "(?:class|interface|trait|struct|enum|union|record|object|module|namespace|type|function\\*?|func|fun|fn|def|macro_rules!|const|let|var|val|#define)\\s+",
    "(?:\\([^)]*\\)\\s*)?", // the receiver of a method in Go
    "(?:self\\.)?([\\p{L}_$][\\p{L}\\p{M}\\p{N}_$]*[?!]?)",
  ].join(""),
  "gmu",
);

/** A method in a class body of the languages of braces: `name(parameters) {`, or `name(parameters): Type {`. */
const METHOD_LINE =
  /^[ \t]+(?:(?:public|private|protected|internal|static|abstract|final|override|async|get|set|virtual|readonly)\s+)*(?:[\p{L}_$][\p{L}\p{N}_$<>[\],.?]*\s+)?[*#]?([\p{L}_$][\p{L}\p{M}\p{N}_$]*)\([^;{}]*\)[^;{}=]*\{$/gmu;

const NO_METHOD: ReadonlySet<string> = new Set(
  "if for while switch catch function return with match do else".split(" "),
);

/** Deeper, `const`, `let` and `var` are what a function works with, not what a file offers. */
const LOCAL_VARIABLE = /^[ \t]+(?:const|let|var|val)\b/;

/** The distinct names that a text's lines define, as far as their form tells, in order. */
export function definedNames(text: string): string[] {
  const found: { at: number; name: string }[] = [];
  for (const match of text.matchAll(DEFINITION_LINE)) {
    if (!LOCAL_VARIABLE.test(match[0])) found.push({ at: match.index, name: match[1]! });
  }
  for (const match of text.matchAll(METHOD_LINE)) {
    if (!NO_METHOD.has(match[1]!)) found.push({ at: match.index, name: match[1]! });
  }
  return [...new Set(found.sort((a, b) => a.at - b.at).map(({ name }) => name))];
}
