import fc from "fast-check";
import { expect, test } from "vitest";
import { globToRegExp } from "../src/glob.ts";

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
  const pattern = globToRegExp(glob);
  expect(matching.filter((path) => !pattern.test(path))).toEqual([]);
  expect(other.filter((path) => pattern.test(path))).toEqual([]);
});

test.each([
  ["", "must be a text that is not empty"],
  ["[ab", "has a [ without a ]"],
  ["{a,b", "has a { without a }"],
  ["[z-a]", "has a range that is none"],
])("refuses %j", (glob, message) => {
  expect(() => globToRegExp(glob)).toThrow(TypeError);
  expect(() => globToRegExp(glob)).toThrow(message);
});

test("a path whose special characters are escaped matches itself, and any glob is a pattern or a TypeError", () => {
  const path = fc.stringMatching(/^[a-z.+()$^|{}[\]*?, -]{1,12}$/);
  fc.assert(
    fc.property(path, (text) => {
      expect(globToRegExp(`/${text.replace(/[*?[\]{},\\]/g, "\\$&")}`).test(text)).toBe(true);
      try {
        globToRegExp(text);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }),
    { seed: 6 },
  );
});
