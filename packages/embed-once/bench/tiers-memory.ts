/**
 * What a process holds for itself after many reads through a cache, or, as the control, after making and dropping the
 * same arrays without one. Arguments: directory or "control", vectors, reads. Prints JSON.
 */
import { openCache } from "../src/cache/hierarchical-cache.ts";
import { anonymousBytes, benchKey, benchVector, randomNumbers, residentBytes, settle, timed } from "./tiers-data.ts";

const [directory, vectors, reads] = process.argv.slice(2);
const DIMENSIONS = 1_536;
const random = randomNumbers(7);
// Made before the first measurement, as the control has them, too.
const sample = benchVector(0, DIMENSIONS);
await settle("last-resort");
const before = anonymousBytes();
let keep: unknown;
let timing = { p50: 0, p99: 0 };
const cache = directory === "control" ? undefined : await openCache({ directory: directory! });
let sink = 0;
for (let done = 0; done < Number(reads); done += 10_000) {
  timing = timed(10_000, () => {
    const key = benchKey(random(Number(vectors)));
    const vector = cache ? cache.getMany([key])[0] : sample.slice();
    if (!vector) throw new Error("a vector is missing");
    sink += vector[0]!;
    keep = key;
  });
  await new Promise((resolve) => setImmediate(resolve));
}
await settle("regular");
const withEmptyPages = anonymousBytes() - before;
await settle("last-resort");
const grown = anonymousBytes() - before;
process.stdout.write(
  JSON.stringify({ grown, withEmptyPages, resident: residentBytes(), timing, hits: cache?.hits, sink, keep: !!keep }),
);
await cache?.close();
