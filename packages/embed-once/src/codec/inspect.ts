import { type RecordInfo, recordInfo } from "./record-info.ts";
import { encodeVector } from "./vector-codec.ts";

/** Vectors of one number form and structure. */
export interface VectorReportGroup {
  /** For people: "shortest decimals of float32, 11 bits, scaled". */
  readonly label: string;
  readonly vectors: number;
  readonly bitsPerValue: number;
}

/** What the codec finds in vectors, and what they become. */
export interface VectorReport {
  readonly vectors: number;
  /** The different dimensions, ascending. */
  readonly dimensions: readonly number[];
  readonly values: number;
  /** Bytes of all records, headers and checksums included. */
  readonly recordBytes: number;
  readonly bitsPerValue: number;
  /** Size as float64, as float32 and as JSON text, over the size of the records. */
  readonly ratioToFloat64: number;
  readonly ratioToFloat32: number;
  readonly ratioToJson: number;
  /** Largest group first. */
  readonly groups: readonly VectorReportGroup[];
}

const FORM_LABELS: Record<RecordInfo["numberForm"], string> = {
  shortest: "shortest decimals of float32",
  shortestTiesUp: "shortest decimals of float32, ties up",
  float32: "float32",
  fixedFloat32: "fixed decimals of float32",
  fixedInteger: "fixed decimals",
  float64: "float64",
};

/**
 * Encodes vectors and reports the forms and structures found.
 *
 * @throws {RangeError} when there are no vectors, or one has 0 or more than 65,536 dimensions.
 */
export function inspectVectors(vectors: readonly (readonly number[])[]): VectorReport {
  if (vectors.length === 0) throw new RangeError("There are no vectors to inspect.");
  const groups = new Map<string, { vectors: number; values: number; bytes: number }>();
  const dimensions = new Set<number>();
  let values = 0;
  let recordBytes = 0;
  let jsonBytes = 0;
  for (const vector of vectors) {
    const info = recordInfo(encodeVector(vector));
    const label = labelOf(info);
    const group = groups.get(label) ?? { vectors: 0, values: 0, bytes: 0 };
    group.vectors++;
    group.values += info.dimensions;
    group.bytes += info.bytes;
    groups.set(label, group);
    dimensions.add(info.dimensions);
    values += info.dimensions;
    recordBytes += info.bytes;
    jsonBytes += JSON.stringify(vector).length;
  }
  return {
    vectors: vectors.length,
    dimensions: [...dimensions].sort((left, right) => left - right),
    values,
    recordBytes,
    bitsPerValue: (8 * recordBytes) / values,
    ratioToFloat64: (8 * values) / recordBytes,
    ratioToFloat32: (4 * values) / recordBytes,
    ratioToJson: jsonBytes / recordBytes,
    groups: [...groups]
      .map(([label, group]) => ({ label, vectors: group.vectors, bitsPerValue: (8 * group.bytes) / group.values }))
      .sort((left, right) => right.vectors - left.vectors),
  };
}

/** A record's form and structure in words. */
export function labelOf(info: RecordInfo): string {
  const parts = [FORM_LABELS[info.numberForm]];
  if (info.structure !== "grid") parts.push(info.structure === "plain" ? "plain" : "zstd");
  if (info.precision !== undefined) parts.push(`${info.precision} bits`);
  if (info.sumsOf !== undefined) parts.push(`sums of ${info.sumsOf}s`);
  if (info.isScaled) parts.push("scaled");
  if (info.isCorrected) parts.push("normalised twice");
  return parts.join(", ");
}
