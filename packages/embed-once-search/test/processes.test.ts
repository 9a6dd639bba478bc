import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { SemanticSearchEngine } from "../src/index.ts";
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
