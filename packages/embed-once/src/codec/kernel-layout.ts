import { MAX_CORRECTED_PRECISION } from "./grid-payload.ts";
import { type KernelMemory, reserveMemory } from "./kernel-module.ts";
import {
  LABELS,
  labelOfSymbol,
  OCTAVES,
  type OctaveTable,
  octaveTable,
  PROBABILITY_SCALE,
  SYMBOLS,
  significandBitsOfDepth,
  symbolOf,
  TABLES,
} from "./octave-tables.ts";
import { MAX_WIDTH, type WidthTable } from "./width-tables.ts";

/**
 * Where things lie in the kernels' memory: constant tables at the bottom, written once; above them the scratch of
 * whichever call is under way.
 */

export const STATES_AT = 16;
/** What a counting kernel tells beside its result. */
export const SUMMARY_AT = 32;
export const DESCRIPTORS_AT = 256;
const DESCRIPTORS_BYTES = 32 * LABELS;
/** The octaves' eighths that a table reaches. */
export const EIGHTHS: number = 8 * OCTAVES;
/** The symbol of each eighth of each octave, from the top octave downward: a byte each. */
export const EIGHTHS_AT: number = DESCRIPTORS_AT + DESCRIPTORS_BYTES;
/** A byte for each symbol: the significand bits that it tells, and those that follow raw. */
export const TOLD_AT: number = EIGHTHS_AT + EIGHTHS;
export const WIDTHS_AT: number = TOLD_AT + SYMBOLS;
/** Counts of significands by the bits that they need: 100 uint32s. */
export const PRECISIONS_AT: number = upToLine(WIDTHS_AT + SYMBOLS);
const FIELDS_AT = upToLine(PRECISIONS_AT + 400);
/** Raw bits of a value, its sign not counted, that the kernel for short fields takes at most. */
export const MAX_SHORT_WIDTH = 8;
/** For each bit of a byte: sixteen indices of bytes, and eight factors. */
const FIELDS_BYTES = 8 * 32;
/** Two entries per significand of the most precise corrected grid. */
export const CORRECTIONS_AT: number = FIELDS_AT + FIELDS_BYTES * (MAX_SHORT_WIDTH + 1);
const CORRECTIONS_BYTES = 2 ** MAX_CORRECTED_PRECISION;
/** For shortest decimals: two rows for each exponent field of a float32, constants in both lanes, 10^0 to 10^22. */
export const DECIMALS_AT: number = upToLine(CORRECTIONS_AT + CORRECTIONS_BYTES);
const DECADE_BYTES = 64;
const DECIMAL_CONSTANTS_AT = DECIMALS_AT + 2 * 256 * DECADE_BYTES;
const POWERS_AT = DECIMAL_CONSTANTS_AT + 128;
const SLOTS_AT = upToLine(POWERS_AT + 8 * 23);
const SLOTS_BYTES = 4 * PROBABILITY_SCALE;
const WIDTH_CODES_AT = SLOTS_AT + TABLES * SLOTS_BYTES;
const WIDTH_CODES_BYTES = 4 * LABELS * (MAX_WIDTH + 1);
const COSTS_AT = WIDTH_CODES_AT + WIDTH_CODES_BYTES;
const COSTS_BYTES = 4 * EIGHTHS;
const CODES_AT = COSTS_AT + TABLES * COSTS_BYTES;
/** For each symbol the reciprocal of its frequency, the frequency, and its start. */
const CODES_BYTES = 16 * SYMBOLS;
/** The octaves that a grid value may lie in, those of a float64 over any scale, and those that a table may reach. */
export const LOWEST_EXPONENT = -1160;
const HIGHEST_EXPONENT = 1100;
export const COUNTED_EIGHTHS: number = (HIGHEST_EXPONENT - LOWEST_EXPONENT + 1) * 8;
/** A uint32 for each eighth. Not in the scratch, which all kernels use: between two calls the counts are zero. */
export const EIGHTH_COUNTS_AT: number = CODES_AT + TABLES * CODES_BYTES;

