/** Watches the repository and keeps its index fresh; when the storm is over, completes it. */
import { setTimeout as sleep } from "node:timers/promises";
import { SemanticSearchEngine } from "embed-once-search";
import { end, openEmbedder, stopping, task, tell, WitnessedEmbedder } from "./actor.ts";
import { BATCH } from "./ledger.ts";

const TRIES = 10;
const PAUSE_MS = 500;

const cached = openEmbedder();
const { indexDirectory, folder } = task;
const engine = new SemanticSearchEngine({
  embedder: new WitnessedEmbedder(cached),
  indexDirectory,
  batchSize: BATCH,
  onWarning: (notice) => tell({ notice }),
});
const watch = engine.watch(folder);
await watch.ready.catch((error: Error) => tell({ failed: `the watch's first reading: ${error.message}` }));
await new Promise<void>((resolve) => {
  if (stopping.aborted) resolve();
  else stopping.addEventListener("abort", () => resolve());
});
await watch.close();
for (let tries = TRIES; ; tries--) {
  try {
    await engine.index(folder);
    break;
  } catch (error) {
    if (tries === 0) throw error;
    await sleep(PAUSE_MS);
  }
}
const { state, filesIncomplete } = await engine.status(folder);
if (state !== "complete") tell({ failed: `the index is ${state} in the end, ${filesIncomplete} files incomplete` });
await engine.close();
await cached.close();
end();
