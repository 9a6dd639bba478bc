/**
 * How well memory holds what is hot, and how long a lookup takes in each tier: 1,000 vectors are read uniformly at random
 * while 50,000 others are scanned, with the default budgets. Argument: a directory with `benchKey` vectors. Prints JSON.
 */
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import type { LatencySummary } from "../../src/statistics/statistics.ts";
import type { TierName } from "../../src/tier/tier.ts";
import { benchKey, benchVector, randomNumbers } from "../tiers-data.ts";
import { DIMENSIONS, sameBits } from "./witness.ts";

export interface HotSet {
  /** Hot reads that L1 or L2 answered, and all of them. */
  inMemory: number;
  reads: number;
  wrong: number;
  latency: Record<TierName, LatencySummary>;
}

export const HOT = 1_000;
export const SCANNED = 50_000;
/** Hot reads between two of the scan. With one, a hot vector waits for 1,000 scanned ones on average. */
export const HOT_READS_A_SCAN = 1;
/** One vector in so many is compared. */
const COMPARED = 16;

if (import.meta.main) {
  await using cache = await openCache({ directory: process.argv[2] });
  const random = randomNumbers(5);
  const figures = { inMemory: 0, reads: 0, wrong: 0 };
  const read = (n: number) => {
    const [vector] = cache.getMany([benchKey(n)]);
    if (!vector || (random(COMPARED) === 0 && !sameBits(vector, benchVector(n, DIMENSIONS)))) figures.wrong++;
  };
  for (let scanned = 0; scanned < SCANNED; scanned++) {
    read(HOT + scanned);
    for (let i = 0; i < HOT_READS_A_SCAN; i++) {
      const fromDisk = cache.hits.L3;
      read(random(HOT));
      figures.reads++;
      if (cache.hits.L3 === fromDisk) figures.inMemory++;
    }
  }
  const { L1, L2, L3 } = cache.statistics().tiers;
  const latency = { L1: L1.latency, L2: L2.latency, L3: L3.latency };
  process.stdout.write(JSON.stringify({ ...figures, latency } satisfies HotSet));
}
