/**
 * The static tables of the exponent coder.
 *
 * The values of one embedding are close to Gaussian around zero, so the distribution of their exponents follows from
 * one number, the spread. A symbol is a value's octave (the exponent) and, near the spread, the eighth of that octave
 * (the top three significand bits): the density falls within an octave too. Octaves count downward from the *top
 * octave* of the vector; a table is a shape and the spread's place below the top octave in eighths of an octave.
 *
 * The tables belong to the record format. They are computed from additions, multiplications and divisions of float64s
 * alone, which IEEE 754 fixes to the bit, never from `Math.exp`, whose last bits differ between engines; a test pins
 * their checksum.
 */

export const PROBABILITY_BITS = 12;
export const PROBABILITY_SCALE: number = 1 << PROBABILITY_BITS;

/** Octaves above the ones in eighths: outliers. */
export const OUTER_OCTAVES = 5;
/** Octaves that are coded in eighths. */
export const FINE_OCTAVES = 7;
/** Octaves below them, one symbol each. */
export const INNER_OCTAVES = 10;

export const OCTAVES: number = OUTER_OCTAVES + FINE_OCTAVES + INNER_OCTAVES;
/** The symbol of zero, and of a value that stands in the exception list. */
export const ZERO_SYMBOL: number = OUTER_OCTAVES + 8 * FINE_OCTAVES + INNER_OCTAVES;
export const SYMBOLS: number = ZERO_SYMBOL + 1;

/** Gaussians and scale mixtures of two: [weight, relative spread] each. */
const SHAPES: readonly (readonly (readonly [weight: number, spread: number])[])[] = [
  [[1, 1]],
  [
    [0.75, 1],
    [0.25, 1.75],
  ],
  [
    [0.8, 1],
    [0.2, 3],
  ],
  [
    [0.5, 1],
    [0.5, 4],
  ],
];
export const STEPS_PER_OCTAVE = 8;
export const TABLES: number = SHAPES.length * STEPS_PER_OCTAVE;

/** The spread of table step 0, in octaves below the upper edge of the top octave. */
export const SPREAD_DEPTH: number = OUTER_OCTAVES + 1.5;

/** The symbol of a value `depth` octaves (0 to OCTAVES − 1) below the top, in the given eighth (0 to 7) of its octave. */
export function symbolOf(depth: number, eighth: number): number {
  if (depth < OUTER_OCTAVES) return depth;
  const fine = depth - OUTER_OCTAVES;
  if (fine < FINE_OCTAVES) return OUTER_OCTAVES + 8 * fine + eighth;
  return depth + 7 * FINE_OCTAVES;
}

/** Octave below the top of a symbol other than zero. */
export function depthOfSymbol(symbol: number): number {
  const fine = symbol - OUTER_OCTAVES;
  if (fine < 0) return symbol;
  return fine < 8 * FINE_OCTAVES ? OUTER_OCTAVES + (fine >> 3) : symbol - 7 * FINE_OCTAVES;
}

/** Significand bits that the symbol itself tells: 3 in the fine octaves, else 0. */
export function significandBitsOfDepth(depth: number): 0 | 3 {
  return depth >= OUTER_OCTAVES && depth < OUTER_OCTAVES + FINE_OCTAVES ? 3 : 0;
}

/** The eighth of its octave that a fine symbol names; 0 for the others. */
export function eighthOfSymbol(symbol: number): number {
  const fine = symbol - OUTER_OCTAVES;
  return fine >= 0 && fine < 8 * FINE_OCTAVES ? fine & 7 : 0;
}

/** The first label of the symbols that are not fine. */
export const COARSE_LABEL = 128;
/** Labels are smaller. */
export const LABELS: number = COARSE_LABEL + OUTER_OCTAVES + INNER_OCTAVES + 1;

/**
 * What the decoder calls a symbol: the eighths of the fine octaves are numbered upward from 8 on, as the upper bits of
 * a float32 number them; all others have a high bit that tells them apart.
 */
export function labelOfSymbol(symbol: number): number {
  const fine = symbol - OUTER_OCTAVES;
  if (fine < 0) return COARSE_LABEL + symbol;
  if (fine >= 8 * FINE_OCTAVES) return COARSE_LABEL + symbol - 8 * FINE_OCTAVES;
  return 8 * (FINE_OCTAVES - (fine >> 3)) + (fine & 7);
}

export interface OctaveTable {
  /** Share of each symbol in PROBABILITY_SCALE; at least 1, together PROBABILITY_SCALE. */
  readonly frequencies: Uint16Array;
  /** Sum of the frequencies of the symbols before. */
  readonly starts: Uint16Array;
  /** For each slot of PROBABILITY_SCALE: frequency << 20 | slot − start << 8 | label. */
  readonly slots: Uint32Array;
  /** Bits that each symbol costs. Only the encoder's choice depends on it, never a record's meaning. */
  readonly costs: Float64Array;
}

