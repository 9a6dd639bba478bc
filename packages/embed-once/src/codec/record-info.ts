import { ByteReader } from "./byte-io.ts";
import { formHasDecimals } from "./grid-decoder.ts";
import { holdsFloat32s, takeGridParts } from "./grid-payload.ts";
import { type NumberFormName, openRecord, type StructureName } from "./record.ts";

/** What a record says of itself, without decoding its numbers. */
export interface RecordInfo {
  readonly dimensions: number;
  /** Length of the whole record. */
  readonly bytes: number;
  readonly numberForm: NumberFormName;
  readonly structure: StructureName;
  /** Whether every number is a float32: then `decodeInto` a Float32Array is exact. */
  readonly isFloat32Exact: boolean;
  /** Significand bits of the grid's values; undefined for other structures, and where each value has its own. */
  readonly precision?: number;
  /** What the grid's values are taken for sums of, where each tells its own significand bits. */
  readonly sumsOf?: "bfloat16" | "float16";
  /** Whether the values lie on a grid with a scale other than a power of two. */
  readonly isScaled?: boolean;
  /** Whether the grid's float32s carry corrections of normalising twice. */
  readonly isCorrected?: boolean;
  /** Numbers that are listed one by one because the form or the grid does not explain them. */
  readonly exceptions?: number;
}

/**
 * Reads a record's header and the parameters of its payload.
 *
 * @throws {CorruptRecordError} and {UnsupportedRecordError} as `decodeVector`.
 */
export function recordInfo(record: Uint8Array): RecordInfo {
  const { dimensions, numberForm, structure, payload } = openRecord(record);
  const general = { dimensions, bytes: record.length, numberForm, structure };
  if (structure !== "grid") return { ...general, isFloat32Exact: numberForm === "float32" };
  const reader = new ByteReader(payload, 0, payload.length);
  const { header, hasCorrections, fine, near, far } = takeGridParts(reader, dimensions, formHasDecimals(numberForm));
  return {
    ...general,
    isFloat32Exact: numberForm === "float32" && (far === undefined || holdsFloat32s(far)),
    ...(header.model === undefined
      ? { precision: header.precision }
      : { sumsOf: header.model.precision === 8 ? ("bfloat16" as const) : ("float16" as const) }),
    isScaled: header.scale !== 1,
    isCorrected: hasCorrections,
    exceptions: (fine?.indices.length ?? 0) + (near?.indices.length ?? 0) + (far?.indices.length ?? 0),
  };
}
