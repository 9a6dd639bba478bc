export { MAX_DIMENSIONS, type VectorCodec } from "./codec.ts";
export { decodeInto, decodeVector } from "./decoder.ts";
export { type EncodeOptions, encodeVector, vectorCodec } from "./vector-codec.ts";
