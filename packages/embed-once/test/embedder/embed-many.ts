/** Embeds numbered texts and prints how many its own base embedded. Arguments: URL, cache directory, first, count. */
import { createEmbedder } from "../../src/service-factory.ts";

const [baseURL, directory, first, count] = process.argv.slice(2) as [string, string, string, string];
const embedder = createEmbedder(
  { provider: "openai-compatible", model: "text-embedding-3-small", baseURL, directory, maxTextsPerRequest: 8 },
  {},
);
const texts = Array.from({ length: Number(count) }, (_, i) => `text ${Number(first) + i}`);
process.stdout.write("started\n");
const { embeddings } = await embedder.createEmbeddings(texts);
process.stdout.write(`${JSON.stringify({ vectors: embeddings.length, made: embedder.statistics().embeddingsMade })}\n`);
await embedder.close();
