import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeNotices, noticesPath, PACKAGES } from "../scripts/notices.ts";

test.each(PACKAGES)("the notices of %s are those of what it packs and installs (npm run docs:notices)", (name) => {
  const notices = makeNotices(name);
  expect(readFileSync(noticesPath(name), "utf8")).toBe(notices);
  expect(notices).not.toMatch(/\| (unknown)? \|/);
});
