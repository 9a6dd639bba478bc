import { createHash } from "node:crypto";

/**
 * The number forms in which providers' vectors are computed:
 * - `scaled-float16`: half precision, normalised in float32 (OpenAI until spring 2026, and Azure)
 * - `float16`: half precision as it is (OpenAI since then, Mistral, Cohere v3)
 * - `bfloat16`: 8 significand bits as they are, far from unit length (Titan v1)
 * - `twice-scaled-bfloat16`: 8 significand bits, normalised twice in float32 (Cohere v4)
 * - `float32`: all 24 significand bits (Gemini, Voyage 3, Titan v2, nomic, jina)
 */
export type NumberForm = "scaled-float16" | "float16" | "bfloat16" | "twice-scaled-bfloat16" | "float32";

/**
 * How numbers are written as JSON:
 * - `float32`: the shortest decimal that names the float32
 * - `float32-loose`: the same, with a needless ninth digit now and then (Gemini)
 * - `double`: the exact float32 as a double (Mistral, Titan v2)
 * - `nine-decimals`: rounded to nine decimal places (Voyage)
 */
export type NumberLiteral = "float32" | "float32-loose" | "double" | "nine-decimals";

const BYTES_PER_VALUE = 8;
const TITAN_V1_LENGTH = 19.8;

/**
 * A vector that depends on text, model and nothing else, near Gaussian and, but for `bfloat16`, near unit length as
 * real ones are. Shorter vectors of a text are the longer one cut off and scaled to unit length, as OpenAI does it.
 *
 * @returns `dimensions` exact float32 values
 */
export function makeVector(text: string, model: string, dimensions: number, form: NumberForm): number[] {
  const name = Buffer.from(`${model}\0${text}`, "utf16le");
  const random = createHash("shake256", { outputLength: dimensions * BYTES_PER_VALUE })
    .update(name)
    .digest();
  // The sum of four uniform values is near enough to a Gaussian one.
  const raw = Array.from({ length: dimensions }, (_, i) => {
    const uniform = (k: number) => random.readUInt16LE(i * BYTES_PER_VALUE + k * 2) / 65_536;
    return uniform(0) + uniform(1) + uniform(2) + uniform(3) - 2;
  });
  const length = lengthOf(raw);
  switch (form) {
    case "float32":
      return raw.map((value) => Math.fround(value / length));
    case "float16":
      return raw.map((value) => roundSignificand(value / length, 11));
    case "bfloat16":
      return raw.map((value) => roundSignificand((value / length) * TITAN_V1_LENGTH, 8));
    case "scaled-float16":
      return normalise(raw.map((value) => roundSignificand(value / 32, 11)));
    case "twice-scaled-bfloat16":
      return normalise(normalise(raw.map((value) => roundSignificand(value / 32, 8))));
  }
}

function normalise(values: readonly number[]): number[] {
  const length = lengthOf(values);
  return values.map((value) => Math.fround(value / length));
}

function lengthOf(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function roundSignificand(value: number, bits: number): number {
  if (value === 0) return 0;
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits + 1);
  return Math.round(value / step) * step;
}

/** Where Gemini's needless ninth digit stands here: in the proportion of its real answers. */
const LOOSE_EVERY = 7_000;
const LOOSE_AT = 11;

/** A float32 as the literal that a provider would send. */
export function numberLiteral(value: number, literal: NumberLiteral, position = 0): string {
  switch (literal) {
    case "double":
      return Object.is(value, -0) ? "-0" : String(value);
    case "nine-decimals":
      return String(Math.round(value * 1e9) / 1e9);
    case "float32-loose":
      return position % LOOSE_EVERY === LOOSE_AT ? value.toPrecision(MAX_FLOAT32_DIGITS) : float32Literal(value);
    case "float32":
      return float32Literal(value);
  }
}

const MAX_FLOAT32_DIGITS = 9;

/** The JSON literal of a float32 with the fewest digits that still name it: not the double's own, which is longer. */
export function float32Literal(value: number): string {
  // JSON.stringify and toPrecision lose the sign.
  if (Object.is(value, -0)) return "-0";
  // Most values need 8 or 9 digits: one try at 6 spares five.
  const first = Math.fround(Number(value.toPrecision(6))) === value ? 1 : 7;
  for (let digits = first; digits < MAX_FLOAT32_DIGITS; digits++) {
    const literal = value.toPrecision(digits);
    if (Math.fround(Number(literal)) === value) return String(Number(toEven(literal, value, digits)));
  }
  return String(Number(toEven(value.toPrecision(MAX_FLOAT32_DIGITS), value, MAX_FLOAT32_DIGITS)));
}

/** `toPrecision` takes an exact half up; the servers take it to the even digit, which names the same float32. */
function toEven(up: string, value: number, digits: number): string {
  const longer = value.toPrecision(digits + 1);
  if (Number(longer) !== value || !/5(e[+-]\d+)?$/.test(longer)) return up;
  const down = longer.replace(/5(e[+-]\d+)?$/, "$1");
  return /[02468](e[+-]\d+)?$/.test(down) ? down : up;
}

/** Float32 values, little-endian, as base64: what `encoding_format: "base64"` gives. */
export function base64Vector(values: readonly number[]): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString("base64");
}
