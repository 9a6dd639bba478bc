/**
 * The slow suite: `node --conditions=embed-once-source packages/embed-once/test/codec/slow.ts`. It takes some minutes
 * and says what it counted; it exits with 1 at the first property that does not hold.
 */
import { encoderMemory } from "../../src/codec/encoder-memory.ts";
import { encodeVector } from "../../src/codec/index.ts";
import { fitScale, takeSamples } from "../../src/codec/scale-fit.ts";
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
const unstructured = Array.from({ length: 2000 }, () =>
  Float32Array.from({ length: 1536 }, () => 0.03 * gaussian(random)),
);
report("encoding 1,536 unstructured float32s, µs", timed(encodeVector), true);
report("the failed fits of 8 and 11 bits in it, µs", timed(fitInVain), true);

function timed(run: (values: Float32Array) => void): { median: number; p99: number } {
  const micros: number[] = [];
  for (let round = 0; round < 10; round++) {
    for (const values of unstructured) {
      const start = performance.now();
      run(values);
      micros.push(1000 * (performance.now() - start));
    }
  }
  micros.sort((left, right) => left - right);
  const [median, p99] = [0.5, 0.99].map((share) => Math.round(10 * micros[Math.floor(share * micros.length)]!) / 10);
  return { median: median!, p99: p99! };
}

/** What a vector costs whose significands repeat by chance, so that the encoder looks for a scale. */
function fitInVain(values: Float32Array): void {
  const { float32s, float32Bits } = encoderMemory(values.length);
  float32s.set(values);
  const taken = takeSamples(float32s, float32Bits, values.length, 0);
  for (const precision of [8, 11]) {
    const scale = fitScale(float32s, float32Bits, values.length, taken, precision, 0);
    if (scale !== undefined) throw new Error(`Random float32s have the scale ${scale}.`);
  }
}

const fuzzed = fuzz(60_000, SEED);
report("random bytes give no numbers", fuzzed, fuzzed.accepted === 0);