/** A damaged payload's words may be read up to 256 KiB below it; the tables lie there. */
export const SCRATCH_START: number = EIGHTH_COUNTS_AT + 4 * COUNTED_EIGHTHS;

/** The next address at which a line of the processor's caches begins. */
function upToLine(address: number): number {
  return Math.ceil(address / 64) * 64;
}

/** The scratch of a vector: addresses in bytes. */
export interface VectorLayout {
  readonly memory: KernelMemory;
  readonly payloadAt: number;
  readonly payloadBytes: number;
  readonly symbolsAt: number;
  readonly float32sAt: number;
  readonly float64sAt: number;
  /** The first byte after all of it. */
  readonly end: number;
}

let constantsWritten = false;
let lastLayout: VectorLayout | undefined;
let lastCapacity = 0;

/** Room for a vector of `dimensions`; the memory grows in powers of two of them and is kept. */
export function vectorLayout(dimensions: number): VectorLayout {
  if (dimensions > lastCapacity || lastLayout === undefined) {
    lastCapacity = Math.max(1024, 2 ** Math.ceil(Math.log2(dimensions)));
    // At most 53 raw bits and 16 bits of words a value, and the states.
    const payloadBytes = 10 * lastCapacity + 64;
    const symbolsAt = SCRATCH_START + payloadBytes;
    const float32sAt = symbolsAt + lastCapacity + 64;
    const float64sAt = float32sAt + 4 * lastCapacity + 64;
    const end = float64sAt + 8 * lastCapacity + 64;
    lastLayout = {
      memory: reserveMemory(end),
      payloadAt: SCRATCH_START,
      payloadBytes,
      symbolsAt,
      float32sAt,
      float64sAt,
      end,
    };
  }
  const memory = reserveMemory(0);
  if (memory !== lastLayout.memory) lastLayout = { ...lastLayout, memory };
  if (!constantsWritten) {
    writeConstants(memory);
    constantsWritten = true;
  }
  return lastLayout;
}

/** The address of something that each static table has, which `write` puts there when it is first asked for. */
function perTable(start: number, bytes: number, write: (at: number, table: OctaveTable) => void) {
  const isWritten = new Uint8Array(TABLES);
  return (table: number): number => {
    const at = start + table * bytes;
    if (isWritten[table] === 0) {
      write(at, octaveTable(table));
      isWritten[table] = 1;
    }
    return at;
  };
}

/** The address of a static table's slots. */
export const slotsAt: (table: number) => number = perTable(SLOTS_AT, SLOTS_BYTES, (at, { slots }) => {
  reserveMemory(0).int32s.set(slots, at / 4);
});

/** The address of the symbols' codes in a static table, as the encoder needs them. */
export const codesAt: (table: number) => number = perTable(CODES_AT, CODES_BYTES, (at, { frequencies, starts }) => {
  const codes = new DataView(reserveMemory(0).bytes.buffer, at);
  frequencies.forEach((frequency, symbol) => {
    codes.setBigUint64(16 * symbol, (2n ** 44n + BigInt(frequency) - 1n) / BigInt(frequency), true);
    codes.setUint32(16 * symbol + 8, frequency, true);
    codes.setUint32(16 * symbol + 12, starts[symbol]!, true);
  });
});

/**
 * The address of what a static table makes of values in each eighth that it reaches, lowest octave first: bits as
 * float32s, with those that a coarse symbol leaves to be sent raw.
 */
export const costsAt: (table: number) => number = perTable(COSTS_AT, COSTS_BYTES, (at, { costs }) => {
  const { float32s } = reserveMemory(0);
  for (let eighth = 0; eighth < EIGHTHS; eighth++) {
    const depth = OCTAVES - 1 - (eighth >> 3);
    float32s[at / 4 + eighth] = costs[symbolOf(depth, eighth & 7)]! + 3 - significandBitsOfDepth(depth);
  }
});

