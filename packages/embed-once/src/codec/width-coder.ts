import { ByteWriter } from "./byte-io.ts";
import type { EncoderMemory } from "./encoder-memory.ts";
import { depthOfSymbol, octaveTable, significandBitsOfDepth, ZERO_SYMBOL } from "./octave-tables.ts";
import { RansWriter, STATE_FLOOR } from "./rans.ts";
import { type SumModel, widthTables } from "./width-tables.ts";

/**
 * Values whose significands tell their own width: in one lane, each value's symbol and then its width; the sign and the
 * bits between those of the symbol and the lowest set one are raw.
 */

/** Bytes of the raw bits' end that the one lane's state carries. */
export const OWN_WIDTHS_CARRIED_BYTES = 2;

/** Bits that a value sends raw beside its sign. */
export function rawBitsOfWidth(symbol: number, width: number): number {
  return Math.max(0, width - significandBitsOfDepth(depthOfSymbol(symbol)) - 1);
}

const writer = new ByteWriter();

/**
 * Writes raw bits, words and state to the beginning of the memory's `output`.
 *
 * @param widths Of each value, consistent with its fraction and its symbol.
 * @returns The position after the last byte.
 */
export function putWidths(
  { symbols, fractions, exact, output }: EncoderMemory,
  widths: Uint8Array,
  count: number,
  table: number,
  model: SumModel,
): number {
  writer.clear();
  for (let i = 0; i < count; i++) {
    const symbol = symbols[i]!;
    const sign = exact[i]! < 0 || Object.is(exact[i]!, -0) ? 1 : 0;
    const raw = symbol === ZERO_SYMBOL ? 0 : rawBitsOfWidth(symbol, widths[i]!);
    writer.bits(sign, 1);
    // The lowest bit is known to be set, and the symbol's bits are left out.
    if (raw > 0) writer.bits((fractions[i]! >>> (33 - widths[i]!)) & ((1 << raw) - 1), raw);
  }
  writer.alignToByte();
  while (writer.length < OWN_WIDTHS_CARRIED_BYTES) writer.byte(0);
  const raw = writer.view();
  output.set(raw);
  const kept = raw.length - OWN_WIDTHS_CARRIED_BYTES;
  const { frequencies, starts } = octaveTable(table);
  const tables = widthTables(table, model);
  const lane = new RansWriter(output, kept, STATE_FLOOR + raw[kept]! + 256 * raw[kept + 1]!);
  for (let i = count - 1; i >= 0; i--) {
    const symbol = symbols[i]!;
    if (symbol !== ZERO_SYMBOL) {
      const width = widths[i]!;
      const ofSymbol = tables[symbol]!;
      lane.put(ofSymbol.starts[width]!, ofSymbol.frequencies[width]!);
    }
    lane.put(starts[symbol]!, frequencies[symbol]!);
  }
  let at = lane.position;
  for (let shift = 0; shift < 32; shift += 8) output[at++] = lane.state >>> shift;
  return at;
}
