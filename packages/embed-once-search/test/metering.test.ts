import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { CALLS_LEFT, MOST_CALLS, metered } from "../src/chunk/metering.ts";

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: Record<string, never> };
  Global: new (type: object, value: number) => object;
  Memory: new (type: object) => object;
  Table: new (type: object) => object;
  RuntimeError: typeof Error;
  validate(bytes: Uint8Array): boolean;
};

const ascii = (text: string): number[] => [text.length, ...Buffer.from(text)];
const section = (id: number, ...bytes: number[]): number[] => [id, bytes.length, ...bytes];
const imported = (name: string, ...kind: number[]): number[] => [...ascii("e"), ...ascii(name), ...kind];

/** `run` gives the imported global and its own one together. Imports of every kind, and a local variable. */
const ADDS = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, 1, 0x60, 0, 1, 0x7f),
  ...section(
    2,
    4,
    ...imported("f", 0, 0),
    ...imported("t", 1, 0x70, 1, 0, 2),
    ...imported("m", 2, 0, 1),
    ...imported("g", 3, 0x7f, 0),
  ),
  ...section(3, 1, 0),
  ...section(6, 1, 0x7f, 0, 0x41, 5, 0x0b),
  ...section(7, 1, ...ascii("run"), 0, 1),
  ...section(10, 1, 9, 1, 1, 0x7f, 0x23, 0, 0x23, 1, 0x6a, 0x0b),
);

function instanceOf(module: Uint8Array): { run: () => number; calls_left: { value: number } } {
  const e = {
    f: () => 0,
    t: new WebAssembly.Table({ element: "anyfunc", initial: 0, maximum: 2 }),
    m: new WebAssembly.Memory({ initial: 1 }),
    g: new WebAssembly.Global({ value: "i32" }, 7),
  };
  return new WebAssembly.Instance(new WebAssembly.Module(module), { e }).exports as never;
}

test("a metered module does as before, counts its calls down, and traps where none is left", () => {
  const { run, [CALLS_LEFT]: left } = instanceOf(metered(ADDS));
  expect([left.value >>> 0, run(), left.value >>> 0]).toEqual([MOST_CALLS, 12, MOST_CALLS - 1]);
  left.value = 2;
  expect([run(), run(), left.value]).toEqual([12, 12, 0]);
  expect(run).toThrow(WebAssembly.RuntimeError);
  left.value = 1;
  expect(run()).toBe(12);
});

test("tree-sitter's module can be metered", () => {
  const path = createRequire(import.meta.url).resolve("web-tree-sitter/web-tree-sitter.wasm");
  const module = metered(readFileSync(path));
  expect(WebAssembly.validate(module)).toBe(true);
});

test("what is no such module is refused", () => {
  expect(() => metered(ADDS.subarray(0, 15))).toThrow("Expected a WebAssembly module with a section 2, got none");
  expect(() => metered(ADDS.subarray(0, -20))).toThrow("The WebAssembly module ends within a section");
});
