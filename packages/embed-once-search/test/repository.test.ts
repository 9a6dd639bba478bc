import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheEmbedder } from "embed-once";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { SemanticSearchEngine } from "../src/index.ts";
import { openIndexFile } from "../src/index-file.ts";
import { IndexStore } from "../src/index-store.ts";
import { indexFolder } from "../src/indexer.ts";
import { contents } from "./support/contents.ts";
import { git } from "./support/git.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

function openStore(): IndexStore {
  const store = new IndexStore(openIndexFile(join(temporaryFolder(), "index.sqlite")).database);
  onTestFinished(() => store.close());
  return store;
}

const block = (name: string): string => `export function ${name}() {\n  return "${name}";\n}\n`;

/** A repository with two branches that differ in three files. */
function twoBranches(): string {
  const root = temporaryFolder();
  git(root, "init", "-q", "-b", "main");
  writeTree(root, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`src/f${i}.ts`, block(`stays${i}`)])));
  writeTree(root, { "a.ts": block("one"), "gone.ts": block("deleted") });
  git(root, "add", ".");
  git(root, "commit", "-qm", "main");
  git(root, "checkout", "-qb", "other");
  writeTree(root, { "a.ts": block("two"), "new.ts": block("three") });
  git(root, "rm", "-q", "gone.ts");
  git(root, "add", ".");
  git(root, "commit", "-qm", "other");
  git(root, "checkout", "-q", "main");
  return root;
}

test("a branch switch and back, a second worktree and a fresh clone embed nothing that is not new", async () => {
  const root = twoBranches();
  const provider = new WordEmbedder();
  const embedder = cacheEmbedder(provider, { directory: temporaryFolder() });
  const engine = new SemanticSearchEngine({ embedder, indexDirectory: temporaryFolder() });
  onTestFinished(async () => {
    await engine.close();
    await embedder.close();
  });
  const embeddedBy = async (work: () => unknown): Promise<number> => {
    const before = provider.texts.length;
    await work();
    return provider.texts.length - before;
  };
  const switchTo = async (branch: string): Promise<void> => {
    git(root, "checkout", "-q", branch);
    await engine.index(root);
  };
  expect(await embeddedBy(() => engine.index(root))).toBe(14);
  expect(await embeddedBy(() => switchTo("other"))).toBe(2);
  expect(await embeddedBy(() => switchTo("main"))).toBe(0);
  expect(await embeddedBy(() => switchTo("other"))).toBe(0);

  const worktree = join(temporaryFolder(), "worktree");
  git(root, "worktree", "add", "-q", worktree, "main");
  expect(await embeddedBy(() => engine.index(worktree))).toBe(0);
  const clone = join(temporaryFolder(), "clone");
  git(root, "clone", "-q", root, clone);
  expect(await embeddedBy(() => engine.index(clone))).toBe(0);
  expect(await engine.status(clone)).toMatchObject({ state: "complete", files: 14, vectors: 14 });
  expect(await embeddedBy(() => engine.remove(clone))).toBe(0);
  expect(await embeddedBy(() => engine.index(clone))).toBe(0);
});

test("after any work in a git repository an index holds what one built anew holds, read whole or place by place", async () => {
  const words = ["alpha", "beta", "gamma", "delta"];
  const path = fc.constantFrom("a.ts", "b.ts", "sub/a.ts", "sub/alpha.ts", "sub/deep/c.md", "beta/d.py");
  const folder = fc.constantFrom("sub", "sub/deep", "beta");
  const text = fc
    .array(fc.constantFrom(...words, "", "  x"), { maxLength: 120 })
    .map((lines) => lines.map((content, index) => `${content} ${index % 17} ${"w".repeat(index % 9)}`).join("\n"));
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), path, text }) },
    fc.record({ kind: fc.constant("delete" as const), path: fc.oneof(path, folder) }),
    fc.record({ kind: fc.constant("rename" as const), path: fc.oneof(path, folder), to: path }),
    fc.record({
      kind: fc.constant("ignore" as const),
      path: fc.oneof(path, folder),
      within: fc.constantFrom("", "sub/"),
    }),
    fc.record({ kind: fc.constant("commit" as const) }),
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("switch" as const), branch: fc.constantFrom("one", "two") }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("read" as const), whole: fc.boolean() }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
      const [root, store, fresh] = [temporaryFolder(), openStore(), openStore()];
      git(root, "init", "-q", "-b", "one");
      git(root, "commit", "-q", "--allow-empty", "-m", "first");
      git(root, "branch", "two");
      // What a watch would have been told of since the last reading.
      let changed = new Set<string>();
      const mayFail = (work: () => void): void => {
        try {
          work();
        } catch {
          // A file where a folder should be, a rename of what is not there: the tree stays as it is.
        }
      };
      const read = async (whole: boolean): Promise<void> => {
        const paths = whole ? undefined : [...changed];
        changed = new Set();
        await indexFolder(root, store, new WordEmbedder(), { batchSize: 3, paths });
      };
      for (const change of steps) {
        if (change.kind === "write") {
          mayFail(() => writeTree(root, { [change.path]: change.text }));
          changed.add(change.path);
        } else if (change.kind === "delete") {
          rmSync(join(root, change.path), { recursive: true, force: true });
          changed.add(change.path);
        } else if (change.kind === "rename") {
          mayFail(() => {
            mkdirSync(dirname(join(root, change.to)), { recursive: true });
            renameSync(join(root, change.path), join(root, change.to));
          });
          changed.add(change.path).add(change.to);
        } else if (change.kind === "ignore") {
          mayFail(() => writeTree(root, { [`${change.within}.embed-once-ignore`]: `${change.path}\n!a.ts\n` }));
          // A watch reads the folder whose rules changed.
          if (change.within === "") await read(true);
          else changed.add(change.within.slice(0, -1));
        } else if (change.kind === "commit") {
          git(root, "add", "-A");
          git(root, "commit", "-q", "--allow-empty", "-m", "next");
        } else if (change.kind === "switch") {
          git(root, "add", "-A");
          git(root, "commit", "-q", "--allow-empty", "-m", "before");
          git(root, "checkout", "-q", change.branch);
          await read(true);
        } else {
          await read(change.whole);
        }
      }
      await read(false);
      await indexFolder(root, fresh, new WordEmbedder());
      const found = contents(store, words);
      // Unused vectors may stay until the folder is read as a whole.
      await indexFolder(root, store, new WordEmbedder());
      expect(contents(store, words)).toEqual(contents(fresh, words));
      expect({ ...(found as object), keys: [] }).toEqual({ ...(contents(fresh, words) as object), keys: [] });
    }),
    { seed: 6, numRuns: 10 },
  );
}, 60_000);
