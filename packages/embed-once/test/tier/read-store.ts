/**
 * Reads entries 0 to `count` and stores one more: in a process of its own, as lmdb may kill it. Prints
 * `{ right, missed, wrong, notices }` as JSON. Arguments: directory, count.
 */
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

const [directory, count] = process.argv.slice(2);
const result = { right: 0, missed: 0, wrong: 0, notices: [] as string[], stored: false };
const onNotice = (message: string) => void result.notices.push(message);
const tier = await MappedTier.open({ directory: directory!, maxBytes: 1e9, onNotice });
for (let i = 0; i < Number(count); i++) {
  const { key, value } = numberedEntry(i);
  let found: Uint8Array | undefined;
  try {
    found = tier.get(key);
  } catch {
    // An error of lmdb's, which the cache makes a miss.
  }
  if (!found) result.missed++;
  else if (Buffer.compare(found, value) === 0) result.right++;
  else result.wrong++;
}
try {
  await tier.set([numberedEntry(Number(count))]);
  result.stored = tier.get(numberedEntry(Number(count)).key) !== undefined;
} catch {
  // As above.
}
await tier.close().catch(() => {});
process.stdout.write(JSON.stringify(result));
