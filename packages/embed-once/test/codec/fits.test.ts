import { expect, test } from "vitest";
import { encodeVector, inspectVectors, recordInfo } from "../../src/codec/index.ts";
import { accidentalFits } from "./long-runs.ts";
import { seededRandom, structured, written } from "./provider-vectors.ts";

const SEED = 161_803;

test("random float32 vectors make no accidental fit", () => {
  expect(accidentalFits(4000, SEED)).toEqual({ vectors: 4000, fits: 0 });
});

test("the hidden precision is found at every usual dimension count", () => {
  const random = seededRandom(SEED);
  for (const dimensions of [64, 128, 256, 384, 512, 768, 1024, 1536, 3072]) {
    for (let round = 0; round < 20; round++) {
      const float16 = recordInfo(encodeVector(structured("float16 scaled", dimensions, random)));
      expect(float16).toMatchObject({ precision: 11, isCorrected: false });
      // One value in a thousand may be too small for the static tables.
      expect(float16.exceptions).toBeLessThan(4);
      const bfloat16 = recordInfo(encodeVector(written(structured("bfloat16 scaled", dimensions, random), "shortest")));
      expect(bfloat16).toMatchObject({ precision: 8, isCorrected: false });
      expect(bfloat16.exceptions).toBeLessThan(4);
    }
  }
});

test("inspect counts forms and structures, and its sizes are those of the records", () => {
  const random = seededRandom(SEED);
  const vectors = [
    structured("float16 scaled", 512, random),
    structured("float16 scaled", 512, random),
    written(structured("float32", 256, random), "shortest"),
  ];
  const report = inspectVectors(vectors);
  const bytes = vectors.map((vector) => encodeVector(vector).length);
  expect(report).toMatchObject({
    vectors: 3,
    dimensions: [256, 512],
    values: 1280,
    recordBytes: bytes[0]! + bytes[1]! + bytes[2]!,
    groups: [
      { label: "float32, 11 bits, scaled", vectors: 2, bitsPerValue: (8 * (bytes[0]! + bytes[1]!)) / 1024 },
      { label: "shortest decimals of float32, 24 bits", vectors: 1, bitsPerValue: (8 * bytes[2]!) / 256 },
    ],
  });
  expect(report.ratioToFloat64).toBeCloseTo((8 * 1280) / report.recordBytes, 10);
  expect(() => inspectVectors([])).toThrow("There are no vectors to inspect.");
});
