import { CorruptRecordError, UnsupportedRecordError } from "../core/errors.ts";
import { ByteReader } from "./byte-io.ts";
import { type GridParts, takeGridParts } from "./grid-payload.ts";
import { openSymbols, takeCorrections } from "./octave-coder.ts";
import { decodeGridReference } from "./reference-decoder.ts";
import type { OpenRecord } from "./record.ts";
import { powerOfTen, roundToDecimals, shortestDecimal } from "./shortest-decimal.ts";
import { generalBytes } from "./zstd.ts";

export function decodeNumbers(record: OpenRecord): Float64Array {
  const { dimensions, structure, numberForm, payload } = record;
  if (structure === "grid") return decodeGrid(record);
  if (numberForm !== "float32" && numberForm !== "float64") {
    throw new UnsupportedRecordError(`This version does not know number form ${numberForm} in structure ${structure}.`);
  }
  const width = numberForm === "float32" ? 4 : 8;
  const bytes = generalBytes(payload, structure, width * dimensions, width);
  return width === 4 ? Float64Array.from(new Float32Array(bytes.buffer)) : new Float64Array(bytes.buffer);
}

function decodeGrid(record: OpenRecord): Float64Array {
  const { dimensions, numberForm, payload } = record;
  const reader = new ByteReader(payload, 0, payload.length);
  const parts: GridParts = takeGridParts(reader, dimensions, numberForm === "fixedFloat32" || numberForm === "fixedInteger");
  const { header, near, far } = parts;
  const opened = openSymbols(payload, reader.position, dimensions);
  const corrections = parts.hasCorrections ? takeCorrections(payload, reader.position, opened, header.precision, header.scale) : undefined;
  if (8 * (payload.length - reader.position) < dimensions) throw new CorruptRecordError("A grid record's payload is too short.");
  const values = new Float64Array(dimensions);
  const significands = new Float64Array(dimensions);
  decodeGridReference(header, payload, reader.position, opened, dimensions, values, significands);
  if (numberForm === "fixedInteger") {
    for (let i = 0; i < dimensions; i++) values[i]! /= powerOfTen(header.decimals);
  } else if (numberForm !== "float64") {
    const f = Float32Array.from(values);
    const bits = new Int32Array(f.buffer);
    if (corrections) for (let i = 0; i < dimensions; i++) { let m = significands[i]!; if (m > 0) { while (m < corrections.length) m *= 2; bits[i]! += corrections[m % corrections.length]!; } }
    if (near) near.indices.forEach((index, item) => { bits[index]! += near.differences[item]!; });
    for (let i = 0; i < dimensions; i++) {
      const x = f[i]!;
      values[i] = numberForm === "float32" ? x : numberForm === "fixedFloat32" ? roundToDecimals(x, header.decimals) : shortestDecimal(x, numberForm === "shortestTiesUp");
    }
  }
  if (far) { const w = new Uint32Array(values.buffer); far.indices.forEach((index, item) => { w[2*index] = far.words[2*item]!; w[2*index+1] = far.words[2*item+1]!; }); }
  return values;
}
