import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader } from "../../src/codec/byte-io.ts";
import { decodeVector, encodeVector } from "../../src/codec/index.ts";
import { DECIMALS_AT, DESCRIPTORS_AT, fieldsAt, MAX_SHORT_WIDTH, vectorLayout } from "../../src/codec/kernel-layout.ts";
import { kernels } from "../../src/codec/kernel-module.ts";
import { dotProducts } from "../../src/codec/kernels.ts";
import { COARSE_LABEL, FINE_OCTAVES, INNER_OCTAVES, LABELS, OUTER_OCTAVES } from "../../src/codec/octave-tables.ts";
import { openRecord } from "../../src/codec/record.ts";
import { shortestDecimal } from "../../src/codec/shortest-decimal.ts";
import { STRUCTURES, seededRandom, structured, WRITINGS, written } from "./provider-vectors.ts";
import { referenceDecode } from "./reference-decoder.ts";

const SEED = 271_828;

describe("the WebAssembly decoder equals the plain TypeScript reference", () => {
  for (const structure of STRUCTURES) {
    test(structure, () => {
      const random = seededRandom(SEED);
      for (const writing of WRITINGS) {
        for (const dimensions of [40, 257, 511, 512, 515, 1024]) {
          const values = written(structured(structure, dimensions, random), writing);
          if (dimensions > 500) values[dimensions >> 1] = 1e30;
          const record = encodeVector(values);
          const opened = openRecord(record);
          if (opened.structure !== "grid") continue;
          expect(referenceDecode(opened, new ByteReader(opened.payload, 0, opened.payload.length))).toEqual(
            Float64Array.from(decodeVector(record)),
          );
        }
      }
    });
  }
});

describe("the kernel for short fields equals the one for all", () => {
  for (let width = 0; width <= MAX_SHORT_WIDTH; width++) {
    test(`with ${width} raw bits a value`, () => {
      const { memory, symbolsAt, payloadAt, float32sAt } = vectorLayout(1024);
      const float32s = (count: number) => memory.int32s.slice(float32sAt / 4, float32sAt / 4 + count);
      const random = seededRandom(SEED + width);
      const precision = width + 4;
      for (const count of [...Array(40).keys(), 511, 512, 1024]) {
        for (const coarseShare of [0, 0.02, 0.5, 1]) {
          // From the least normal float32 in the lowest fine octave to the largest in the highest one.
          const lowest = Math.floor(random() * (254 - FINE_OCTAVES));
          const topExponent = lowest + OUTER_OCTAVES + FINE_OCTAVES - 127;
          const scale = random() < 0.2 ? 1 : 1 + random();
          for (let i = 0; i < count + 8; i++) {
            const isCoarse = random() < coarseShare;
            const label = isCoarse
              ? COARSE_LABEL + random() * (LABELS - COARSE_LABEL)
              : 8 + random() * 8 * FINE_OCTAVES;
            memory.bytes[symbolsAt + i] = label;
          }
          for (let i = 0; i < 3 * count + 64; i++) memory.bytes[payloadAt + i] = random() * 256;
          const [outer, fine, inner] = [OUTER_OCTAVES, FINE_OCTAVES, INNER_OCTAVES];
          kernels().describeSymbols(DESCRIPTORS_AT, outer, fine, inner, precision, 1000, topExponent, scale);
          const vector = [symbolsAt, payloadAt, count] as const;
          const bits = kernels().decodeFloat32s(DESCRIPTORS_AT, ...vector, 0, float32sAt);
          const expected = float32s(count);
          memory.float32s.fill(0, float32sAt / 4, float32sAt / 4 + count);
          const fields = fieldsAt(width);
          const short = [DESCRIPTORS_AT, ...vector, fields, width, 8 * lowest, scale, float32sAt] as const;
          expect(kernels().decodeShortFields(...short)).toBe(bits);
          expect(float32s(count)).toEqual(expected);
        }
      }
    });
  }
});

