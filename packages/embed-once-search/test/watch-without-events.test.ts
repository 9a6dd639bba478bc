import { expect, onTestFinished, test, vi } from "vitest";
import { SemanticSearchEngine } from "../src/index.ts";
import { eventually } from "./support/eventually.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

vi.mock("node:fs", async (importOriginal) => ({
  ...(await importOriginal<typeof import("node:fs")>()),
  watch: () => {
    throw Object.assign(new Error("System limit for number of file watchers reached"), { code: "ENOSPC" });
  },
}));

test("where the system has no watches left, that is told, and the folder is walked again and again", async () => {
  const root = temporaryFolder();
  writeTree(root, { "a.ts": "export const apple = 1;\n", "sub/b.ts": "export const berry = 1;\n" });
  const warnings: string[] = [];
  const engine = new SemanticSearchEngine({
    embedder: new WordEmbedder(),
    indexDirectory: temporaryFolder(),
    onWarning: (message) => warnings.push(message),
  });
  onTestFinished(() => engine.close());
  const watch = engine.watch(root);
  await watch.ready;
  expect(warnings).toEqual([
    `The system cannot watch ${root} (System limit for number of file watchers reached); it is walked every 2 s instead.`,
  ]);
  writeTree(root, { "sub/c.ts": "export const cherry = 1;\n" });
  await eventually(async () =>
    expect((await engine.search("cherry", root, { index: false }))[0]?.file).toBe("sub/c.ts"),
  );
  expect(warnings).toHaveLength(1);
});
