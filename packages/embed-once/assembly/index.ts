// The kernels of the codec and the search, one module. It owns no memory layout: every function takes addresses.
export {
  decodeFloat32s,
  decodeFloat64s,
  decodeOwnWidths,
  decodeShortFields,
  decodeSymbols,
  decodeWidths,
  describeSymbols,
  normalise,
  roundToFloat16,
} from "./grid";
export { divide, roundDecimals, shortestDecimals, widen } from "./decimals";
export {
  costOfEighths,
  countDifferent,
  countEighths,
  countPrecisions,
  countRepeats,
  countUnequal,
  encodeRawBits,
  encodeSymbols,
  nameSymbols,
  narrow,
  nextBeyond,
  nextMultiple,
  placeOnGrid,
  sumMagnitudes,
} from "./encode";
export { dotProducts } from "./dot-products";
export { mixSigned, scanSketches } from "./sketches";
