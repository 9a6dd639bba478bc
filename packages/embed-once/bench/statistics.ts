/**
 * What statistics cost a lookup: `npm run bench:statistics`. The parts are measured in loops by themselves, and beside
 * them a lookup in L1 with all of them in it. `--json FILE` writes the figures.
 */
import { channel } from "node:diagnostics_channel";
import { parseArgs } from "node:util";
import { openCache } from "../src/cache/hierarchical-cache.ts";
import { CACHE_CHANNEL } from "../src/statistics/channels.ts";
import { LatencyHistogram } from "../src/statistics/latency-histogram.ts";
import { Sampler } from "../src/statistics/sampling.ts";
import { writeReport } from "./report.ts";
import { benchKey, benchVector } from "./tiers-data.ts";

const { values: options } = parseArgs({ options: { json: { type: "string" } } });

const ROUNDS = 301;
const CALLS = 20_000;
const DIMENSIONS = 1_536;
const KEYS = 100;

interface Timing {
  p50: number;
  p99: number;
}

const figures: Record<string, Timing> = {};

/** Nanoseconds a call: median and 99th percentile of the rounds' means. */
function measure(name: string, callsARound: number, round: () => void): Timing {
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const startedMs = performance.now();
    round();
    times.push(((performance.now() - startedMs) * 1e6) / callsARound);
  }
  times.sort((a, b) => a - b);
  const timing = { p50: times[ROUNDS >> 1]!, p99: times[Math.floor(0.99 * ROUNDS)]! };
  figures[name] = timing;
  process.stdout.write(
    `${name.padEnd(64)} ${timing.p50.toFixed(1).padStart(8)} ${timing.p99.toFixed(1).padStart(8)}\n`,
  );
  return timing;
}

process.stdout.write(`${"nanoseconds".padEnd(64)} ${"p50".padStart(8)} ${"p99".padStart(8)}\n`);

let sink = 0;
measure("floor: an empty loop, a turn", CALLS, () => {
  for (let i = 0; i < CALLS; i++) sink = (sink + i) | 0;
});
const sampler = new Sampler();
let chosen = 0;
const asked = measure("whether a lookup is timed, a lookup", CALLS, () => {
  for (let i = 0; i < CALLS; i++) if (sampler.isChosen()) chosen++;
});
const gap = (ROUNDS * CALLS) / chosen;
if (gap < 15 || gap > 18) throw new Error(`one lookup in ${gap.toFixed(1)} is timed, about 16 were expected`);
const clock = measure("reading the clock, once", CALLS, () => {
  for (let i = 0; i < CALLS; i++) sink = performance.now();
});
const histogram = new LatencyHistogram();
const recorded = measure("recording a duration, once", CALLS, () => {
  for (let i = 0; i < CALLS; i++) histogram.record((i % 1000) * 1e-6);
});
if (Math.abs(histogram.percentileNs(0.5)! - 499) > 1 + 499 / 64) throw new Error("the histogram's median is wrong");
const cacheChannel = channel(CACHE_CHANNEL);
measure("whether somebody subscribes, a batch", CALLS, () => {
  for (let i = 0; i < CALLS; i++) if (cacheChannel.hasSubscribers) sink++;
});
const latency = asked.p50 + (2 * clock.p50 + recorded.p50) / gap;
process.stdout.write(`${"latency, all in all, a lookup".padEnd(64)} ${latency.toFixed(1).padStart(8)}\n`);

await using cache = await openCache({ diskBytes: 0 });
const keys = Array.from({ length: KEYS }, (_, i) => benchKey(i));
await cache.setMany(keys.map((key, i) => ({ key, vector: benchVector(i, DIMENSIONS) })));
for (let i = 0; i < 4; i++) cache.getMany(keys);
const expected = benchVector(KEYS - 1, DIMENSIONS);
const found = cache.getMany([keys[KEYS - 1]!])[0]!;
if (found.some((value, i) => !Object.is(value, expected[i]))) throw new Error("a vector is wrong");
const { hits } = cache.statistics().tiers.L1;
const hit = measure(`a hit in L1, ${DIMENSIONS} dimensions, statistics included`, KEYS, () => cache.getMany(keys));
if (cache.statistics().tiers.L1.hits !== hits + ROUNDS * KEYS) throw new Error("not all of it came from L1");
process.stdout.write(`latency is ${((100 * latency) / hit.p50).toFixed(1)} % of that\n`);

writeReport(options.json, { figures, latencyNs: latency, gap, sink });
