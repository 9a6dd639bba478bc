import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makeDirectory } from "../../src/tier/directory.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-directory-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a directory is made", () => {
  test("with those above it, for its owner only, and left as it is where it is there", () => {
    for (let time = 0; time < 2; time++) makeDirectory(join(folder, "a/b/c"));
    for (const path of ["a", "a/b", "a/b/c"]) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o700);
  });

  test("not where a file is in the way", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => makeDirectory(join(folder, "file"))).toThrow(/EEXIST/);
    expect(() => makeDirectory(join(folder, "file/below"))).toThrow(/ENOTDIR|EEXIST/);
  });
});
