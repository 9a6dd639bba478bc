/**
 * One of many processes, or a worker thread, that share a directory. Opens it, stores its own entries in batches, reads its own and the
 * others' between, prints what it found as one line of JSON, and keeps the directory open until its input ends.
 * Arguments: directory, own number, processes, batches.
 */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

const BATCH = 4;
/**
 * A process that opens the file at a certain moment sets readers back to the commit before, until it has repaired that
 * itself (see newest-commit.ts): what was stored is a miss for that long, and must be there afterwards.
 */
const MAX_SET_BACK_MS = 10_000;

const [directory, ...rest] = process.argv.slice(2);
const [own = 0, processes = 1, batches = 1] = rest.map(Number);
const tier = await MappedTier.open({ directory: directory!, maxBytes: 1e9 });
const result = { lost: 0, wrong: 0, ofOthers: 0 };

function read(number: number): boolean {
  const { key, value } = numberedEntry(number);
  const found = tier.get(key);
  if (found && Buffer.compare(found, value) !== 0) result.wrong++;
  return found !== undefined;
}

async function isKept(number: number): Promise<boolean> {
  const startedMs = performance.now();
  while (!read(number)) {
    if (performance.now() - startedMs > MAX_SET_BACK_MS) return false;
    await delay(20);
  }
  return true;
}

const numberOf = (owner: number, place: number) => owner * 10_000 + place;
for (let batch = 0; batch < batches; batch++) {
  const first = batch * BATCH;
  await tier.set(Array.from({ length: BATCH }, (_, i) => numberedEntry(numberOf(own, first + i))));
  for (let place = 0; place < first + BATCH; place++) if (!(await isKept(numberOf(own, place)))) result.lost++;
  for (let other = 0; other < processes; other++) {
    if (other !== own && read(numberOf(other, first))) result.ofOthers++;
  }
}
process.stdout.write(`${JSON.stringify(result)}\n`);
parentPort?.postMessage(result);
process.stdin.resume();
await once(process.stdin, "end");
await tier.close();
