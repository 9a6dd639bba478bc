/** Prints, as JSON, what a hot tier of 64 MB takes of the heap, and what it says. Argument: dimensions. */
import { randomBytes } from "node:crypto";
import { HotTier } from "../../src/tier/hot-tier.ts";

const dimensions = Number(process.argv[2]);
globalThis.gc!();
const before = process.memoryUsage().heapUsed;
const tier = new HotTier({ maxBytes: 64_000_000 });
for (let i = 0; i < 1.5 * (64_000_000 / (8 * dimensions)); i++) {
  tier.put(
    randomBytes(32),
    Array.from({ length: dimensions }, () => Math.random()),
  );
}
globalThis.gc!();
const heapBytes = process.memoryUsage().heapUsed - before;
process.stdout.write(JSON.stringify({ heapBytes, usedBytes: tier.usage().usedBytes }));
