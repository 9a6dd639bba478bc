export { MAX_DIMENSIONS, type VectorCodec } from "./codec.ts";
export { decodeVector, type EncodeOptions, encodeVector, vectorCodec } from "./vector-codec.ts";
