/**
 * The slow suite: `node --conditions=embed-once-source packages/embed-once/test/codec/slow.ts`. It takes some minutes
 * and says what it counted; it exits with 1 at the first property that does not hold.
 */
import { encodeVector } from "../../src/codec/index.ts";
import { accidentalFits, fuzz, roundTrips } from "./long-runs.ts";
import { gaussian, seededRandom } from "./provider-vectors.ts";

const SEED = 20_261_122;

function report(name: string, counts: object, holds: boolean): void {
  process.stdout.write(`${holds ? "ok  " : "FAIL"} ${name} ${JSON.stringify(counts)}\n`);
  if (!holds) process.exit(1);
}

const trips = roundTrips(100_000_000, SEED);
report("numbers come back with the same bits", trips, trips.mismatches === 0);

const fits = accidentalFits(1_000_000, SEED);
report("random float32 vectors make no accidental fit", fits, fits.fits === 0);

const random = seededRandom(SEED);
const micros = Array.from({ length: 20_000 }, () => {
  const values = Float32Array.from({ length: 1536 }, () => 0.03 * gaussian(random));
  const start = performance.now();
  encodeVector(values);
  return 1000 * (performance.now() - start);
}).sort((left, right) => left - right);
const [median, p99] = [0.5, 0.99].map((share) => Math.round(micros[Math.floor(share * micros.length)]!));
report("encoding 1,536 unstructured float32s, µs", { median, p99 }, true);

const fuzzed = fuzz(60_000, SEED);
report("random bytes give no numbers", fuzzed, fuzzed.accepted === 0);
