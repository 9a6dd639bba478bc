import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentKey, contentKeys, type KeyScope } from "../../src/core/content-key.ts";
import type { EmbedderIdentity } from "../../src/core/embedder.ts";

const identity: EmbedderIdentity = { provider: "openai", model: "m" };
const scope: KeyScope = { identity, model: "m" };

function hex(scope: KeyScope, text: string): string {
  return Buffer.from(contentKey(scope, text)).toString("hex");
}

describe("the content key", () => {
  test("has 32 bytes and is the same for the same input", () => {
    expect(contentKey(scope, "text")).toHaveLength(32);
    expect(hex(scope, "text")).toBe(hex(structuredClone(scope), "text"));
  });

  test("never changes for stored vectors: the key of a known input is known", () => {
    expect(hex({ identity: { provider: "p", model: "m" }, model: "m" }, "text")).toBe(
      "5cbc4b2aafd13c0604aa1b330bd82a4e8f0bc6da03082a4a7f27184ba52a53dd",
    );
  });

  test("does not depend on the order of the options", () => {
    const a = { identity: { ...identity, options: { x: 1, y: 2 } }, model: "m" };
    const b = { identity: { ...identity, options: { y: 2, x: 1 } }, model: "m" };
    expect(hex(a, "t")).toBe(hex(b, "t"));
  });

  test("the model of the call counts, not the embedder's default", () => {
    const viaDefault = { identity: { provider: "p", model: "small" }, model: "large" };
    const direct = { identity: { provider: "p", model: "large" }, model: "large" };
    expect(hex(viaDefault, "t")).toBe(hex(direct, "t"));
  });

  test("everything that decides the numbers changes it", () => {
    const variants: KeyScope[] = [
      scope,
      { ...scope, model: "m2" },
      { ...scope, dimensions: 256 },
      { ...scope, purpose: "query" },
      { ...scope, purpose: "document" },
      ...(
        [
          { provider: "azure" },
          { endpoint: "https://a.example" },
          { endpoint: "" },
          { revision: "2" },
          { wireEncoding: "base64" },
          { wireEncoding: "float" },
          { options: { prefix: "" } },
          { options: { prefix: "1" } },
          { options: { prefix: 1 } },
          { options: { prefix: true } },
          { options: { prefix: "true" } },
        ] satisfies Partial<EmbedderIdentity>[]
      ).map((change) => ({ ...scope, identity: { ...identity, ...change } })),
    ];
    expect(new Set(variants.map((variant) => hex(variant, "t"))).size).toBe(variants.length);
  });

  test("no purpose is the one that the provider takes it for", () => {
    const byDefault: KeyScope = { identity: { ...identity, purposeByDefault: "document" }, model: "m" };
    expect(hex(byDefault, "t")).toBe(hex({ ...byDefault, purpose: "document" }, "t"));
    expect(hex(byDefault, "t")).not.toBe(hex({ ...byDefault, purpose: "query" }, "t"));
    expect(hex({ ...byDefault, purpose: "document" }, "t")).toBe(
      hex({ identity, model: "m", purpose: "document" }, "t"),
    );
  });

  test("a purpose that makes no difference to the provider makes none to the key", () => {
    const same: KeyScope = { identity: { ...identity, purposes: "same" }, model: "m" };
    expect(hex({ ...same, purpose: "query" }, "t")).toBe(hex({ ...same, purpose: "document" }, "t"));
    expect(hex({ ...same, purpose: "query" }, "t")).toBe(hex(same, "t"));
  });

  test.each([
    ["adjacent fields", { provider: "ab", model: "c" }, { provider: "a", model: "bc" }],
    ["adjacent options", { options: { a: "bc" } }, { options: { ab: "c" } }],
    ["an option and two", { options: { a: "b", c: "d" } }, { options: { a: "bcd" } }],
    ["a field moved to the next", { endpoint: "x" }, { revision: "x" }],
    ["a lone surrogate and its replacement", { revision: "\ud800" }, { revision: "\ufffd" }],
    ["normal forms", { revision: "\u00e9" }, { revision: "e\u0301" }],
  ] as [string, Partial<EmbedderIdentity>, Partial<EmbedderIdentity>][])("tells apart %s", (_, a, b) => {
    const of = (change: Partial<EmbedderIdentity>) => {
      const changed = { ...identity, ...change };
      return hex({ identity: changed, model: changed.model }, "t");
    };
    expect(of(a)).not.toBe(of(b));
  });

  test("tells apart texts that look alike", () => {
    const texts = [
      ...["", " ", "\n", "\r\n", "\0", "a", "A", "a ", " a", "a\0"],
      ...["\u00e9", "e\u0301", "\ufb01", "fi", "\u212b", "\u00c5", "A\u030a"],
      ...["\ud800", "\udc00", "\ud800\udc00", "\udc00\ud800", "\ufffd", "\ufffd\ufffd", "\ufeff"],
      // What the other encoding of a text looks like when it is written out as a text.
      ...["00d8", "w00d8", "u", "w"],
    ];
    expect(new Set(texts.map((text) => hex(scope, text))).size).toBe(texts.length);
  });

  test("two inputs that differ anywhere never share a key", () => {
    const text = fc.string({ unit: "binary", maxLength: 6 });
    const field = fc.option(fc.string({ unit: fc.constantFrom("a", "b", "\ud800", "\0"), maxLength: 3 }), {
      nil: undefined,
    });
    const input = fc.record({ provider: text, model: text, endpoint: field, revision: field, text });
    fc.assert(
      fc.property(input, input, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        const of = ({ text, ...identity }: typeof a) => hex({ identity, model: identity.model }, text);
        return (of(a) === of(b)) === same;
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test("the keys of many texts are those of each one", () => {
    const keyOf = contentKeys(scope);
    for (const text of ["", "a", "\ud800"]) expect(keyOf(text)).toEqual(contentKey(scope, text));
  });
});
