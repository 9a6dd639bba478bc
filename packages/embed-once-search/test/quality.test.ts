import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LocalEmbedder } from "../../embed-once/src/provider/local.ts";
import { SemanticSearchEngine } from "../src/index.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

test("asked how a corrupt record is detected, this repository's first three places name the record or checksum code", async () => {
  const engine = new SemanticSearchEngine({ embedder: new LocalEmbedder(), indexDirectory: temporaryFolder() });
  onTestFinished(() => engine.close());
  const results = await engine.search("how is a corrupt record detected", join(import.meta.dirname, "../../.."), {
    limit: 3,
  });
  const places = results.map(({ file, startLine, endLine }) => `${file}:${startLine}-${endLine}`);
  expect(
    places.filter((place) => /\/src\/codec\/|\/src\/core\/errors\.ts/.test(place)).length,
    places.join(" "),
  ).toBeGreaterThanOrEqual(2);
  expect(
    places.some((place) => place.includes("src/codec/record.ts")),
    places.join(" "),
  ).toBe(true);
});
