import { execFileSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EmbeddingsFailedError } from "embed-once";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { openIndexFile } from "../src/index-file.ts";
import { IndexStore } from "../src/index-store.ts";
import { type IndexRunOptions, type IndexRunReport, indexFolder, readLastReading } from "../src/indexer.ts";
import { readQuestion } from "../src/question.ts";
import { contents } from "./support/contents.ts";
import { setModified, temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

interface Fixture {
  root: string;
  store: IndexStore;
  embedder: WordEmbedder;
  run(options?: IndexRunOptions): Promise<IndexRunReport>;
}

function openStore(): IndexStore {
  const store = new IndexStore(openIndexFile(join(temporaryFolder(), "index.sqlite")).database);
  onTestFinished(() => store.close());
  return store;
}

/** Runs an hour later than the files were written, so that the index trusts their stamps. */
function fixture(files: Record<string, string>): Fixture {
  const [root, store, embedder] = [temporaryFolder(), openStore(), new WordEmbedder()];
  writeTree(root, files);
  const now = (): number => Date.now() + 3_600_000;
  return { root, store, embedder, run: (options) => indexFolder(root, store, embedder, { now, ...options }) };
}

const block = (name: string): string => `export function ${name}() {\n  return "${name}";\n}\n`;

const matches = (store: IndexStore, question: string) => store.matchWords(readQuestion(question).words, 200);

describe("an index run", () => {
  test("embeds each text once, as a document, however many files hold it", async () => {
    const { embedder, run } = fixture({ "a.ts": block("same"), "b/copy.ts": block("same"), "c.ts": block("other") });
    expect(await run()).toMatchObject({
      files: 3,
      filesChanged: 3,
      filesRemoved: 0,
      chunks: 3,
      textsAsked: 2,
      filesIncomplete: 0,
    });
    expect(embedder.texts).toEqual([block("same").trimEnd(), block("other").trimEnd()]);
    expect(embedder.calls.every((call) => call.options?.purpose === "document")).toBe(true);
  });

  test("looks at single places only where the folder was read as a whole before", async () => {
    const { store, run } = fixture({ "a.ts": block("a"), "b.ts": block("b"), "c.ts": block("c") });
    expect(await run({ paths: ["b.ts"] })).toMatchObject({ files: 3, filesChanged: 3 });
    expect(readLastReading(store)).toBeDefined();
    expect(await run({ paths: ["b.ts"] })).toMatchObject({ files: 3, filesChanged: 0 });
  });

  test("that was given up leaves the whole folder to the next one, whichever places that is for", async () => {
    const { store, run } = fixture({ "a.ts": block("a"), "b.ts": block("b") });
    await expect(run({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    expect(readLastReading(store)).toBeUndefined();
    expect(await run({ paths: [] })).toMatchObject({ files: 2 });
  });

  test("over an unchanged folder reads no file and asks for nothing", async () => {
    const { root, embedder, run } = fixture({ "a.ts": block("a"), "b.bin": "\0", "c.ts": block("c") });
    await run();
    const before = embedder.calls.length;
    // A run that reads any file says so.
    const log: string[] = [];
    expect(await run({ onProgress: ({ phase }) => log.push(phase) })).toMatchObject({
      files: 2,
      filesChanged: 0,
      textsAsked: 0,
      skipped: { binary: 1 },
    });
    expect([embedder.calls.length, log]).toEqual([before, []]);
    setModified(join(root, "a.ts"), 1_000_000);
    expect(await run({ onProgress: ({ phase, total }) => log.push(`${phase} ${total}`) })).toMatchObject({
      filesChanged: 0,
      textsAsked: 0,
    });
    expect(new Set(log)).toEqual(new Set(["reading 1"]));
  });

  test("notices a change that left size and time as they were, while the file is young", async () => {
    const { root, embedder, run } = fixture({ "a.ts": block("aaa") });
    const now = (): number => Date.now();
    await run({ now });
    writeTree(root, { "a.ts": block("bbb") });
    expect(await run({ now })).toMatchObject({ filesChanged: 1, textsAsked: 1 });
    expect(embedder.texts.at(-1)).toContain("bbb");
  });

  test("embeds of an edited file only what is new, and forgets what is gone", async () => {
    const blocks = Array.from(
      { length: 60 },
      (_, i) => `${block(`${i === 30 ? "outworn" : "name"}${i}`)}// ${"words ".repeat(30)}${i}\n\n`,
    );
    const { root, store, run } = fixture({ "a.ts": blocks.join("") });
    const first = await run();
    expect(first.chunks).toBeGreaterThan(6);
    writeTree(root, { "a.ts": blocks.with(30, block("fresh")).join("") });
    const second = await run();
    expect(second.textsAsked).toBeGreaterThan(0);
    expect(second.textsAsked).toBeLessThanOrEqual(3);
    expect(store.vectors.count()).toBe(second.chunks);
    expect(matches(store, "fresh")).toHaveLength(1);
    expect(matches(store, "outworn")).toHaveLength(0);
  });

  test("embeds nothing for a renamed, moved or copied file, and finds it by its new path", async () => {
    const { root, store, run } = fixture({ "old.ts": block("a"), "b.ts": block("b") });
    await run();
    renameSync(join(root, "old.ts"), join(root, "renewed.ts"));
    writeTree(root, { "copy.ts": block("b") });
    expect(await run()).toMatchObject({ files: 3, filesChanged: 2, filesRemoved: 1, textsAsked: 0 });
    expect(store.places(matches(store, "renewed").map(({ chunkId }) => chunkId)).map(({ path }) => path)).toEqual([
      "renewed.ts",
    ]);
    expect(matches(store, "old")).toEqual([]);
  });

  test("takes out what was deleted, became ignored, binary or too large", async () => {
    const { root, store, run } = fixture({
      "gone.ts": block("a"),
      "out.ts": block("b"),
      "bin.ts": block("c"),
      "big.ts": block("d"),
    });
    await run();
    rmSync(join(root, "gone.ts"));
    writeTree(root, { ".gitignore": "out.ts\n", "bin.ts": "\0", "big.ts": "x\n".repeat(600) });
    const report = await run({ maxFileBytes: 1000 });
    expect(report).toMatchObject({
      files: 1,
      filesRemoved: 3,
      skipped: { ignored: 1, binary: 1, "too-large": 1 },
      problems: [{ file: "big.ts", reason: "too-large" }],
    });
    expect(store.vectors.count()).toBe(1);
  });

  test("goes on without a text that is refused, names its file, and asks for that text alone again", async () => {
    const names = Array.from({ length: 10 }, (_, i) => `name${i}`);
    const { store, embedder, run } = fixture(Object.fromEntries(names.map((name) => [`${name}.ts`, block(name)])));
    const isRefused = (text: string) => /name[36]\b/.test(text);
    embedder.beforeAnswer = (texts) => {
      const textIndex = texts.findIndex(isRefused);
      const failure = {
        cause: new Error("too long"),
        textIndex,
        textsDone: texts.length - 1,
        textsAsked: texts.length,
      };
      if (textIndex >= 0) throw new EmbeddingsFailedError(failure);
    };
    await expect(run({ batchSize: 4 })).rejects.toThrow(/^name3\.ts: text 3 was refused: too long/);
    expect(store.counts()).toMatchObject({ files: 10, filesIncomplete: 2 });
    expect(store.vectors.count()).toBe(8);
    embedder.calls.length = 0;
    await expect(run({ batchSize: 4 })).rejects.toThrow(/^name3\.ts/);
    expect([...new Set(embedder.texts)]).toEqual([block("name3").trimEnd(), block("name6").trimEnd()]);

    embedder.beforeAnswer = undefined;
    expect(await run()).toMatchObject({ filesIncomplete: 0, textsAsked: 2 });
  });

  test("keeps every batch that was answered when a later one fails, and asks for the rest only", async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}.ts`, block(`name${i}`)]));
    const { store, embedder, run } = fixture(files);
    embedder.beforeAnswer = () => {
      if (embedder.calls.length === 3) throw new Error("429 Too Many Requests");
    };
    await expect(run({ batchSize: 4 })).rejects.toThrow("429");
    expect([store.vectors.count(), store.counts().filesIncomplete]).toEqual([8, 12]);
    // What has no vectors yet can be found by its words already.
    expect(matches(store, "19")).toHaveLength(1);
    expect(await run({ batchSize: 4 })).toMatchObject({ textsAsked: 12, filesIncomplete: 0, filesChanged: 0 });
  });

  test("ends early when it is told to, between batches and in the middle of one", async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}.ts`, block(`name${i}`)]));
    const { store, embedder, run } = fixture(files);
    const controller = new AbortController();
    embedder.beforeAnswer = () => {
      if (embedder.calls.length === 2) controller.abort(new Error("enough"));
    };
    await expect(run({ batchSize: 4, signal: controller.signal })).rejects.toThrow("enough");
    expect(embedder.calls.length).toBe(2);
    expect(embedder.calls[0]!.options?.signal).toBe(controller.signal);
    expect(store.vectors.count()).toBe(8);
    await expect(run({ signal: AbortSignal.abort(new Error("at once")) })).rejects.toThrow("at once");
  });

  test("tells how many texts it has to embed and how many are done", async () => {
    const files = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`f${i}.ts`, block(`name${i}`)]));
    const { run } = fixture(files);
    const seen: string[] = [];
    await run({ batchSize: 4, onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`) });
    // How many steps the reading takes depends on the machine.
    const steps = seen.filter((line) => !/^reading \d\//.test(line));
    expect(steps).toEqual(["reading 10/10", "embedding 0/10", "embedding 4/10", "embedding 8/10", "embedding 10/10"]);
  });

  test("refuses an answer with too few, uneven or impossible vectors, and stores nothing of it", async () => {
    for (const answer of [
      [],
      [[1, 2]],
      [[1, 2], [1]],
      [
        [1, 2],
        [Number.NaN, 1],
      ],
      [[], []],
      undefined,
    ]) {
      const { root, store, embedder } = fixture({ "a.ts": block("a"), "b.ts": block("b") });
      embedder.createEmbeddings = async () => ({ embeddings: answer as number[][] });
      await expect(indexFolder(root, store, embedder)).rejects.toThrow(/^words in tests gave /);
      expect(store.vectors.count()).toBe(0);
    }
  });

  test("refuses vectors of another length than the index has: the model behind the name is another one", async () => {
    const { root, store, run } = fixture({ "a.ts": block("a") });
    await run();
    writeTree(root, { "b.ts": block("b") });
    await expect(indexFolder(root, store, new WordEmbedder(32))).rejects.toThrow(
      "gave a vector of 32 numbers, expected 64; if the model behind the name has changed, give the embedder's identity a new revision",
    );
    expect(store.vectors.count()).toBe(1);
  });

  test("leaves a file that changes while it is indexed to the next run", async () => {
    const { root, store, embedder, run } = fixture({ "a.ts": block("a"), "b.ts": block("b"), "c.ts": block("c") });
    embedder.beforeAnswer = () => writeTree(root, { "c.ts": block("changed") });
    expect(await run({ batchSize: 1 })).toMatchObject({ filesIncomplete: 1, textsAsked: 2 });
    embedder.beforeAnswer = undefined;
    expect(await run()).toMatchObject({ filesIncomplete: 0, filesChanged: 1, textsAsked: 1 });
    expect(matches(store, "changed")).toHaveLength(1);
  });

  test("finds nothing in a folder without sources, and says what was there", async () => {
    const { run } = fixture({ "blank.ts": "\n\n", "bin.ts": "\0" });
    expect(await run()).toMatchObject({ files: 1, chunks: 0, textsAsked: 0, skipped: { binary: 1 } });
  });

  test("over a branch and back in a real repository gives what a new index of that branch gives", async () => {
    const { root, store, run } = fixture({ "a.ts": block("stays"), "b.ts": block("one"), "d.ts": block("deleted") });
    const git = (...args: string[]): void => void execFileSync("git", args, { cwd: root, stdio: "ignore" });
    const commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "state"];
    git("init", "-q");
    git("add", ".");
    git(...commit);
    await run();
    const atFirst = contents(store, ["stays", "one", "two", "deleted"]);
    git("checkout", "-qb", "other");
    writeTree(root, { "b.ts": block("two"), "c.ts": block("three") });
    rmSync(join(root, "d.ts"));
    git("add", ".");
    git(...commit);
    expect(await run()).toMatchObject({ filesChanged: 2, filesRemoved: 1, textsAsked: 2 });
    git("checkout", "-q", "-");
    await run();
    expect(contents(store, ["stays", "one", "two", "deleted"])).toEqual(atFirst);
  });
});

test("after any edits, renames and deletions an index holds what one built anew holds", async () => {
  const words = ["alpha", "beta", "gamma", "delta", "epsilon"];
  const path = fc.constantFrom("a.ts", "b.ts", "sub/a.ts", "sub/alpha.ts", "sub/deep/c.md", "beta/d.py");
  const text = fc
    .array(fc.oneof(fc.constantFrom(...words), fc.constantFrom("", "\n", "  x")), { minLength: 0, maxLength: 400 })
    .map((lines) => lines.map((content, index) => `${content} ${index % 17} ${"w".repeat(index % 9)}`).join("\n"));
  const step = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), path, text }),
    fc.record({ kind: fc.constant("delete" as const), path }),
    fc.record({ kind: fc.constant("rename" as const), path, to: path }),
    fc.record({ kind: fc.constant("ignore" as const), path }),
    fc.record({ kind: fc.constant("index" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const [root, store, fresh] = [temporaryFolder(), openStore(), openStore()];
      execFileSync("git", ["init", "-q"], { cwd: root });
      const contentOf = new Map<string, string>();
      for (const change of steps) {
        if (change.kind === "write") {
          contentOf.set(change.path, change.text);
          writeTree(root, { [change.path]: change.text });
        } else if (change.kind === "delete") {
          contentOf.delete(change.path);
          rmSync(join(root, change.path), { force: true });
        } else if (change.kind === "rename" && contentOf.has(change.path)) {
          writeTree(root, { [change.to]: "" });
          renameSync(join(root, change.path), join(root, change.to));
          contentOf.set(change.to, contentOf.get(change.path)!);
          if (change.to !== change.path) contentOf.delete(change.path);
        } else if (change.kind === "ignore") {
          writeTree(root, { ".gitignore": `${change.path}\n` });
        } else if (change.kind === "index") {
          await indexFolder(root, store, new WordEmbedder(), { batchSize: 3 });
        }
      }
      await indexFolder(root, store, new WordEmbedder());
      await indexFolder(root, fresh, new WordEmbedder());
      expect(contents(store, words)).toEqual(contents(fresh, words));
    }),
    { seed: 42, numRuns: 60 },
  );
});
