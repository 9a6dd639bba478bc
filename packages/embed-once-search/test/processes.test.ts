import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { SemanticSearchEngine } from "../src/index.ts";
import { eventually } from "./support/eventually.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

const BATCH = 8;

function startIndexing(
  root: string,
  indexDirectory: string,
  log: string,
  answerMs: number,
): ChildProcess & { errors: string } {
  const script = join(import.meta.dirname, "support/index-child.ts");
  const args = ["--conditions=embed-once-source", script, root, indexDirectory, log, String(answerMs), String(BATCH)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const watched = Object.assign(child, { errors: "" });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    watched.errors += text;
  });
  return watched;
}

async function finished(child: ChildProcess & { errors: string }): Promise<void> {
  if (child.exitCode === null) await once(child, "exit");
  expect([child.exitCode, child.errors]).toEqual([0, ""]);
}

const loggedTexts = (log: string): string[] => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []);

function writeSources(root: string, count: number): void {
  for (let number = 0; number < count; number++) {
    writeTree(root, {
      [`folder${number % 7}/file${number}.ts`]: `export function name${number}() {\n  return ${number};\n}\n`,
    });
  }
}

test("a run that was killed goes on where it was: at most one batch is embedded again", async () => {
  const [root, indexDirectory, logs] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const total = 100;
  writeSources(root, total);
  const log = join(logs, "texts");
  for (const killAfter of [2 * BATCH, 6 * BATCH]) {
    const child = startIndexing(root, indexDirectory, log, 20);
    while (loggedTexts(log).length < killAfter) await sleep(5);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(loggedTexts(log).length).toBeLessThan(total);
  }
  await finished(startIndexing(root, indexDirectory, log, 0));

  const texts = loggedTexts(log);
  expect(new Set(texts).size).toBe(total);
  expect(texts.length).toBeLessThanOrEqual(total + 2 * BATCH); // killed twice

  const engine = new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory });
  onTestFinished(() => engine.close());
  expect(await engine.status(root)).toMatchObject({ files: total, filesIncomplete: 0, chunks: total, vectors: total });
  expect((await engine.index(root)).textsAsked).toBe(0);
});

test("killed at any moment, a run leaves an index that the next one completes, as if nothing had been", async () => {
  const [root, indexDirectory, logs] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const log = join(logs, "texts");
  // Reading takes its time, too, so that some of the moments fall into it.
  const lines = Array.from({ length: 400 }, (_, i) => `export const value${i} = "${"word ".repeat(5)}${i}";`);
  for (let number = 0; number < 30; number++) {
    writeTree(root, { [`f${number}.ts`]: lines.map((line) => `${line} // ${number}`).join("\n") });
  }
  let seed = 7;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647; // Park and Miller's generator
    return seed / 2_147_483_647;
  };
  for (let round = 0; round < 6; round++) {
    const child = startIndexing(root, indexDirectory, log, 1);
    await sleep(200 + random() * 800);
    child.kill("SIGKILL");
    await once(child, "exit");
    writeTree(root, { [`f${round}.ts`]: lines.slice(round).join("\n") });
  }
  const [engine, fresh] = [indexDirectory, temporaryFolder()].map(
    (directory) => new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory: directory }),
  );
  onTestFinished(async () => void (await Promise.all([engine!.close(), fresh!.close()])));
  await engine!.index(root);
  await fresh!.index(root);
  const { files, filesIncomplete, chunks, running } = await engine!.status(root);
  expect({ files, filesIncomplete, chunks, running }).toMatchObject({
    files: 30,
    filesIncomplete: 0,
    running: undefined,
  });
  expect(await fresh!.status(root)).toMatchObject({ files, filesIncomplete, chunks });
  for (const question of ["value7", "value399", "word"]) {
    expect(await engine!.search(question, root)).toEqual(await fresh!.search(question, root));
  }
});

test("what one process watches, another one finds; and it sees how far the first one is", async () => {
  const [root, indexDirectory, logs] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  writeSources(root, 40);
  const child = startIndexing(root, indexDirectory, join(logs, "texts"), 150);
  const engine = new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory });
  onTestFinished(() => engine.close());
  await eventually(async () => {
    const status = await engine.status(root);
    expect(status.running).toMatchObject({ phase: "embedding", total: 40, pid: child.pid });
    expect(status).toMatchObject({ state: "partial", files: 40 });
  });
  // Its words can be found here while its texts are embedded there.
  expect((await engine.search("name33", root, { index: false }))[0]?.file).toBe("folder5/file33.ts");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await engine.status(root)).toMatchObject({ state: "partial", running: undefined });
});

test("two processes that index one folder at once both succeed, and leave one sound index", async () => {
  const [root, indexDirectory, logs] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const total = 120;
  writeSources(root, total);
  const children = ["one", "two", "three"].map((name) => startIndexing(root, indexDirectory, join(logs, name), 5));
  await Promise.all(children.map(finished));

  const embedder = new WordEmbedder();
  const engine = new SemanticSearchEngine({ embedder, indexDirectory });
  onTestFinished(() => engine.close());
  expect(await engine.status(root)).toMatchObject({ files: total, filesIncomplete: 0, chunks: total, vectors: total });
  const [first] = await engine.search("name77", root);
  expect(first?.file).toBe("folder0/file77.ts");
  expect(embedder.texts).toEqual(["name77"]);
});
