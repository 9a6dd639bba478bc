/** Stores record after record and prints each number once it is acknowledged. Arguments: directory, first number. */
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

const [directory, first] = process.argv.slice(2);
// A process that is killed does not do it by itself, and the next one starts in half the time.
flushCompileCache();
const tier = await MappedTier.open({ directory: directory!, maxBytes: 1e9 });
for (let i = Number(first); ; i += 4) {
  const numbers = [i, i + 1, i + 2, i + 3];
  await tier.set(numbers.map(numberedEntry));
  // Synchronous, so that what is printed was acknowledged and what is acknowledged is printed before the next.
  writeSync(1, `${i}\n`);
}