const built: (OctaveTable | undefined)[] = new Array(TABLES).fill(undefined);

/** The table of that index (0 to TABLES − 1): shape × STEPS_PER_OCTAVE + step. Built on first use. */
export function octaveTable(index: number): OctaveTable {
  let table = built[index];
  if (table === undefined) {
    table = buildTable(index);
    built[index] = table;
  }
  return table;
}

function buildTable(index: number): OctaveTable {
  const shape = SHAPES[Math.floor(index / STEPS_PER_OCTAVE)]!;
  const spread = spreadOfStep(index % STEPS_PER_OCTAVE);
  const probabilities = new Float64Array(SYMBOLS);
  for (let symbol = 0; symbol < ZERO_SYMBOL; symbol++) {
    const depth = depthOfSymbol(symbol);
    const octave = octaveEdge(depth);
    const fine = significandBitsOfDepth(depth) === 3;
    const low = fine ? octave * (1 + eighthOfSymbol(symbol) / 8) : octave;
    const width = fine ? octave / 8 : octave;
    for (const [weight, relative] of shape) {
      probabilities[symbol]! += weight * gaussianMass(low / (spread * relative), width / (spread * relative));
    }
  }
  return quantise(probabilities);
}

/** A table step's spread, in units of that of step 0. */
export function spreadOfStep(step: number): number {
  let spread = 1;
  for (let eighth = 0; eighth < step; eighth++) spread *= EIGHTH_OCTAVE_DOWN;
  return spread;
}

/** The lower edge of an octave, in units of the spread of step 0. */
export function octaveEdge(depth: number): number {
  let edge = TWO_TO_SPREAD_DEPTH / 2;
  for (let below = 0; below < depth; below++) edge /= 2;
  return edge;
}

/** 2^(−1/8) and 2^SPREAD_DEPTH as literals, since Math.pow is not fixed to the bit. */
const EIGHTH_OCTAVE_DOWN = 0.9170040432046712;
const TWO_TO_SPREAD_DEPTH = 90.50966799187809;
if (Math.abs(Math.log2(TWO_TO_SPREAD_DEPTH) - SPREAD_DEPTH) > 1e-12) throw new Error("SPREAD_DEPTH has changed.");

/** Probability that x of a standard Gaussian has |x|, or x, in [low, low + width], by Simpson's rule on 16 intervals. */
export function gaussianMass(low: number, width: number, sides: 1 | 2 = 2): number {
  const intervals = 16;
  let sum = density(low) + density(low + width);
  for (let node = 1; node < intervals; node++) {
    sum += (node % 2 === 1 ? 4 : 2) * density(low + (width * node) / intervals);
  }
  return (sides * sum * width) / (3 * intervals);
}

/** exp(−x²/2)/√(2π) from basic arithmetic: a Taylor series of the 1024th root, squared ten times. */
function density(x: number): number {
  const exponent = (x * x) / 2;
  if (exponent > 700) return 0;
  const y = -exponent / 1024;
  let term = 1;
  let root = 1;
  for (let power = 1; power <= 14; power++) {
    term *= y / power;
    root += term;
  }
  for (let squaring = 0; squaring < 10; squaring++) root *= root;
  return root * 0.3989422804014327;
}

function quantise(probabilities: Float64Array): OctaveTable {
  const frequencies = new Uint16Array(SYMBOLS);
  const spare = PROBABILITY_SCALE - SYMBOLS;
  let total = 0;
  for (const probability of probabilities) total += probability;
  let used = 0;
  let likeliest = 0;
  for (let symbol = 0; symbol < SYMBOLS; symbol++) {
    const frequency = 1 + Math.floor((probabilities[symbol]! / total) * spare);
    frequencies[symbol] = frequency;
    used += frequency;
    if (probabilities[symbol]! > probabilities[likeliest]!) likeliest = symbol;
  }
  frequencies[likeliest]! += PROBABILITY_SCALE - used;
  const starts = new Uint16Array(SYMBOLS);
  const slots = new Uint32Array(PROBABILITY_SCALE);
  const costs = new Float64Array(SYMBOLS);
  let start = 0;
  for (let symbol = 0; symbol < SYMBOLS; symbol++) {
    const frequency = frequencies[symbol]!;
    starts[symbol] = start;
    costs[symbol] = PROBABILITY_BITS - Math.log2(frequency);
    for (let offset = 0; offset < frequency; offset++) {
      slots[start + offset] = (frequency << 20) | (offset << 8) | labelOfSymbol(symbol);
    }
    start += frequency;
  }
  return { frequencies, starts, slots, costs };
}
