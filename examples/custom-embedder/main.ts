/**
 * An embedder of one's own, with the cache around it. Run it twice: the second run makes no vector.
 *
 *   node examples/custom-embedder/main.ts
 */
import { cacheEmbedder } from "embed-once";
import { TrigramEmbedder } from "./trigram-embedder.ts";

const directory = process.env.EMBED_ONCE_CACHE_DIR;
const embedder = cacheEmbedder(new TrigramEmbedder(), { directory });

const words = ["harbour", "arbour", "armour", "library"];
const { embeddings } = await embedder.createEmbeddings(words);
const [first] = embeddings;
for (const [i, vector] of embeddings.entries()) {
  const likeness = vector.reduce((sum, value, j) => sum + value * first![j]!, 0);
  console.log(`${words[0]} and ${words[i]}: ${likeness.toFixed(2)}`);
}
console.log(`${embedder.statistics().embeddingsMade} of ${words.length} texts embedded now`);

await embedder.close();