describe("the shortest-decimal kernel equals its reference", () => {
  function expectSame(float32s: Float32Array): void {
    const { length } = float32s;
    for (const tiesUp of [false, true]) {
      const { memory, float32sAt, float64sAt } = vectorLayout(length);
      memory.float32s.set(float32s, float32sAt / 4);
      kernels().shortestDecimals(float32sAt, float64sAt, length, DECIMALS_AT, tiesUp ? 1 : 0);
      for (let i = 0; i < length; i++) {
        const got = memory.float64s[float64sAt / 8 + i]!;
        const wanted = shortestDecimal(float32s[i]!, tiesUp);
        if (!Object.is(got, wanted)) expect.fail(`${float32s[i]}, tiesUp ${tiesUp}: ${got} instead of ${wanted}`);
      }
    }
  }

  test("for random bit patterns of every exponent", () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 40; round++) {
      const bits = Uint32Array.from({ length: 4096 }, () => random() * 2 ** 32);
      expectSame(new Float32Array(bits.buffer));
    }
  });

  test("for the values of embeddings", () => {
    const random = seededRandom(SEED);
    for (const structure of STRUCTURES) expectSame(Float32Array.from(structured(structure, 20_000, random)));
  });

  test("around every power of ten and of two, and for short decimals", () => {
    const values: number[] = [];
    for (let exponent = -40; exponent <= 38; exponent++) {
      for (let step = -3; step <= 3; step++) values.push(Math.fround(10 ** exponent) * (1 + step * 2 ** -23));
    }
    for (let exponent = -149; exponent < 128; exponent++) {
      for (let step = -3; step <= 3; step++) values.push(2 ** exponent * (1 + step * 2 ** -23));
    }
    for (let k = 1; k < 3000; k++) values.push(k / 1000, k / 1e5, -k / 1e7, k);
    expectSame(Float32Array.from(values));
  });

  test("exact ties: servers round to even, JavaScript up", () => {
    expect(shortestDecimal(0.0166015625, false)).toBe(0.016601562);
    expect(shortestDecimal(0.0166015625, true)).toBe(0.016601563);
  });
});

describe("dotProducts", () => {
  test("equals the sum of products for every length and across blocks", () => {
    const random = seededRandom(SEED);
    for (const [dimensions, count] of [
      [1, 3],
      [15, 7],
      [16, 5],
      [17, 5],
      [384, 1000],
      [1536, 200],
      [65_536, 3],
    ] as const) {
      const query = Float32Array.from(structured("float32", dimensions, random));
      const all = new Float32Array(count * dimensions);
      for (let row = 0; row < count; row++) all.set(structured("float32", dimensions, random), row * dimensions);
      const scores = new Float32Array(count).fill(Number.NaN);
      dotProducts(query, all, scores);
      for (let row = 0; row < count; row++) {
        let sum = 0;
        for (let i = 0; i < dimensions; i++) sum += query[i]! * all[row * dimensions + i]!;
        expect(Math.abs(scores[row]! - sum)).toBeLessThan(1e-5);
      }
    }
  });

  test("a vector's product with itself is the same wherever it stands", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 3000 }), (dimensions, count) => {
        const query = Float32Array.from({ length: dimensions }, (_, i) => Math.sin(i + 1));
        const rows = new Float32Array(dimensions * count);
        for (let row = 0; row < count; row++) rows.set(query, row * dimensions);
        const scores = new Float32Array(count);
        dotProducts(query, rows, scores);
        expect(new Set(scores).size).toBe(1);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  test("lengths that do not fit are refused", () => {
    expect(() => dotProducts(new Float32Array(3), new Float32Array(8), new Float32Array(2))).toThrow(
      "2 rows of 3 dimensions are 6 float32s; got 8.",
    );
    expect(() => dotProducts(new Float32Array(0), new Float32Array(0), new Float32Array(0))).toThrow(RangeError);
  });
});
