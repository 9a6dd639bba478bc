import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import {
  depthOfSymbol,
  eighthOfSymbol,
  OCTAVES,
  octaveTable,
  PROBABILITY_SCALE,
  SYMBOLS,
  symbolOf,
  TABLES,
  ZERO_SYMBOL,
} from "../../src/codec/octave-tables.ts";

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
      const symbol = slots[slot]! >>> 24;
      expect(slot - starts[symbol]!).toBe(slots[slot]! & 4095);
    }
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

const TABLES_CHECKSUM = 1631925772;
