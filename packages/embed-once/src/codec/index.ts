export { CorruptRecordError, UnsupportedRecordError } from "../core/errors.ts";
export { MAX_DIMENSIONS, type VectorCodec } from "./codec.ts";
export { decodeVector, type EncodeOptions, encodeVector } from "./vector-codec.ts";
