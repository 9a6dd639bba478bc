/**
 * Opens and closes a directory again and again while another opening in this process writes, and prints what it found: in a
 * process of its own, as it would stand still for ever if the two waited for each other. Argument: directory.
 */
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

const ROUNDS = 30;
const TURNS = 6;

const open = () => MappedTier.open({ directory: process.argv[2]!, maxBytes: 1e9 });
const first = await open();
let found = 0;
for (let round = 0; round < ROUNDS; round++) {
  const written = [first.set([numberedEntry(2 * round)]), first.leases.acquire([numberedEntry(round).key])];
  // The write gets on a little further in every round.
  for (let turn = 0; turn < round % TURNS; turn++) await new Promise(setImmediate);
  const [second, third] = await Promise.all([open(), open()]);
  written.push(second.set([numberedEntry(2 * round + 1)]));
  const closed = third.close();
  await Promise.all(written);
  if (first.get(numberedEntry(2 * round + 1).key) && second.get(numberedEntry(2 * round).key)) found++;
  await Promise.all([closed, second.close()]);
}
await first.close();
const last = await open();
const kept = Array.from({ length: 2 * ROUNDS }, (_, i) => last.get(numberedEntry(i).key)).filter(Boolean).length;
await last.close();
process.stdout.write(JSON.stringify({ found, kept, rounds: ROUNDS }));
