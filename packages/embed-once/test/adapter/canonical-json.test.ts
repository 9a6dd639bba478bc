import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../src/adapter/canonical-json.ts";

/** The same value with the members of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

describe("canonicalJson", () => {
  test("is JSON of the value, and does not depend on the order of members", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        const text = canonicalJson(JSON.parse(JSON.stringify(value)));
        expect(JSON.parse(text!)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(JSON.parse(JSON.stringify(value))))).toBe(text);
      }),
      { seed: 5 },
    );
  });

  test("leaves out what is undefined in an object", () => {
    expect(canonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
    expect(canonicalJson({})).toBe("{}");
  });

  test.each([
    undefined,
    Number.NaN,
    -0,
    1n,
    () => 1,
    [undefined],
    { a: new Date(0) },
    { a: new Map() },
    { toJSON: () => "other" },
  ])("has no text for %o, which is not wholly JSON", (value) => {
    expect(canonicalJson(value)).toBeUndefined();
  });
});
