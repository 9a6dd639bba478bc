import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { contentFaults } from "../scripts/package-contents.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-contents-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "dist"));
writeFileSync(join(folder, "dist/index.js"), "export {};\n//# sourceMappingURL=index.js.map\n");
writeFileSync(join(folder, "dist/index.js.map"), JSON.stringify({ sources: ["../src/index.ts"] }));

const SOUND = [
  ...["LICENSE", "README.md", "THIRD-PARTY-NOTICES.md", "package.json"],
  ...[
    "bin/embed-once.js",
    "dist/index.js",
    "dist/index.js.map",
    "dist/index.d.ts",
    "src/index.ts",
    "src/testing/index.ts",
  ],
];

function faultsOf(paths: string[]): string[] {
  const files = paths.map((path) => ({ path }));
  return contentFaults({ name: "embed-once", filename: "", size: 0, unpackedSize: 0, files }, folder);
}

test("a package of what belongs into it has no fault", () => {
  expect(faultsOf(SOUND)).toEqual([]);
});

test.each([
  ["LICENSE", "LICENSE is missing"],
  ["src/index.ts", "dist/index.js.map leads to src/index.ts, which is not packed"],
  ["dist/index.js.map", "dist/index.js names index.js.map, which is not packed"],
])("a package without %s has a fault", (left, fault) => {
  expect(faultsOf(SOUND.filter((path) => path !== left))).toEqual([fault]);
});

test.each(["test/index.test.ts", "src/index.test.ts", "bench/tiers.ts", "src/golden/a.ts", ".env", "dist/notes.txt"])(
  "%s does not belong into a package",
  (path) => {
    expect(faultsOf([...SOUND, path])).toEqual([`${path} does not belong here`]);
  },
);
