/** Another process on the same cache: stores vectors that it made itself, spread over the storm, and reads some back. */
import { setTimeout as sleep } from "node:timers/promises";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import { benchKey, benchVector, randomNumbers } from "../tiers-data.ts";
import { end, stopping, task, tell } from "./actor.ts";
import { DIMENSIONS, sameBits } from "./witness.ts";

const BATCH = 100;
const READS = 20;
/** The share of the storm in which all of it is to be written, kills included. */
const SHARE = 0.6;

const { cacheDirectory: directory, vectors, written, durationMs, seed } = task;
const random = randomNumbers(seed);
const pauseMs = (SHARE * durationMs * BATCH) / vectors;
const cache = await openCache({ directory, onNotice: (notice) => tell({ notice }) });
let next = written;
let dueMs = performance.now();
while (next < vectors) {
  const batch = Array.from({ length: Math.min(BATCH, vectors - next) }, (_, i) => next + i);
  await cache.setMany(
    batch.map((n) => ({ key: benchKey(n), vector: benchVector(n, DIMENSIONS), model: "production test" })),
  );
  next += batch.length;
  tell({ written: next });
  const asked = Array.from({ length: READS }, () => random(next));
  const found = cache.getMany(asked.map(benchKey));
  const bad = asked.filter((n, i) => !sameBits(found[i], benchVector(n, DIMENSIONS)));
  const lost = bad.filter((n) => found[asked.indexOf(n)] === undefined);
  const wrong = bad.filter((n) => found[asked.indexOf(n)] !== undefined);
  tell({ compared: READS, wrong: wrong.map((n) => `vector ${n}`), lost: lost.map((n) => `vector ${n}`) });
  dueMs += pauseMs;
  // Once the storm is over nobody waits for it.
  const restMs = stopping.aborted ? 0 : dueMs - performance.now();
  await (restMs > 0 ? sleep(restMs) : new Promise((resolve) => setImmediate(resolve)));
}
await cache.close();
end();
