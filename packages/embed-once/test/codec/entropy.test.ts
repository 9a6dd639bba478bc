import { describe, expect, test } from "vitest";
import { entropyBits } from "../../bench/codec-entropy.ts";
import { encodeVector } from "../../src/codec/index.ts";
import { gaussian, roundSignificand, seededRandom } from "./provider-vectors.ts";

const DIMENSIONS = 1536;
const SPREAD = 3;

/** Gaussian numbers of 11 significant bits, scaled, and the bits that each of them takes on average. */
function drawnVectors(count: number, bits: number) {
  const random = seededRandom(8);
  let logOfSteps = 0;
  const vectors = Array.from({ length: count }, () => {
    const scale = 0.02 + 0.01 * random();
    return Array.from({ length: DIMENSIONS }, () => {
      const h = roundSignificand(SPREAD * gaussian(random), bits);
      logOfSteps += Math.floor(Math.log2(Math.abs(h))) + 1 - bits;
      return Math.fround(h * scale);
    });
  });
  const differential = 0.5 * Math.log2(2 * Math.PI * Math.E * SPREAD ** 2);
  return { vectors, trueBits: differential - logOfSteps / (count * DIMENSIONS) };
}

describe("the estimate of entropy", () => {
  test.each([8, 11])("is that of the distribution from which values of %i bits were drawn", (bits) => {
    const { vectors, trueBits } = drawnVectors(10, bits);
    expect(Math.abs(entropyBits(vectors) - trueBits)).toBeLessThan(0.03);
  });

  test("is a little below what records take", () => {
    const { vectors } = drawnVectors(10, 11);
    const recordBytes = vectors.reduce((sum, vector) => sum + encodeVector(vector).length, 0);
    const ratio = (8 * recordBytes) / (vectors.length * DIMENSIONS) / entropyBits(vectors);
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThan(1.02);
  });

  test("does not take vectors of two kinds for one", () => {
    const [few, many] = [drawnVectors(4, 8).vectors, drawnVectors(4, 11).vectors];
    const mean = (entropyBits(few) + entropyBits(many)) / 2;
    expect(entropyBits([...few, ...many])).toBeCloseTo(mean, 6);
  });
});
