/**
 * A check for CI: does every question find its own answer first? The vectors come out of a pack, so CI needs neither
 * network nor key, and compares the same numbers in every run.
 *
 * Where there is a key, and again whenever a text has changed:
 *
 *   node check-faq.ts && embed-once export faq.pack
 *
 * In CI (workflow.yml):
 *
 *   embed-once import faq.pack && EMBED_ONCE_MODE=offline node check-faq.ts
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createEmbedder, OfflineMissError } from "embed-once";

interface Entry {
  question: string;
  answer: string;
}

const path = process.argv[2] ?? join(import.meta.dirname, "faq.json");
const entries: Entry[] = JSON.parse(readFileSync(path, "utf8"));
const texts = entries.flatMap(({ question, answer }) => [question, answer]);

// Provider and model stand here, as they are part of what the check is about; mode, key and address come from the environment.
const embedder = createEmbedder({ provider: "openai", model: "text-embedding-3-small" });
try {
  const { embeddings } = await embedder.createEmbeddings(texts);
  const questions = embeddings.filter((_, i) => i % 2 === 0);
  const answers = embeddings.filter((_, i) => i % 2 === 1);
  for (const [i, question] of questions.entries()) {
    const scores = answers.map((answer) => dot(question, answer));
    const found = scores.indexOf(Math.max(...scores));
    console.log(`${found === i ? "ok" : "NOT OK"}: ${entries[i]!.question}`);
    if (found !== i) process.exitCode = 1;
  }
  console.log(`${embedder.statistics().embeddingsMade} of ${texts.length} texts embedded now`);
} catch (error) {
  if (!(error instanceof OfflineMissError)) throw error;
  console.error(`NOT IN THE PACK: "${texts[error.textIndex]}". Export it again where there is a key.`);
  process.exitCode = 1;
} finally {
  await embedder.close();
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
