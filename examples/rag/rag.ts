/**
 * Retrieval-augmented generation up to the point where a language model is asked: documents in, passages and prompt out.
 *
 *   node examples/rag/rag.ts "my brake squeals, what can I do?" [folder of Markdown]
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createEmbedder } from "embed-once";
import { chunkSource } from "embed-once-search";

const PASSAGES = 3;
const SIZE = { minCharacters: 100, maxCharacters: 300 };

const [question, folder = join(import.meta.dirname, "documents")] = process.argv.slice(2);
if (question === undefined) throw new Error('What is the question? node rag.ts "…" [folder]');

const passages = readdirSync(folder)
  .filter((name) => name.endsWith(".md"))
  .sort()
  .flatMap((file) => {
    const chunks = chunkSource(readFileSync(join(folder, file), "utf8"), file, SIZE);
    return chunks.map(({ text, startLine }) => ({ text, place: `${file}:${startLine}` }));
  });

// Whoever the environment names, such as EMBED_ONCE_PROVIDER=openai; always cached.
const embedder = createEmbedder();
const texts = passages.map(({ text }) => text);
const documents = await embedder.createEmbeddings(texts, undefined, { purpose: "document" });
const query = await embedder.createEmbeddings([question], undefined, { purpose: "query" });
const { textsAsked, misses } = embedder.statistics();
await embedder.close();

const best = passages
  .map((passage, i) => ({ ...passage, score: cosine(documents.embeddings[i]!, query.embeddings[0]!) }))
  .sort((a, b) => b.score - a.score)
  .slice(0, PASSAGES);

console.log(`${passages.length} passages and a question, ${misses} of these ${textsAsked} texts embedded now`);
for (const { score, place } of best) console.log(`${score.toFixed(2)} ${place}`);
console.log(`
Answer the question from the numbered passages alone, and name the numbers of those that you used.

${best.map(({ text }, i) => `[${i + 1}] ${text}`).join("\n\n")}

Question: ${question}`);

function cosine(a: number[], b: number[]): number {
  let dot = 0;
  for (const [i, value] of a.entries()) dot += value * b[i]!;
  return dot / (Math.hypot(...a) * Math.hypot(...b));
}
