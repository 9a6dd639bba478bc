import { KERNELS_WASM } from "./kernels.wasm.ts";

/**
 * The one instance of the WebAssembly kernels, made on first use, and its memory. The kernels are synchronous and keep
 * nothing between calls, so that every caller may lay out the memory above `SCRATCH_START` as it needs.
 */
export interface Kernels {
  describeSymbols(
    descriptors: number,
    outerOctaves: number,
    fineOctaves: number,
    innerOctaves: number,
    precision: number,
    floorDepth: number,
    topExponent: number,
    scale: number,
  ): void;
  decodeSymbols(
    slots: number,
    states: number,
    lanes: number,
    raw: number,
    end: number,
    symbols: number,
    count: number,
  ): number;
  decodeFloat32s(
    descriptors: number,
    symbols: number,
    raw: number,
    count: number,
    corrections: number,
    target: number,
  ): number;
  decodeShortFields(
    descriptors: number,
    symbols: number,
    raw: number,
    count: number,
    fields: number,
    width: number,
    lowest: number,
    scale: number,
    target: number,
  ): number;
  decodeFloat64s(descriptors: number, symbols: number, raw: number, count: number, target: number): number;
  decodeWidths(
    slots: number,
    widthCodes: number,
    state: number,
    raw: number,
    end: number,
    zeroSymbol: number,
    symbols: number,
    widths: number,
    count: number,
  ): number;
  decodeOwnWidths(
    descriptors: number,
    symbols: number,
    widths: number,
    raw: number,
    count: number,
    target: number,
  ): number;
  normalise(target: number, count: number, divisor: number, scale: number): void;
  roundToFloat16(target: number, count: number): void;
  widen(source: number, target: number, count: number): void;
  roundDecimals(source: number, target: number, count: number, power: number): void;
  divide(target: number, count: number, power: number): void;
  shortestDecimals(source: number, target: number, count: number, tables: number, tiesUp: number): void;
  narrow(source: number, target: number, count: number): number;
  countUnequal(a: number, b: number, count: number): number;
  countDifferent(a: number, b: number, count: number): number;
  countPrecisions(float32s: number, count: number, counts: number): void;
  nextMultiple(from: number, low: number, high: number, ratio: number, reach: number): number;
  nextBeyond(
    float32s: number,
    from: number,
    count: number,
    perScale: number,
    splitter: number,
    middle: number,
    reach: number,
    rounding: number,
  ): number;
  placeOnGrid(
    float32s: number,
    count: number,
    divisor: number,
    scale: number,
    dropped: number,
    grid: number,
    exponents: number,
    fractions: number,
  ): number;
  sumMagnitudes(float32s: number, count: number): number;
  countRepeats(words: number, count: number, stride: number, lastSeen: number, summary: number): void;
  countEighths(
    exponents: number,
    fractions: number,
    count: number,
    lowestExponent: number,
    counts: number,
    summary: number,
  ): void;
  costOfEighths(counts: number, costs: number, eighths: number, summary: number): number;
  nameSymbols(
    exponents: number,
    fractions: number,
    count: number,
    topExponent: number,
    octaves: number,
    eighths: number,
    zeroSymbol: number,
    symbols: number,
  ): number;
  encodeRawBits(
    exact: number,
    fractions: number,
    lowFractions: number,
    symbols: number,
    told: number,
    widths: number,
    widest: number,
    count: number,
    target: number,
  ): number;
  encodeSymbols(codes: number, states: number, lanes: number, symbols: number, count: number, target: number): number;
  dotProducts(query: number, vectors: number, rows: number, padded: number, scores: number): void;
  mixSigned(values: number, signs: number, count: number, scale: number): void;
  scanSketches(
    tables: number,
    codes: number,
    factors: number,
    errors: number,
    blocks: number,
    planes: number,
    pairs: number,
    scale: number,
    offset: number,
    reach: number,
    blur: number,
    rounding: number,
    highest: number,
  ): void;
}

/** An instance with its memory. */
export interface KernelInstance extends Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** What is used of the global that neither the ES nor the Node.js types declare. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Views of the kernels' memory. A view from before `reserveMemory` may be detached. */
export interface KernelMemory {
  readonly bytes: Uint8Array;
  readonly int32s: Int32Array;
  readonly float32s: Float32Array;
  readonly float64s: Float64Array;
}

const PAGE_BYTES = 65_536;

let compiled: object | undefined;
let instance: KernelInstance | undefined;
let memory: KernelMemory | undefined;

export function kernels(): Kernels {
  return loaded();
}

function loaded(): KernelInstance {
  instance ??= newKernelInstance();
  return instance;
}

/** An instance of one's own, for what stays in its memory between calls. The memory is freed with the instance. */
export function newKernelInstance(): KernelInstance {
  if (compiled === undefined) {
    if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
      throw new Error("embed-once supports little-endian machines only.");
    }
    compiled = new WebAssembly.Module(Buffer.from(KERNELS_WASM, "base64"));
  }
  return new WebAssembly.Instance(compiled, { env: { abort: unreachable } }).exports as KernelInstance;
}

function unreachable(): never {
  throw new Error("A kernel was called with addresses outside its memory.");
}

/** Grows an instance's memory to at least `byteLength`. Views from before may be detached. */
export function growMemory(memory: KernelInstance["memory"], byteLength: number): void {
  const missing = byteLength - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}

/** The memory, grown to at least `byteLength`. */
export function reserveMemory(byteLength: number): KernelMemory {
  const { memory: grown } = loaded();
  growMemory(grown, byteLength);
  if (memory === undefined || memory.bytes.buffer !== grown.buffer) {
    memory = {
      bytes: new Uint8Array(grown.buffer),
      int32s: new Int32Array(grown.buffer),
      float32s: new Float32Array(grown.buffer),
      float64s: new Float64Array(grown.buffer),
    };
  }
  return memory;
}
