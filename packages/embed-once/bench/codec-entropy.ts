/**
 * An estimate of the entropy of vectors, in bits a value: what their values take as independent draws from distributions
 * that everybody knows.
 *
 * A value is sign and magnitude. Where it lies is told by its magnitude in root mean squares of its vector: a histogram
 * with steps of 1/4, even within a step. Between two powers of two only the magnitudes of the vector's grid are possible;
 * how many significand bits a value has, given its octave, is counted, too, and all magnitudes with so many are equally
 * likely. Counted is over all vectors of a set whose records name the same form and structure. The grid, its scale and how
 * float32s and decimals come of it, is the one of the record, which gives back every bit. The grid, the root mean square,
 * the counts, and corrections of vectors that were normalised twice cost nothing here.
 *
 * So it is a floor for whoever codes value by value and knows no more than that. It is none for whoever knows what a
 * dimension's values have in common, or a finer structure than the record's grid. Of few values it says a little too
 * little, as the counts fit themselves to them.
 */
import { ByteReader } from "../src/codec/byte-io.ts";
import { formHasDecimals } from "../src/codec/grid-decoder.ts";
import { takeGridParts } from "../src/codec/grid-payload.ts";
import { encodeVector, labelOf, recordInfo } from "../src/codec/index.ts";
import { openRecord } from "../src/codec/record.ts";
import { powerOfTen, roundToDecimals } from "../src/codec/shortest-decimal.ts";
import { roundSignificand } from "../test/codec/provider-vectors.ts";

/** Width of the histogram's steps, in root mean squares. */
const STEP = 1 / 4;
/** Float32s of vectors that were normalised twice lie so many units beside the grid, as their significand decides. */
const CORRECTED_UNITS = 2;

interface Grid {
  /** The value of 1 on it. */
  unit: number;
  /** Octave and significand bits, the leading one included, of a value's magnitude on the grid. */
  placeOf(value: number): { octave: number; bits: number };
}

export function entropyBits(vectors: readonly (readonly number[])[]): number {
  const kinds = new Map<string, Kind>();
  let values = 0;
  for (const vector of vectors) {
    const record = encodeVector(vector);
    const label = labelOf(recordInfo(record));
    const kind = kinds.get(label) ?? new Kind();
    kinds.set(label, kind);
    kind.add(vector, gridOf(record));
    values += vector.length;
  }
  return [...kinds.values()].reduce((sum, kind) => sum + kind.bits(), 0) / values;
}

/** Of all vectors of one kind. */
class Kind {
  readonly #steps = new Tally();
  /** By octave. */
  readonly #widths = new Map<number, Tally>();
  /** Of signs, and of magnitudes within their steps and significand bits. */
  #evenBits = 0;

  add(vector: readonly number[], grid: Grid): void {
    const rms = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0) / vector.length);
    this.#evenBits += vector.length;
    for (const value of vector) {
      const steps = Math.abs(value) / rms / STEP;
      this.#steps.add(value === 0 ? -1 : Math.floor(steps));
      if (value === 0) continue;
      const { octave, bits } = grid.placeOf(value);
      const widths = this.#widths.get(octave) ?? new Tally();
      this.#widths.set(octave, widths);
      widths.add(bits);
      // Magnitudes of exactly so many bits in an octave: a power of two, or the odd multiples of the last bit.
      const magnitudes = bits === 1 ? 1 : 2 ** (bits - 2);
      const octaveSteps = (2 ** octave * grid.unit) / rms / STEP;
      this.#evenBits += Math.log2(magnitudes / octaveSteps);
    }
  }

  bits(): number {
    return [this.#steps, ...this.#widths.values()].reduce((sum, tally) => sum + tally.bits(), this.#evenBits);
  }
}

/** Counts of symbols, and the bits that telling them all would take. */
class Tally {
  readonly #counts = new Map<number, number>();
  #all = 0;

  add(symbol: number): void {
    this.#all++;
    this.#counts.set(symbol, (this.#counts.get(symbol) ?? 0) + 1);
  }

  bits(): number {
    let bits = 0;
    for (const count of this.#counts.values()) bits += count * Math.log2(this.#all / count);
    return bits;
  }
}

function gridOf(record: Uint8Array): Grid {
  const { dimensions, numberForm, structure, payload } = openRecord(record);
  const parts =
    structure === "grid"
      ? takeGridParts(new ByteReader(payload, 0, payload.length), dimensions, formHasDecimals(numberForm))
      : undefined;
  const { scale = 1, divisor = 1, decimals = 0, isFloat16 = false } = parts?.header ?? {};
  const tolerance = parts?.hasCorrections ? CORRECTED_UNITS : 0;

  /** Whether a magnitude on the grid gives the value. */
  const gives = (h: number, value: number): boolean => {
    if (numberForm === "float64") return h * scale === value;
    if (numberForm === "fixedInteger") return (h * scale) / powerOfTen(decimals) === value;
    let float32 = Math.fround(Math.fround(h / divisor) * scale);
    if (isFloat16) float32 = roundSignificand(float32, 11);
    if (numberForm === "fixedFloat32") return roundToDecimals(float32, decimals) === value;
    return Math.abs(float32Bits(float32) - float32Bits(value)) <= tolerance;
  };
  const unit = numberForm === "fixedInteger" ? scale / powerOfTen(decimals) : scale / divisor;
  const mostBits = numberForm === "float64" || numberForm === "fixedInteger" ? 53 : 24;
  return {
    unit,
    placeOf(value) {
      const magnitude = Math.abs(value);
      let bits = 1;
      let h = roundSignificand(magnitude / unit, bits);
      while (bits < mostBits && !gives(h, magnitude)) h = roundSignificand(magnitude / unit, ++bits);
      return { octave: Math.floor(Math.log2(h)), bits };
    },
  };
}

const float32s = new Float32Array(1);
const float32Words = new Int32Array(float32s.buffer);

/** Bits of the float32 nearest to a value; those of neighbours differ by one. */
function float32Bits(value: number): number {
  float32s[0] = value;
  return float32Words[0]!;
}
