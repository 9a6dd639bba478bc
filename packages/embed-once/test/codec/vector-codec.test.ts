import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeInto, decodeVector, encodeVector, recordInfo } from "../../src/codec/index.ts";
import { bitsOf, STRUCTURES, seededRandom, structured, WRITINGS, written } from "./provider-vectors.ts";

const SEED = 20_261_122;

function expectSameBits(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const got = bitsOf(actual);
  const wanted = bitsOf(expected);
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < got.length; i++) {
    if (got[i] !== wanted[i]) expect.fail(`value ${i}: ${expected[i]} came back as ${actual[i]}`);
  }
}

function expectRoundTrip(values: ArrayLike<number>): Uint8Array {
  const record = encodeVector(values);
  expectSameBits(decodeVector(record), values);
  const target = new Float64Array(values.length);
  expect(decodeInto(record, target)).toBe(true);
  expectSameBits(target, values);
  return record;
}

describe("every structure in every writing comes back with the same bits", () => {
  for (const structure of STRUCTURES) {
    for (const writing of WRITINGS) {
      test(`${structure}, ${writing}`, () => {
        const random = seededRandom(SEED);
        for (const dimensions of [1, 2, 3, 7, 31, 48, 255, 256, 384, 511, 512, 513, 768, 1024, 1536, 3072]) {
          for (let round = 0; round < 3; round++) {
            expectRoundTrip(written(structured(structure, dimensions, random), writing));
          }
        }
      });
    }
  }
});

describe("compression", () => {
  const bitsPerValue = (values: number[]): number => (8 * expectRoundTrip(values).length) / values.length;
  const random = seededRandom(SEED);
  const cases = [
    ["float16", "widened", 13.7],
    ["float16 scaled", "widened", 13.7],
    ["float16 scaled", "shortest", 13.7],
    ["bfloat16", "shortest", 10.9],
    ["bfloat16 scaled", "widened", 10.9],
    ["bfloat16 scaled", "shortest", 10.9],
    ["bfloat16 normalised twice", "shortest", 11.8],
    ["mean of three bfloat16", "shortest", 14.5],
    ["mean of three bfloat16", "nine decimals", 14.5],
    ["mean of eight bfloat16", "widened", 16.8],
    ["float32", "widened", 26.8],
    ["float32", "shortest", 26.8],
    ["float64", "widened", 57.5],
  ] as const;
  for (const [structure, writing, limit] of cases) {
    test(`${structure}, ${writing}, takes at most ${limit} bits a value at 1,536 dimensions`, () => {
      for (let round = 0; round < 10; round++) {
        expect(bitsPerValue(written(structured(structure, 1536, random), writing))).toBeLessThan(limit);
      }
    });
  }

  test("half precision rounded to nine decimals afterwards is still found", () => {
    const values = written(structured("float16 scaled", 1024, random), "nine decimals");
    expect(recordInfo(encodeVector(values))).toMatchObject({ numberForm: "fixedFloat32", structure: "grid" });
    expect(bitsPerValue(values)).toBeLessThan(15.5);
  });

  test("what repeats goes to zstd", () => {
    const period = structured("float64", 64, random);
    const values = Array.from({ length: 2048 }, (_, i) => period[i % 64]!);
    const record = expectRoundTrip(values);
    expect(recordInfo(record).structure).toMatch(/^zstd/);
    expect(record.length).toBeLessThan(64 * 8 + 100);
  });
});

describe("extreme values", () => {
  const zeros = new Array(1000).fill(0);
  const cases: Record<string, ArrayLike<number>> = {
    "one zero": [0],
    "one negative zero": [-0],
    zeros,
    "negative zeros": zeros.map(() => -0),
    "zeros of both signs": zeros.map((_, i) => (i % 3 === 0 ? -0 : 0)),
    "a constant": zeros.map(() => 0.1),
    "a constant float32": zeros.map(() => Math.fround(0.1)),
    "powers of two over all exponents": Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074)),
    "float32 subnormals": Array.from({ length: 600 }, (_, i) => (i - 300) * 2 ** -149),
    "float64 subnormals": Array.from({ length: 600 }, (_, i) => (i - 300) * Number.MIN_VALUE),
    "largest float64s": Array.from({ length: 600 }, (_, i) => (i % 2 ? 1 : -1) * Number.MAX_VALUE * (1 - i / 1e4)),
    "largest float32s": Array.from({ length: 600 }, (_, i) => Math.fround(3.4028234e38 * (1 - i / 1e4))),
    integers: Array.from({ length: 1000 }, (_, i) => i - 500),
    "int8s as they come from quantised models": Array.from({ length: 1024 }, (_, i) => ((i * 7919) % 255) - 127),
    infinities: Array.from({ length: 100 }, (_, i) => (i % 2 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY)),
    NaN: zeros.map(() => Number.NaN),
  };
  for (const [name, values] of Object.entries(cases)) {
    test(`${name} round-trip`, () => {
      expectRoundTrip(values);
    });
  }

  test("a few NaN, infinities, zeros and outliers among ordinary values round-trip in every structure", () => {
    const random = seededRandom(SEED);
    for (const structure of STRUCTURES) {
      for (const writing of WRITINGS) {
        const values = written(structured(structure, 1024, random), writing);
        values[3] = Number.NaN;
        values[500] = Number.POSITIVE_INFINITY;
        values[501] = Number.NEGATIVE_INFINITY;
        values[7] = -0;
        values[8] = 0;
        values[9] = 1e300;
        values[10] = 5e-324;
        values[11] = Math.PI;
        values[1023] = 2 ** -149;
        expectRoundTrip(values);
      }
    }
  });

  test("NaN payloads and the sign of NaN are kept", () => {
    const values = Float64Array.from(structured("float16 scaled", 600, seededRandom(SEED)));
    const bits = new BigUint64Array(values.buffer);
    bits[0] = 0x7ff8000000000001n;
    bits[17] = 0xfff8dead_beef0001n;
    bits[599] = 0x7ffc0000_12345678n;
    const target = new Float64Array(600);
    decodeInto(encodeVector(values), target);
    expect(new BigUint64Array(target.buffer)).toEqual(bits);
  });

  test("65,536 dimensions round-trip in every structure", () => {
    const random = seededRandom(SEED);
    for (const structure of STRUCTURES) expectRoundTrip(structured(structure, 65_536, random));
  });
});

