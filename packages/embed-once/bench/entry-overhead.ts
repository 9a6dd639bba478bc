/** What one entry of L1 and of L2 costs in memory besides its numbers: `npm run bench:entry-overhead`. */
import { randomBytes } from "node:crypto";
import { CompressedTier } from "../src/tier/compressed-tier.ts";
import { HotTier } from "../src/tier/hot-tier.ts";

const ENTRIES = 100_000;
const VALUE_BYTES = 64;

function memoryBytes(): number {
  globalThis.gc!();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + Math.max(arrayBuffers, external);
}

const tiers = {
  L1: () => {
    const tier = new HotTier({ maxBytes: Number.MAX_SAFE_INTEGER });
    for (let i = 0; i < ENTRIES; i++) tier.set([{ key: randomBytes(32), value: new Float32Array(VALUE_BYTES / 4) }]);
    return tier;
  },
  L2: () => {
    const tier = new CompressedTier({ maxBytes: Number.MAX_SAFE_INTEGER });
    for (let i = 0; i < ENTRIES; i++) tier.set([{ key: randomBytes(32), value: new Uint8Array(VALUE_BYTES) }]);
    return tier;
  },
};

const filled = [];
for (const [name, fill] of Object.entries(tiers)) {
  const before = memoryBytes();
  const tier = fill();
  filled.push(tier);
  const overhead = (memoryBytes() - before) / ENTRIES - VALUE_BYTES;
  process.stdout.write(`${name}: ${overhead.toFixed(0)} bytes an entry, ${tier.usage().entries} entries\n`);
}
