import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEGMENT_ROWS, Sketches } from "../../src/codec/sketches.ts";
import { hashedFeatures } from "../../src/provider/hashed-features.ts";
import { gaussian, seededRandom } from "./provider-vectors.ts";
import { readRow, referenceEstimate, referenceLevels, referenceTurn } from "./reference-sketches.ts";

const SEED = 271_828;

/** Every number of bits; lengths around multiples of sixteen; one that takes several rounds of sums. */
const LENGTHS = [1, 2, 15, 16, 17, 100, 384, 512, 513, 1024, 1025, 1536, 4200, 9000];

function vectors(count: number, dimensions: number, random: () => number): number[][] {
  return Array.from({ length: count }, () => Array.from({ length: dimensions }, () => gaussian(random)));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const lengths = Math.hypot(...a) * Math.hypot(...b);
  return lengths === 0 ? 0 : a.reduce((sum, value, i) => sum + value * b[i]!, 0) / lengths;
}

/** The bounds of a few vectors, from one segment after the other. */
function boundsOf(sketches: Sketches, all: readonly (readonly number[])[], query: readonly number[]): number[] {
  sketches.aim(query);
  const bounds: number[] = [];
  for (let first = 0; first < all.length; first += SEGMENT_ROWS) {
    const segment = sketches.emptySegment();
    const rows = all.slice(first, first + SEGMENT_ROWS);
    for (const [row, vector] of rows.entries()) sketches.write(segment, row, vector);
    sketches.load(first / SEGMENT_ROWS, segment);
  }
  for (let first = 0; first < all.length; first += SEGMENT_ROWS) {
    const count = Math.min(SEGMENT_ROWS, all.length - first);
    bounds.push(...sketches.scan(first / SEGMENT_ROWS).slice(0, count));
  }
  return bounds;
}

describe.each(LENGTHS)("sketches of %i dimensions", (dimensions) => {
  test("hold what the reference rounds the rotated vector to", () => {
    const random = seededRandom(SEED);
    const sketches = new Sketches(dimensions);
    const segment = sketches.emptySegment();
    for (const [index, vector] of vectors(4, dimensions, random).entries()) {
      const row = index * 83;
      sketches.write(segment, row, vector);
      const turned = referenceTurn(vector);
      const expected = referenceLevels(turned, sketches.bits);
      const { factor, error, rounded } = readRow(segment, row, sketches.bits, turned.length);
      // Float32 puts a value that lies on a border on either side of it.
      const different = expected.filter((value, i) => value !== rounded[i]!).length;
      expect(different).toBeLessThanOrEqual(Math.ceil(dimensions / 1000));
      const product = rounded.reduce((sum, value, i) => sum + value * turned[i]!, 0);
      const squares = rounded.reduce((sum, value) => sum + value * value, 0);
      expect(factor * product).toBeCloseTo(1, 5);
      expect(error).toBeCloseTo(Math.sqrt(Math.max(0, squares / product ** 2 - 1)), 3);
    }
  });

  test("are scanned to the reference's estimate and margin", () => {
    const random = seededRandom(SEED + dimensions);
    const sketches = new Sketches(dimensions);
    const [query, ...others] = vectors(6, dimensions, random) as [number[], ...number[][]];
    const near = others.map((vector) => vector.map((value, i) => value + 0.7 * query[i]!));
    const all = [...others, ...near, query];
    const bounds = boundsOf(sketches, all, query);
    const segment = sketches.emptySegment();
    for (const [row, vector] of all.entries()) sketches.write(segment, row, vector);
    const turned = referenceTurn(query);
    for (const [row, bound] of bounds.entries()) {
      const { estimate, margin } = referenceEstimate(turned, readRow(segment, row, sketches.bits, turned.length));
      // The query's tables are rounded to steps of 1/63 of the widest; the bound allows for it.
      expect(bound).toBeGreaterThan(estimate + margin - 0.01);
      expect(bound).toBeLessThan(estimate + margin + 0.05);
    }
  });
});

test("a bound is below the true cosine for fewer than 1 in 1,000 vectors (expected: 1 in 4,300), Gaussian ones as well as sparse ones", () => {
  const random = seededRandom(SEED);
  const words = Array.from({ length: 400 }, (_, i) => `word${i}${"abcdefghij"[i % 10]}`);
  const text = (): string => Array.from({ length: 30 }, () => words[Math.floor(random() ** 2 * 400)]).join(" ");
  for (const dimensions of [64, 384, 1536]) {
    const sparse = Array.from({ length: 1000 }, () => hashedFeatures(text(), dimensions));
    for (const all of [vectors(1000, dimensions, random), sparse]) {
      const sketches = new Sketches(dimensions);
      let below = 0;
      let slack = 0;
      for (const query of all.slice(0, 4)) {
        const bounds = boundsOf(sketches, all, query);
        for (const [row, vector] of all.entries()) {
          const difference = bounds[row]! - cosine(query, vector);
          if (difference < 0) below++;
          slack += difference;
        }
      }
      expect(below / (4 * all.length)).toBeLessThan(1 / 1000);
      // A bound that were always 1 would never be below either.
      expect(slack / (4 * all.length)).toBeLessThan(0.08);
    }
  }
});

test("what points as the query does is never bounded below 1, whatever its length", () => {
  const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(values, fc.integer({ min: -290, max: 290 }), (query, exponent) => {
      fc.pre(query.some((value) => Math.abs(value) > 1e-6));
      const scaled = query.map((value) => value * 10 ** exponent);
      const [bound] = boundsOf(new Sketches(query.length), [scaled], query);
      expect(bound).toBeGreaterThanOrEqual(1);
      expect(bound).toBeLessThan(1.1);
    }),
    { seed: SEED, numRuns: 200 },
  );
});

test("an empty row has no bound, and a vector of zeros one of zero", () => {
  const sketches = new Sketches(20);
  const segment = sketches.emptySegment();
  sketches.write(segment, 3, new Array(20).fill(0));
  sketches.write(segment, 4, new Array(20).fill(1));
  sketches.erase(segment, 4);
  sketches.load(0, segment);
  sketches.aim(new Array(20).fill(1));
  const bounds = sketches.scan(0);
  expect(bounds[3]).toBeCloseTo(0, 4);
  expect(Array.from(bounds).filter(Number.isNaN)).toHaveLength(SEGMENT_ROWS - 1);
});

test("a row is written over without a trace, and its neighbours stay", () => {
  const random = seededRandom(SEED);
  const sketches = new Sketches(70);
  const [first, second, other] = vectors(3, 70, random) as [number[], number[], number[]];
  const once = sketches.emptySegment();
  const twice = sketches.emptySegment();
  sketches.write(twice, 17, first);
  for (const segment of [once, twice]) {
    sketches.write(segment, 16, other);
    sketches.write(segment, 18, other);
    sketches.write(segment, 17, second);
  }
  expect(twice).toEqual(once);
});

test("lengths and rows that do not fit are refused", () => {
  const sketches = new Sketches(3);
  const segment = sketches.emptySegment();
  expect(() => new Sketches(0)).toThrow("A vector has 1 to 65536 dimensions; got 0.");
  expect(() => sketches.write(segment, 0, [1, 2])).toThrow("Expected a vector of 3 numbers, got 2.");
  expect(() => sketches.write(segment, SEGMENT_ROWS, [1, 2, 3])).toThrow("A segment has the rows 0 to 255; got 256.");
  expect(() => sketches.load(0, segment.subarray(1))).toThrow(RangeError);
});
