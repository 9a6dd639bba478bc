import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { chunkSource, prepareToChunk } from "../src/chunker.ts";
import { structureOf } from "../src/languages.ts";
import { expectCoverage } from "./support/chunk-coverage.ts";

/**
 * One source of our own for each language, and the chunks that are expected of it, beside it as JSON. After a change that
 * is meant to move them: `npx vitest run packages/embed-once-search/test/golden.test.ts -u`, and read the difference.
 */
const folder = join(import.meta.dirname, "golden");
const files = readdirSync(folder).filter((file) => !file.endsWith(".chunks.json"));

/** Small ones, so that small files show how what is too large is divided. */
const options = { maxCharacters: 600, minCharacters: 120 };

beforeAll(() => prepareToChunk(files));

test("there is a source for every structure", () => {
  expect(new Set(files.map(structureOf))).toEqual(
    new Set([
      ...["bash", "c", "c-sharp", "cpp", "css", "go", "html", "java", "javascript", "json", "kotlin", "lua"],
      ...["markdown", "php", "python", "ruby", "rust", "swift", "tsx", "typescript", "yaml"],
    ]),
  );
});

test.each(files)("%s is divided as expected", async (file) => {
  const text = readFileSync(join(folder, file), "utf8");
  const chunks = chunkSource(text, file, options);
  expectCoverage(text, chunks, options.maxCharacters);
  const described = chunks.map(({ text: content, ...chunk }) => ({ ...chunk, firstLine: content.split("\n")[0] }));
  await expect(`${JSON.stringify(described, undefined, 2)}\n`).toMatchFileSnapshot(join(folder, `${file}.chunks.json`));
});
