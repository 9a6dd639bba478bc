/** What stands for something else, in the order in which it is looked for. */
const TOKENS = /\*\*\/|\*\*|\*|\?|\[!?\]?[^\]]*\]|[{},]|\\.|[^*?[\]{},\\]+|./gsu;

/**
 * A glob as a regular expression for whole paths with `/`.
 *
 * `*` is any text without `/`, `**` any text, `**` and a slash any folders or none, `?` one character that is not `/`,
 * `[a-z]` one of these and `[!a-z]` another, `{a,b}` either. A glob without a slash is meant for names in any folder, as
 * in .gitignore; a slash at its start means the folder itself, one at its end all that lies in a folder.
 *
 * @throws TypeError for an empty one, and for a bracket or a brace that is not closed
 */
export function globToRegExp(glob: string): RegExp {
  const fault = (why: string): TypeError => new TypeError(`The glob ${JSON.stringify(glob)} ${why}`);
  if (typeof glob !== "string" || glob === "") throw fault("must be a text that is not empty");
  const anchored = /^\/|\/./.test(glob) ? glob.replace(/^\//, "") : `**/${glob}`;
  let depth = 0;
  const source = Array.from((anchored.endsWith("/") ? `${anchored}**` : anchored).matchAll(TOKENS), ([token]) => {
    if (token === "**/") return "(?:.*/)?";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token === "{") {
      depth++;
      return "(?:";
    }
    if (token === "}" && depth > 0) {
      depth--;
      return ")";
    }
    if (token === "," && depth > 0) return "|";
    if (token === "[") throw fault("has a [ without a ]");
    if (token.length > 1 && token.startsWith("[")) return characterClass(token);
    return escaped(token.length === 2 && token.startsWith("\\") ? token[1]! : token);
  }).join("");
  if (depth > 0) throw fault("has a { without a }");
  try {
    return new RegExp(`^${source}$`, "su");
  } catch (error) {
    throw new TypeError(`The glob ${JSON.stringify(glob)} has a range that is none`, { cause: error });
  }
}

function characterClass(token: string): string {
  const isNegated = token.startsWith("[!");
  const inner = token.slice(isNegated ? 2 : 1, -1).replace(/[\\\]^[&]/g, "\\$&");
  return `(?!/)[${isNegated ? "^" : ""}${inner}]`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
