/**
 * A cache on a disk that fills: the answers go on and are right, what was acknowledged stays, and with room it stores
 * again. Where no small disk could be mounted, lmdb's own refusal is injected.
 */
import type { RootDatabaseOptionsWithPath } from "lmdb";
import type { CacheOptions } from "../../src/cache/options.ts";
import { end, openEmbedder, task, tell, told } from "./actor.ts";
import { BATCH } from "./ledger.ts";
import { compare } from "./witness.ts";

/** Calls while the disk is full. */
const CALLS_WHEN_FULL = 5;
/** Where the fault is injected: calls before it. */
const CALLS_BEFORE = 20;
const MAX_CALLS = 1_000;

const { smallDisk, cacheDirectory } = task;
const directory = smallDisk ?? `${cacheDirectory}-full`;
let isFull = false;
const loadLmdb: CacheOptions["loadLmdb"] = async () => {
  const lmdb = await import("lmdb");
  const open = (options: RootDatabaseOptionsWithPath) => {
    const root = lmdb.open(options);
    const { transaction } = root;
    root.transaction = ((body: () => unknown) =>
      isFull ? Promise.reject(new Error("No space left on device")) : transaction.call(root, body)) as never;
    return root;
  };
  return { ...lmdb, open } as typeof lmdb;
};
const options = smallDisk === undefined ? { directory, loadLmdb } : { directory };
const notices: string[] = [];
const cached = openEmbedder({ ...options, onNotice: (notice) => notices.push(notice) });
const cache = await cached.cache();
const stored: string[] = [];
let calls = 0;

/** One call with new texts. @returns whether its vectors were stored, `undefined` where the provider's faults outlasted it */
async function call(): Promise<boolean | undefined> {
  if (calls === MAX_CALLS) throw new Error(`the disk's turn did not end within ${calls} calls`);
  const texts = Array.from({ length: BATCH }, (_, i) => `A text for the small disk, number ${calls * BATCH + i}.`);
  calls++;
  const { failedWrites } = cache.statistics();
  try {
    const { embeddings } = await cached.createEmbeddings(texts);
    tell({ embedded: 1, ...compare(texts, embeddings) });
  } catch (error) {
    tell({ refused: (error as Error).message });
    return undefined;
  }
  const isStored = cache.statistics().failedWrites === failedWrites;
  if (isStored) stored.push(...texts);
  return isStored;
}

while ((await call()) !== false) if (smallDisk === undefined && calls === CALLS_BEFORE) isFull = true;
for (let i = 0; i < CALLS_WHEN_FULL; i++) await call();
const { degraded } = cache.statistics();
if (degraded.length !== 1 || notices.length !== 1) {
  tell({
    failed: `a full disk was told ${notices.length} times and stands in ${degraded.length} lines, expected 1 and 1`,
  });
}
tell({ disk: "full" });
await told("room");
isFull = false;
while ((await call()) !== true);
if (cache.statistics().degraded.length > 0) tell({ failed: "with room on the disk the cache is still degraded" });
await cached.close();

const offline = openEmbedder({ directory, mode: "offline" });
const lost: string[] = [];
for (const text of stored) {
  const found = await offline.createEmbeddings([text]).catch(() => undefined);
  if (found) tell(compare([text], found.embeddings));
  else lost.push(text);
}
await offline.close();
tell({ disk: "recovered", lost });
end();
