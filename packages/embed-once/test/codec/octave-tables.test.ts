import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import {
  COARSE_LABEL,
  depthOfSymbol,
  eighthOfSymbol,
  FINE_OCTAVES,
  LABELS,
  labelOfSymbol,
  OCTAVES,
  OUTER_OCTAVES,
  octaveTable,
  PROBABILITY_SCALE,
  STEPS_PER_OCTAVE,
  SYMBOLS,
  significandBitsOfDepth,
  symbolOf,
  TABLES,
  ZERO_SYMBOL,
} from "../../src/codec/octave-tables.ts";
import { MAX_WIDTH, widthTables } from "../../src/codec/width-tables.ts";

test("the static tables are those of version 1 of the record format, bit for bit", () => {
  let checksum = 0;
  for (let table = 0; table < TABLES; table++) {
    checksum = crc32(Buffer.from(octaveTable(table).frequencies.buffer), checksum);
  }
  // Were this to change, every record written before would decode to other numbers, or to none.
  expect(checksum).toBe(TABLES_CHECKSUM);
});

test("every symbol of every table has a share, and the shares make one", () => {
  for (let table = 0; table < TABLES; table++) {
    const { frequencies, starts, slots } = octaveTable(table);
    expect(Math.min(...frequencies)).toBeGreaterThanOrEqual(1);
    expect(frequencies.reduce((sum, share) => sum + share, 0)).toBe(PROBABILITY_SCALE);
    for (let slot = 0; slot < PROBABILITY_SCALE; slot++) {
      const symbol = frequencies.findIndex((frequency, s) => slot < starts[s]! + frequency);
      const told = (frequencies[symbol]! << 20) | ((slot - starts[symbol]!) << 8) | labelOfSymbol(symbol);
      if (slots[slot] !== told >>> 0) expect.fail(`table ${table}, slot ${slot}: ${slots[slot]} instead of ${told}`);
    }
  }
});

test("labels tell all symbols apart, and number the fine eighths upward as float32s do", () => {
  const labels = Array.from({ length: SYMBOLS }, (_, symbol) => labelOfSymbol(symbol));
  expect(new Set(labels).size).toBe(SYMBOLS);
  expect(Math.max(...labels)).toBe(LABELS - 1);
  const fine = labels.filter((label) => label < COARSE_LABEL);
  expect(fine.length).toBe(8 * FINE_OCTAVES);
  for (let symbol = 0; symbol < ZERO_SYMBOL; symbol++) {
    const depth = depthOfSymbol(symbol);
    if (significandBitsOfDepth(depth) === 0) continue;
    const value = 2 ** -depth * (1 + eighthOfSymbol(symbol) / 8);
    const [bits] = new Uint32Array(Float32Array.of(value).buffer);
    const below = 8 * (127 - OUTER_OCTAVES - FINE_OCTAVES);
    expect(bits! >>> 20).toBe(below + labelOfSymbol(symbol));
  }
});

test("symbols number the octaves and their eighths without gap or overlap", () => {
  const symbols = new Set<number>();
  for (let depth = 0; depth < OCTAVES; depth++) {
    for (let eighth = 0; eighth < 8; eighth++) {
      const symbol = symbolOf(depth, eighth);
      symbols.add(symbol);
      expect(depthOfSymbol(symbol)).toBe(depth);
      if (eighthOfSymbol(symbol) !== 0) expect(eighthOfSymbol(symbol)).toBe(eighth);
    }
  }
  expect(symbols.size).toBe(ZERO_SYMBOL);
  expect(SYMBOLS).toBe(ZERO_SYMBOL + 1);
});

const MODELS = [8, 11].flatMap((precision) => [2, 3, 5, 8].map((addends) => ({ addends, precision })));

test("the static tables of widths are those of version 1 of the record format, bit for bit", () => {
  let checksum = 0;
  for (let step = 0; step < STEPS_PER_OCTAVE; step++) {
    for (const model of MODELS) {
      for (const { frequencies } of widthTables(step, model)) {
        checksum = crc32(Buffer.from(frequencies.buffer), checksum);
      }
    }
  }
  expect(checksum).toBe(WIDTH_TABLES_CHECKSUM);
});

test("every width that a symbol's values can have has a share, and the shares make one", () => {
  for (const model of MODELS) {
    for (const [symbol, { frequencies, starts }] of widthTables(3, model).entries()) {
      const told = significandBitsOfDepth(depthOfSymbol(symbol));
      // An eighth names 8 to 15: the bits below its lowest one are zero.
      const narrowest = told === 0 ? 0 : [0, 3, 2, 3, 1, 3, 2, 3][eighthOfSymbol(symbol)]!;
      for (let width = 0; width <= MAX_WIDTH; width++) {
        const isPossible = width === narrowest || width > told;
        expect(frequencies[width]! > 0, `symbol ${symbol}, width ${width}`).toBe(isPossible);
      }
      expect(frequencies.reduce((sum, share) => sum + share, 0)).toBe(PROBABILITY_SCALE);
      expect(starts[MAX_WIDTH]! + frequencies[MAX_WIDTH]!).toBe(PROBABILITY_SCALE);
    }
  }
});

const WIDTH_TABLES_CHECKSUM = 4009952984;
const TABLES_CHECKSUM = 1631925772;
