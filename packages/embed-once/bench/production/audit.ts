/**
 * Reads everything that was acknowledged from a cache in a new process, without asking anybody. Arguments: directory, a
 * JSON file of texts, number of the writer's vectors, the provider's address. Prints JSON.
 */
import { readFileSync } from "node:fs";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { OfflineMissError } from "../../src/embedder/errors.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import type { StoredVectors } from "../../src/statistics/statistics.ts";
import { benchKey, benchVector } from "../tiers-data.ts";
import { compare, DIMENSIONS, MODEL, sameBits } from "./witness.ts";

export interface Audit {
  /** Vectors that were read, and what became of them. */
  read: number;
  lost: string[];
  wrong: string[];
  /** Records on disk that cannot be read. */
  damaged: number;
  /** What the provider's vectors took, over all processes. */
  stored: StoredVectors;
}

const [directory, textsFile, written, baseURL] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(textsFile!, "utf8")) as string[];
const base = createProviderEmbedder({ provider: "openai", model: MODEL, apiKey: "none", baseURL }, {});
await using embedder = cacheEmbedder(base, { directory, mode: "offline" });
const audit: Audit = { read: 0, lost: [], wrong: [], damaged: 0, stored: {} as StoredVectors };
for (const text of texts) {
  audit.read++;
  try {
    const { embeddings } = await embedder.createEmbeddings([text]);
    audit.wrong.push(...compare([text], embeddings).wrong);
  } catch (error) {
    if (!(error instanceof OfflineMissError)) throw error;
    audit.lost.push(text);
  }
}
const cache = await embedder.cache();
for (let n = 0; n < Number(written); n++) {
  audit.read++;
  const [vector] = cache.getMany([benchKey(n)]);
  if (!vector) audit.lost.push(`vector ${n}`);
  else if (!sameBits(vector, benchVector(n, DIMENSIONS))) audit.wrong.push(`vector ${n}`);
}
audit.damaged = (await cache.verify()).damaged;
audit.stored = cache.lifetime().models[MODEL]!.stored;
process.stdout.write(JSON.stringify(audit));
