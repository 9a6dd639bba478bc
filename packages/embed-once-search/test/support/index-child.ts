/**
 * Indexes a folder in a process of its own, with an embedder that notes every text it is asked for before it answers.
 *
 * Arguments: folder, index directory, log file, milliseconds that an answer takes, texts of one call.
 */
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { SemanticSearchEngine } from "../../src/index.ts";
import { WordEmbedder } from "./word-embedder.ts";

const [folder, indexDirectory, log, answerMs, batchSize] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const embedder = new WordEmbedder();
embedder.beforeAnswer = async (texts) => {
  appendFileSync(log, texts.map((text) => `${JSON.stringify(text)}\n`).join(""));
  await sleep(Number(answerMs));
};
const engine = new SemanticSearchEngine({ embedder, indexDirectory, batchSize: Number(batchSize) });
await engine.index(folder);
await engine.close();
