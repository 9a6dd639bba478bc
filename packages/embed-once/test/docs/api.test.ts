import { expect, test } from "vitest";
import { makeApiPages, outdatedPages } from "../../../../scripts/api-docs.ts";

test("docs/api is what the sources say now (npm run docs:api writes it)", () => {
  expect(outdatedPages(makeApiPages())).toEqual([]);
});
