/**
 * A process of its own: makes the embedder of each configuration in its first argument, a JSON array, asks it for the texts
 * that follow, and prints as JSON what came and what it took.
 */
import type { ServiceConfig } from "../src/config.ts";
import { createEmbedder } from "../src/service-factory.ts";
import { bitsAsText } from "./adapter/bits.ts";

/** What one embedder gave. */
export interface Again {
  bits: string;
  requestsMade: number;
  foundOnDisk: number;
}

const [configs, ...texts] = process.argv.slice(2);
const all: Again[] = [];
for (const config of JSON.parse(configs!) as ServiceConfig[]) {
  // No `await using`: Node.js runs this file as it is, and 22 does not know it.
  const embedder = createEmbedder(config, {});
  const { embeddings } = await embedder.createEmbeddings(texts);
  const { requestsMade, hits } = embedder.statistics();
  all.push({ bits: bitsAsText(embeddings), requestsMade, foundOnDisk: hits.L3 });
  await embedder.close();
}
process.stdout.write(JSON.stringify(all));
