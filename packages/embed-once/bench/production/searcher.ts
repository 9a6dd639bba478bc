/** Asks the index that others keep fresh, and looks whether each answer can be one. */
import { setTimeout as sleep } from "node:timers/promises";
import { type SearchResult, SemanticSearchEngine } from "embed-once-search";
import { randomNumbers } from "../tiers-data.ts";
import { end, openEmbedder, stopping, task, tell, WitnessedEmbedder } from "./actor.ts";
import { drawQuestion } from "./questions.ts";

const LIMIT = 5;
const PAUSE_MS = 150;

const cached = openEmbedder();
const { indexDirectory, folder, seed } = task;
const engine = new SemanticSearchEngine({
  embedder: new WitnessedEmbedder(cached),
  indexDirectory,
  onWarning: (notice) => tell({ notice }),
});
const random = randomNumbers(seed);
while (!stopping.aborted) {
  const question = drawQuestion(random);
  try {
    const results = await engine.search(question, folder, { index: false, limit: LIMIT });
    const fault = faultOf(results);
    tell(fault === undefined ? { searched: 1 } : { failed: `"${question}": ${fault}` });
  } catch (error) {
    tell({ failed: `"${question}": ${(error as Error).message}` });
  }
  await sleep(PAUSE_MS);
}
await engine.close();
await cached.close();
end();

function faultOf(results: readonly SearchResult[]): string | undefined {
  if (results.length > LIMIT) return `${results.length} results, asked for ${LIMIT}`;
  for (const [i, { file, score, startLine, endLine }] of results.entries()) {
    if (!(score >= 0 && score <= 1)) return `a score of ${score}`;
    if (i > 0 && score > results[i - 1]!.score) return "results that are not in order";
    if (file === "" || !(startLine >= 1 && endLine >= startLine)) return `lines ${startLine} to ${endLine} of ${file}`;
  }
  return undefined;
}
