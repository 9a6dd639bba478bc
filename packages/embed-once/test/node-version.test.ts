import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("tests and the processes that they start run on the Node.js that was asked for, 22.18 or newer", () => {
  const expected = process.env.EMBED_ONCE_EXPECTED_NODE;
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  expect(major > 22 || (major === 22 && minor >= 18)).toBe(true);
  if (expected !== undefined) expect(`${process.versions.node}.`.startsWith(`${expected}.`)).toBe(true);
  expect(execFileSync(process.execPath, ["--version"], { encoding: "utf8" }).trim()).toBe(process.version);
});
