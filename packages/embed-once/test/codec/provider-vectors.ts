import { roundToDecimals, shortestDecimal } from "../../src/codec/shortest-decimal.ts";

/**
 * Vectors made as providers make them: float16 or bfloat16 values, normalised once or twice in float32, written as
 * float32, as shortest decimals or with fixed decimals. Seeded; the same on every machine.
 */

/** A small seeded generator (Mulberry32): uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard Gaussian by Box and Muller. */
export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Rounds to that many significand bits, ties to even; exponents are unbounded. */
export function roundSignificand(value: number, bits: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits + 1);
  const scaled = value / unit;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return (floor + (up ? 1 : 0)) * unit;
}

export type Structure =
  | "float16"
  | "bfloat16"
  | "float16 scaled"
  | "bfloat16 scaled"
  | "bfloat16 normalised twice"
  | "bfloat16 answered in float16"
  | "mean of three bfloat16"
  | "mean of eight bfloat16"
  | "float32"
  | "float64";

export const STRUCTURES: readonly Structure[] = [
  "float16",
  "bfloat16",
  "float16 scaled",
  "bfloat16 scaled",
  "bfloat16 normalised twice",
  "bfloat16 answered in float16",
  "mean of three bfloat16",
  "mean of eight bfloat16",
  "float32",
  "float64",
];

/** One vector of that structure, about unit norm. */
export function structured(structure: Structure, dimensions: number, random: () => number): number[] {
  const raw = Array.from({ length: dimensions }, () => 3 * gaussian(random));
  const spread = 1 / (3 * Math.sqrt(dimensions));
  const scale = spread * (0.9 + 0.2 * random());
  switch (structure) {
    case "float16":
      return raw.map((value) => roundSignificand(value * spread, 11));
    case "bfloat16":
      return raw.map((value) => roundSignificand(value * spread, 8));
    case "float16 scaled":
      return raw.map((value) => Math.fround(roundSignificand(value, 11) * scale));
    case "bfloat16 scaled":
      return raw.map((value) => Math.fround(roundSignificand(value, 8) * scale));
    case "bfloat16 normalised twice": {
      const first = Math.fround(0.5 + random());
      const second = Math.fround(scale / first);
      return raw.map((value) => Math.fround(Math.fround(roundSignificand(value, 8) * first) * second));
    }
    case "bfloat16 answered in float16":
      return raw.map((value) => roundSignificand(Math.fround(roundSignificand(value, 8) * scale), 11));
    case "mean of three bfloat16":
      return meanOfBfloat16s(3, raw, scale, random);
    case "mean of eight bfloat16":
      return meanOfBfloat16s(8, raw, scale, random);
    case "float32":
      return raw.map((value) => Math.fround(value * scale));
    case "float64":
      return raw.map((value) => value * scale);
  }
}

function meanOfBfloat16s(addends: number, raw: readonly number[], scale: number, random: () => number): number[] {
  const second = Math.fround(scale);
  return raw.map((value) => {
    let sum = 0;
    for (let added = 0; added < addends; added++) sum += roundSignificand(value / addends + gaussian(random), 8);
    return Math.fround(Math.fround(sum / addends) * second);
  });
}

export type Writing = "widened" | "shortest" | "shortest, ties up" | "nine decimals" | "six decimals";

export const WRITINGS: readonly Writing[] = [
  "widened",
  "shortest",
  "shortest, ties up",
  "nine decimals",
  "six decimals",
];

/** The vector as a client gets it when the server writes its float32s so. */
export function written(vector: readonly number[], writing: Writing): number[] {
  switch (writing) {
    case "widened":
      return [...vector];
    case "shortest":
      return vector.map((value) => shortestDecimal(Math.fround(value), false));
    case "shortest, ties up":
      return vector.map((value) => shortestDecimal(Math.fround(value), true));
    case "nine decimals":
      return vector.map((value) => roundToDecimals(value, 9));
    case "six decimals":
      return vector.map((value) => roundToDecimals(value, 6));
  }
}

/** The float64s' bits. Both arrays have to keep NaN payloads: Float64Arrays do. */
export function bitsOf(values: ArrayLike<number>): BigUint64Array {
  return new BigUint64Array(Float64Array.from(values).buffer);
}