/** The address of what gathers fields of a sign and `width` bits; see the kernel. */
export function fieldsAt(width: number): number {
  return FIELDS_AT + width * FIELDS_BYTES;
}

let widthsWritten: readonly WidthTable[] | undefined;

/** The address of the tables of widths, of which there is room for those of one model. */
export function widthCodesAt(tables: readonly WidthTable[]): number {
  if (tables !== widthsWritten) {
    const { int32s } = reserveMemory(0);
    for (const [symbol, { frequencies, starts }] of tables.entries()) {
      const at = WIDTH_CODES_AT / 4 + labelOfSymbol(symbol) * (MAX_WIDTH + 1);
      frequencies.forEach((frequency, width) => {
        int32s[at + width] = starts[width]! | (frequency << 16);
      });
    }
    widthsWritten = tables;
  }
  return WIDTH_CODES_AT;
}

/** Symbols, what gathers short fields, and how float32s are written in decimals. */
function writeConstants(memory: KernelMemory): void {
  for (let eighth = 0; eighth < 8 * OCTAVES; eighth++) {
    memory.bytes[EIGHTHS_AT + eighth] = symbolOf(eighth >> 3, eighth & 7);
  }
  const uint16s = new Uint16Array(memory.bytes.buffer);
  for (let width = 0; width <= MAX_SHORT_WIDTH; width++) {
    for (let firstBit = 0; firstBit < 8; firstBit++) {
      const at = fieldsAt(width) + 32 * firstBit;
      for (let place = 0; place < 8; place++) {
        const bit = firstBit + place * (width + 1);
        memory.bytes[at + 2 * place] = bit >> 3;
        memory.bytes[at + 2 * place + 1] = (bit >> 3) + 1;
        uint16s[at / 2 + 8 + place] = 1 << (15 - width - (bit & 7));
      }
    }
  }
  writeDecimals(memory);
}

function writeDecimals({ float64s, int32s }: KernelMemory): void {
  for (let exponent = 0; exponent <= 22; exponent++) float64s[POWERS_AT / 8 + exponent] = Number(`1e${exponent}`);
  // A tenth; and what is close to a border, in units of the eighth, the seventh and the sixth digit.
  float64s.set([0.1, 0.1, 1e-6, 1e-6, 1e-7, 1e-7, 1e-8, 1e-8], DECIMAL_CONSTANTS_AT / 8);
  // The bits of a float64's magnitude, and of a float32's fraction.
  int32s.set([-1, 0x7fffffff, -1, 0x7fffffff], DECIMAL_CONSTANTS_AT / 4 + 16);
  int32s.fill(0x7fffff, DECIMAL_CONSTANTS_AT / 4 + 20, DECIMAL_CONSTANTS_AT / 4 + 24);
  for (let field = 0; field < 256; field++) {
    const lowest = 2 ** (field - 127);
    // The decade of the octave's lower end: of a power of two, whose decimal exponent is certain.
    const decade = Number(lowest.toExponential().split("e")[1]);
    for (const row of [0, 1]) {
      const at = DECIMALS_AT + (2 * field + row) * DECADE_BYTES;
      const decimals = 8 - decade - row;
      // Whole powers of ten; and nothing below 1e-13 is looked at.
      const isReachable = decimals >= 2 && decimals <= 21;
      for (let spared = 0; spared <= 2; spared++) {
        float64s[at / 8 + spared] = isReachable ? Number(`1e${decimals - spared}`) : 1;
      }
      float64s[at / 8 + 3] = isReachable ? lowest * 2 ** -24 * Number(`1e${decimals - 1}`) : Number.NaN;
      int32s[at / 4 + 8] = decimals;
      int32s[at / 4 + 9] = bitsFrom(Number(`1e${decade + 1}`));
    }
  }
}

/** The bits of the smallest positive float32 that is not below a number. */
function bitsFrom(lowest: number): number {
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, lowest);
  return word.getInt32(0) + (word.getFloat32(0) < lowest ? 1 : 0);
}
