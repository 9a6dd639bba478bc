import fc from "fast-check";
import { expect, test } from "vitest";
import { readGlob } from "../src/glob.ts";

test.each([
  ["src/*.ts", ["src/a.ts"], ["src/a/b.ts", "a.ts", "lib/src/a.ts", "src/a.tsx"]],
  ["src/**", ["src/a.ts", "src/a/b.ts"], ["src", "lib/src/a.ts"]],
  ["src/**/*.ts", ["src/a.ts", "src/a/b/c.ts"], ["src/a.js"]],
  ["*.test.ts", ["a.test.ts", "deep/er/a.test.ts"], ["a.test.tsx", "test.ts"]],
  ["vendor/", ["vendor/a.c", "lib/vendor/b/c.c"], ["vendor", "vendors/a.c"]],
  ["/a.ts", ["a.ts"], ["src/a.ts"]],
  ["**/a.ts", ["a.ts", "src/deep/a.ts"], ["ba.ts"]],
  ["?.ts", ["a.ts"], ["ab.ts", ".ts"]],
  ["[a-c]?.ts", ["ax.ts", "c1.ts"], ["dx.ts"]],
  ["[!a-c].ts", ["d.ts"], ["a.ts"]],
  ["src/[!x]/a.ts", ["src/y/a.ts"], ["src/x/a.ts"]],
  ["*.{js,ts}", ["a.js", "b/a.ts"], ["a.rs"]],
  ["src/{a,b/**}/c", ["src/a/c", "src/b/x/c"], ["src/d/c"]],
  ["a+(b).ts", ["a+(b).ts"], ["aab.ts"]],
  ["a\\*.ts", ["a*.ts"], ["ab.ts"]],
])("%s matches %j and not %j", (glob, matching, other) => {
  const pattern = readGlob(glob);
  expect(matching.filter((path) => !pattern.test(path))).toEqual([]);
  expect(other.filter((path) => pattern.test(path))).toEqual([]);
});

test.each([
  ["", "must be a text that is not empty"],
  ["[ab", "has a [ without a ]"],
  ["{a,b", "has a { without a }"],
  ["[z-a]", "has a range that is none"],
])("refuses %j", (glob, message) => {
  expect(() => readGlob(glob)).toThrow(TypeError);
  expect(() => readGlob(glob)).toThrow(message);
});

test("says of any path what a regular expression says, where that comes to an end", () => {
  const letter = fc.constantFrom("a", "b", "é", "𝒳");
  const part = fc.oneof(
    letter.map((text) => [text, text]),
    fc.constantFrom(
      ["*", "[^/]*"],
      ["?", "[^/]"],
      ["**", ".*"],
      ["/", "/"],
      ["/**/", "/(?:.*/)?"],
      ["[!a]", "(?!/)[^a]"],
      ["[a-b𝒳]", "[a-b𝒳]"],
      ["{a,b/*,}", "(?:a|b/[^/]*|)"],
      ["{*a,{b,**/}c}", "(?:[^/]*a|(?:b|(?:.*/)?)c)"],
    ),
  );
  // Neighbours would make other tokens: `*` and `*`, `**` and `/`.
  const meet = (a: string, b: string): boolean =>
    (a.endsWith("*") && /^[*/]/.test(b)) || (a.endsWith("/") && b[0] === "/");
  const parts = fc
    .array(part, { minLength: 1, maxLength: 6 })
    .filter(
      (list) => !list.at(-1)![0]!.endsWith("/") && list.every(([glob], at) => !meet(glob!, list[at + 1]?.[0] ?? "")),
    );
  const path = fc.array(fc.oneof(letter, fc.constant("/")), { maxLength: 8 }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(parts, path, (list, text) => {
      const glob = list.map(([source]) => source).join("");
      const expression = new RegExp(`^${list.map(([, source]) => source).join("")}$`, "su");
      expect(readGlob(glob.startsWith("/") ? glob : `/${glob}`).test(text)).toBe(
        expression.test(glob.startsWith("/") ? `/${text}` : text),
      );
    }),
    { seed: 7, numRuns: 3000 },
  );
});

test.each([
  ["*a".repeat(8).concat("b"), "a".repeat(60)],
  ["**/".repeat(12).concat("b"), "a/".repeat(60).concat("a")],
  ["{a,aa}".repeat(200), "a".repeat(300).concat("b")],
  ["{".repeat(20_000).concat("a", "}".repeat(20_000)), "b"],
  [`${"*?".repeat(50)}b`, Array.from({ length: 5000 }, (_, i) => String.fromCodePoint(0x100 + i)).join("")],
])("comes to an end with %s", (glob, path) => {
  expect(readGlob(glob).test(path)).toBe(false);
});

test("a path whose special characters are escaped matches itself, and any glob is a pattern or a TypeError", () => {
  const path = fc.stringMatching(/^[a-z.+()$^|{}[\]*?, -]{1,12}$/);
  fc.assert(
    fc.property(path, (text) => {
      expect(readGlob(`/${text.replace(/[*?[\]{},\\]/g, "\\$&")}`).test(text)).toBe(true);
      try {
        readGlob(text);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }),
    { seed: 6 },
  );
});