test("any float64s round-trip", () => {
  fc.assert(
    fc.property(
      fc.float64Array({ minLength: 1, maxLength: 300, noNaN: false }),
      (values) => void expectRoundTrip(values),
    ),
    { seed: SEED, numRuns: 2000 },
  );
});

test("mixtures of forms and structures round-trip", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1, max: 700 }),
      fc.array(fc.tuple(fc.constantFrom(...STRUCTURES), fc.constantFrom(...WRITINGS)), { minLength: 1, maxLength: 3 }),
      (seed, dimensions, parts) => {
        const random = seededRandom(seed);
        const sources = parts.map(([structure, writing]) =>
          written(structured(structure, dimensions, random), writing),
        );
        const power = 2 ** Math.floor(random() * 60 - 30);
        expectRoundTrip(
          Array.from(
            { length: dimensions },
            (_, i) => sources[Math.floor(random() ** 4 * sources.length)]![i]! * power,
          ),
        );
      },
    ),
    { seed: SEED, numRuns: 1500 },
  );
});

describe("decoding into a given array", () => {
  const random = seededRandom(SEED);

  test("a Float32Array is exact for float32s and the nearest float32s otherwise, and says so", () => {
    for (const structure of STRUCTURES) {
      for (const writing of WRITINGS) {
        const values = written(structured(structure, 513, random), writing);
        const target = new Float32Array(520).fill(7);
        const isExact = decodeInto(encodeVector(values), target);
        expectSameBits(target.subarray(0, 513), Float32Array.from(values));
        expect(target.subarray(513).every((rest) => rest === 7)).toBe(true);
        if (isExact) expectSameBits(target.subarray(0, 513), values);
        if (structure !== "float64" && writing === "widened") expect(isExact).toBe(true);
      }
    }
  });

  test("a record is decoded from any alignment and left as it was", () => {
    const values = written(structured("float16 scaled", 777, random), "shortest");
    const record = encodeVector(values);
    const room = new Uint8Array(record.length + 16).fill(0xa5);
    for (let offset = 0; offset < 16; offset++) {
      room.fill(0xa5).set(record, offset);
      const before = room.slice();
      expectSameBits(decodeVector(room.subarray(offset, offset + record.length)), values);
      expect(room).toEqual(before);
    }
  });

  test("a target that is too short is refused", () => {
    expect(() => decodeInto(encodeVector([1, 2, 3]), new Float64Array(2))).toThrow(
      new RangeError("The record has 3 dimensions; the target has room for 2."),
    );
  });
});

describe("arguments", () => {
  test("an empty, an oversized and a non-numeric vector are refused", () => {
    expect(() => encodeVector([])).toThrow(RangeError);
    expect(() => encodeVector({ length: 65_537 })).toThrow("1 to 65536 dimensions; got 65537");
    expect(() => encodeVector(["0.1"] as unknown as number[])).toThrow(
      "Element 0 of the vector is not a number: string.",
    );
    expect(() => encodeVector([1], { zstdLevel: 23 })).toThrow("zstdLevel must be an integer from 1 to 22; got 23.");
  });

  test("the record does not depend on the kind of array, and the input is left as it was", () => {
    const values = structured("float16 scaled", 300, seededRandom(SEED));
    const typed = Float64Array.from(values);
    const before = typed.slice();
    expect(encodeVector(typed)).toEqual(encodeVector(values));
    expect(encodeVector(Float32Array.from(values))).toEqual(encodeVector(values));
    expect(typed).toEqual(before);
  });
});
