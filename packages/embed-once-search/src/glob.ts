import { anything, noSlash, type PathPattern, PathPatternBuilder, SLASH } from "./path-pattern.ts";

/** What stands for something else, in the order in which it is looked for. */
const TOKENS = /\*\*\/|\*\*|\*|\?|\[!?\]?[^\]]*\]|[{},]|\\.|[^*?[\]{},\\]+|./gsu;

/**
 * A glob as a pattern for whole paths with `/`.
 *
 * `*` is any text without `/`, `**` any text, `**` and a slash any folders or none, `?` one character that is not `/`,
 * `[a-z]` one of these and `[!a-z]` another, `{a,b}` either. A glob without a slash is meant for names in any folder, as
 * in .gitignore; a slash or `./` at its start means the folder itself, a slash at its end all that lies in a folder.
 *
 * @throws TypeError for an empty one, for one that leads out of the folder, and for a bracket or a brace that is not closed
 */
export function readGlob(glob: string): PathPattern {
  const fault = (why: string): TypeError => new TypeError(`The glob ${JSON.stringify(glob)} ${why}`);
  if (typeof glob !== "string" || glob === "") throw fault("must be a text that is not empty");
  if (/(?:^|\/)\.\.(?:\/|$)/.test(glob)) throw fault("must be relative to the searched folder and lie in it");
  const pattern = new PathPatternBuilder();
  for (const [token] of anchored(glob).matchAll(TOKENS)) {
    if (token === "**/") pattern.folders();
    else if (token === "**") pattern.many(anything);
    else if (token === "*") pattern.many(noSlash);
    else if (token === "?") pattern.one(noSlash);
    else if (token === "{") pattern.open();
    else if (token === "}" && pattern.depth > 0) pattern.close();
    else if (token === "," && pattern.depth > 0) pattern.or();
    else if (token === "[") throw fault("has a [ without a ]");
    else if (token.length > 1 && token.startsWith("[")) {
      const test = oneOf(token);
      if (test === undefined) throw fault("has a range that is none");
      pattern.one(test);
    } else pattern.text(token.startsWith("\\") && token.length > 1 ? token.slice(1) : token);
  }
  if (pattern.depth > 0) throw fault("has a { without a }");
  return pattern.build();
}

/** The glob from the searched folder on, without steps that lead nowhere, as a path is read: `./a//b/` → `a/b/**`. */
function anchored(glob: string): string {
  const plain = glob.replace(/^(?:\.\/+)+/, "/").replace(/\/(?:\.?\/)+/g, "/");
  const whole = plain.endsWith("/") ? `${plain}**` : plain;
  if (plain.startsWith("/")) return whole.slice(1);
  return plain.slice(0, -1).includes("/") ? whole : `**/${whole}`;
}

/** The characters in brackets; `undefined` for a range that goes backwards. */
function oneOf(brackets: string): ((codePoint: number) => boolean) | undefined {
  const isNegated = brackets.startsWith("[!");
  const inner = Array.from(brackets.slice(isNegated ? 2 : 1, -1), (character) => character.codePointAt(0)!);
  const ranges: [number, number][] = [];
  for (let at = 0; at < inner.length; at++) {
    const first = inner[at]!;
    const isRange = inner[at + 1] === DASH && at + 2 < inner.length;
    const last = isRange ? inner[at + 2]! : first;
    if (last < first) return undefined;
    ranges.push([first, last]);
    if (isRange) at += 2;
  }
  return (codePoint) =>
    codePoint !== SLASH && ranges.some(([first, last]) => first <= codePoint && codePoint <= last) !== isNegated;
}

const DASH = 45;
