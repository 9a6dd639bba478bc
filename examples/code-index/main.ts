/**
 * A code index whose project changed one import, from ./service-factory.ts to ./cached-service-factory.ts.
 * The index itself is built anew each time; from the second time on, its vectors cost only the question.
 *
 *   OPENAI_API_KEY=… node examples/code-index/main.ts "where are vectors kept" [folder]
 */
import { OptimizedEmbedderWrapper } from "embed-once/code-index";
import { CodeIndexServiceFactory } from "./cached-service-factory.ts";

const [question, folder = import.meta.dirname] = process.argv.slice(2);
if (question === undefined) throw new Error('What is the question? node main.ts "…" [folder]');

const configManager = {
  getConfig: () => ({
    embedderProvider: "openai-compatible",
    modelId: "text-embedding-3-small",
    openAiCompatibleOptions: {
      baseUrl: process.env.OPENAI_BASE_URL ?? "https://api.openai.com/v1",
      apiKey: process.env.OPENAI_API_KEY ?? "",
    },
  }),
};
const factory = new CodeIndexServiceFactory(configManager, folder);
const { embedder, vectorStore, scanner } = factory.createServices();

const { valid, error } = await factory.validateEmbedder(embedder);
if (!valid) throw new Error(error);

const blocks = await scanner.scan(folder);
const { embeddings } = await embedder.createEmbeddings([question]);
for (const { block, score } of vectorStore.search(embeddings[0]!, 3)) {
  console.log(`${score.toFixed(2)} ${block.file}:${block.startLine}`);
}

if (embedder instanceof OptimizedEmbedderWrapper) {
  console.log(`${blocks} blocks and a question, ${embedder.statistics().embeddingsMade} of these texts embedded now`);
  await embedder.close();
}
