import { expect, test } from "vitest";
import { languageNamed, languageOf, structureOf } from "../src/languages.ts";

test.each([
  ["src/a.TS", "typescript", "typescript"],
  ["a.d.mts", "typescript", "typescript"],
  ["a.tsx", "typescript", "tsx"],
  ["include/a.h", "c", "cpp"],
  ["a.bats", "bash", "bash"],
  ["a/Gemfile", "ruby", "ruby"],
  ["x/.zshrc", "bash", "bash"],
  ["a.scss", "css", undefined],
  ["x/Makefile", "make", undefined],
  ["Dockerfile", "docker", undefined],
  ["a.unknown", undefined, undefined],
  ["noending", undefined, undefined],
  // Neither an ending, nor what every object of JavaScript has.
  ["go", undefined, undefined],
  ["constructor", undefined, undefined],
  ["a.constructor", undefined, undefined],
])("takes %s for %s, divided as %s", (path, language, structure) => {
  expect(languageOf(path)).toBe(language);
  expect(structureOf(path)).toBe(structure);
});

test.each(["ruby", "Ruby", "rb", ".podspec"])("a person may say %s for Ruby", (name) => {
  expect(languageNamed(name)).toBe("ruby");
});

test.each(["constructor", "", "gemfile"])("there is no language %j", (name) => {
  expect(() => languageNamed(name)).toThrow(TypeError);
});
