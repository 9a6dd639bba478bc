/** Embeds notes that its twin embeds, too, in an order of its own: new ones, and ones that were embedded long ago. */
import { setTimeout as sleep } from "node:timers/promises";
import { randomNumbers } from "../tiers-data.ts";
import { end, openEmbedder, stopping, task, tell, WitnessedEmbedder } from "./actor.ts";
import { BATCH } from "./ledger.ts";

const PAUSE_MS = 50;
/** So many notes become known a second, to both twins in all their lives. */
const NOTES_A_SECOND = 100;

const cached = openEmbedder();
const embedder = new WitnessedEmbedder(cached);
const random = randomNumbers(task.seed);
while (!stopping.aborted) {
  const known = BATCH + Math.round((NOTES_A_SECOND * (Date.now() - task.startedAt)) / 1_000);
  const first = random(2) === 0 ? known - BATCH : random(known - BATCH + 1);
  const texts = Array.from({ length: BATCH }, (_, i) => `A note, number ${first + i}, that the whole team embeds.`);
  try {
    await embedder.createEmbeddings(texts);
  } catch (error) {
    tell({ refused: (error as Error).message });
  }
  await sleep(PAUSE_MS);
}
await cached.close();
end();
