export { CorruptRecordError, UnsupportedRecordError } from "../core/errors.ts";
export { MAX_DIMENSIONS, type VectorCodec } from "./codec.ts";
export { decodeInto, decodeVector } from "./decoder.ts";
export { inspectVectors, labelOf, type VectorReport, type VectorReportGroup } from "./inspect.ts";
export type { NumberFormName, StructureName } from "./record.ts";
export { type RecordInfo, recordInfo } from "./record-info.ts";
export { type EncodeOptions, encodeVector, vectorCodec } from "./vector-codec.ts";
