import { createHash } from "node:crypto";

/**
 * The number forms in which OpenAI sends vectors:
 * - `scaled-float16`: computed in half precision, normalised in float32 (until spring 2026, and at Azure)
 * - `float16`: half precision as it is (since then)
 */
export type NumberForm = "scaled-float16" | "float16";

const BYTES_PER_VALUE = 8;

/**
 * A vector that depends on text, model and nothing else, near Gaussian and near unit length as real ones are. Shorter
 * vectors of a text are the longer one cut off and scaled to unit length, as OpenAI does it.
 *
 * @returns `dimensions` exact float32 values
 */
export function openaiVector(text: string, model: string, dimensions: number, form: NumberForm): number[] {
  const name = Buffer.from(`${model}\0${text}`, "utf16le");
  const random = createHash("shake256", { outputLength: dimensions * BYTES_PER_VALUE })
    .update(name)
    .digest();
  // The sum of four uniform values is near enough to a Gaussian one.
  const raw = Array.from({ length: dimensions }, (_, i) => {
    const uniform = (k: number) => random.readUInt16LE(i * BYTES_PER_VALUE + k * 2) / 65_536;
    return uniform(0) + uniform(1) + uniform(2) + uniform(3) - 2;
  });
  const scale = 1 / Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0));
  if (form === "float16") return raw.map((value) => toHalfSignificand(value * scale));
  const halves = raw.map((value) => toHalfSignificand(value / 32));
  const norm = Math.sqrt(halves.reduce((sum, value) => sum + value * value, 0));
  return halves.map((value) => Math.fround(value / norm));
}

/** Rounds to the 11 significand bits of a float16. */
function toHalfSignificand(value: number): number {
  if (value === 0) return 0;
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
  return Math.round(value / step) * step;
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
    if (Math.fround(Number(literal)) === value) return String(Number(literal));
  }
  return String(Number(value.toPrecision(MAX_FLOAT32_DIGITS)));
}

/** Float32 values, little-endian, as base64: what `encoding_format: "base64"` gives. */
export function base64Vector(values: readonly number[]): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString("base64");
}
