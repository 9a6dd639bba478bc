/**
 * Asks a cache for numbered vectors, stores what it does not have, and tells as JSON how many it had.
 * Arguments: directory, how many.
 */
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import { numberedEntry } from "./numbered-entry.ts";

const directory = process.argv[2]!;
const entries = Array.from({ length: Number(process.argv[3]) }, (_, i) => ({
  key: numberedEntry(i).key,
  vector: Array.from({ length: 64 }, (_, place) => Math.sin(place * 1.1 + i)),
}));
const cache = await openCache({ directory, hotBytes: 0, compressedBytes: 0, onNotice: () => {} });
const found = cache.getMany(entries.map(({ key }) => key));
const wrong = found.filter((vector, i) => vector?.some((value, place) => value !== entries[i]!.vector[place])).length;
await cache.setMany(entries.filter((_, i) => !found[i])).catch(() => {});
await cache.close();
process.stdout.write(JSON.stringify({ found: found.filter(Boolean).length, wrong }));
