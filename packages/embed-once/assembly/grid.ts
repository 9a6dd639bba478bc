// The grid decoder: the octave coder's symbols, then signs and low significand bits.
// All addresses are bytes of the module's memory; the caller lays it out (src/codec/kernels.ts).

// Symbols go by their labels (src/codec/octave-tables.ts): the eighths of the fine octaves upward, all others from here on.
const COARSE: i32 = 128;

// One descriptor a label: the scale of a significand's unit, the bits that the symbol tells, the raw bits that follow.
const DESCRIPTOR_BYTES: usize = 32;
const SCALE: usize = 0;
const TOLD: usize = 8;
const MASK: usize = 16;
const WIDTH: usize = 24;

/** 2^exponent for −2200 to 2046, subnormals included. */
@inline
function powerOfTwo(exponent: i32): f64 {
  const first = exponent >> 1;
  return (
    reinterpret<f64>((<i64>(first + 1023)) << 52) * reinterpret<f64>((<i64>(exponent - first + 1023)) << 52)
  );
}

/** Writes the descriptors of an octave, of which the symbols tell `told` bits (0 or 3); returns the next address. */
@inline
function describeOctave(
  at: usize,
  depth: i32,
  told: i32,
  precision: i32,
  floorDepth: i32,
  topExponent: i32,
  scale: f64,
): usize {
  const width = max(min(precision - 1, floorDepth - depth) - told, 0);
  const unit = scale * powerOfTwo(topExponent - depth - told - width);
  for (let top: u64 = 1 << told; top < 2 << told; top++) {
    store<f64>(at, unit, SCALE);
    store<u64>(at, top << width, TOLD);
    store<u64>(at, ((<u64>1) << width) - 1, MASK);
    store<u32>(at, width, WIDTH);
    at += DESCRIPTOR_BYTES;
  }
  return at;
}

/** Writes all descriptors; `floorDepth` is 1000 for a grid without a floor. */
export function describeSymbols(
  descriptors: usize,
  outer: i32,
  fine: i32,
  inner: i32,
  precision: i32,
  floorDepth: i32,
  topExponent: i32,
  scale: f64,
): void {
  let at = descriptors + 8 * DESCRIPTOR_BYTES;
  for (let depth = outer + fine - 1; depth >= outer; depth--) {
    at = describeOctave(at, depth, 3, precision, floorDepth, topExponent, scale);
  }
  at = descriptors + <usize>COARSE * DESCRIPTOR_BYTES;
  for (let depth = 0; depth < outer + fine + inner; depth++) {
    if (depth === outer) depth += fine;
    at = describeOctave(at, depth, 0, precision, floorDepth, topExponent, scale);
  }
  memory.fill(at, 0, DESCRIPTOR_BYTES);
}

/** A slot tells its symbol's frequency from bit 20 on, its place among the symbol's slots from bit 8 on, and the label. */
@inline
function advance(state: u32, slot: u32): u32 {
  return (slot >> 20) * (state >> 12) + ((slot >> 8) & 4095);
}

@inline
function slotOf(slots: usize, state: u32): u32 {
  return load<u32>(slots + (<usize>(state & 4095) << 2));
}

/** Where the next word lies after a state that may need the one at `at`. Branchless: which one does is close to random. */
@inline
function wordAfter(at: usize, state: u32): usize {
  // −1 for a state that needs it, else 0.
  const needs = <i32>((<i64>state - 0x10000) >> 63);
  return at + (needs << 1);
}

/** A state that may need the word at `at`. */
@inline
function refill(state: u32, at: usize): u32 {
  return select<u32>((state << 16) | load<u16>(at), state, state < 0x10000);
}

/**
 * Decodes `count` symbols with four interleaved states at `states`, or one, reading 16-bit words backwards from `end`.
 * Leaves the states' last 16 bits where the raw bits end, which begin at `raw`.
 *
 * @returns The address after the raw bits, or 0 when a state does not end where it began, or the words reach below them.
 */
export function decodeSymbols(
  slots: usize,
  states: usize,
  lanes: i32,
  raw: usize,
  end: usize,
  symbols: usize,
  count: i32,
): usize {
  // Of the next word.
  let at = end - 2;
  let a = load<u32>(states);
  let i = 0;
  let sound = true;
  if (lanes == 4) {
    let b = load<u32>(states, 4);
    let c = load<u32>(states, 8);
    let d = load<u32>(states, 12);
    for (; i + 3 < count; i += 4) {
      let slot = slotOf(slots, a);
      store<u8>(symbols + i, <u8>slot);
      a = advance(a, slot);
      const nextB = wordAfter(at, a);
      a = refill(a, at);
      slot = slotOf(slots, b);
      store<u8>(symbols + i, <u8>slot, 1);
      b = advance(b, slot);
      const nextC = wordAfter(nextB, b);
      b = refill(b, nextB);
      slot = slotOf(slots, c);
      store<u8>(symbols + i, <u8>slot, 2);
      c = advance(c, slot);
      const nextD = wordAfter(nextC, c);
      c = refill(c, nextC);
      slot = slotOf(slots, d);
      store<u8>(symbols + i, <u8>slot, 3);
      d = advance(d, slot);
      at = wordAfter(nextD, d);
      d = refill(d, nextD);
    }
    store<u32>(states, a);
    store<u32>(states, b, 4);
    store<u32>(states, c, 8);
    store<u32>(states, d, 12);
  }
  for (; i < count; i++) {
    const lane = states + (<usize>(i & (lanes - 1)) << 2);
    let state = load<u32>(lane);
    const slot = slotOf(slots, state);
    store<u8>(symbols + i, <u8>slot);
    state = advance(state, slot);
    store<u32>(lane, refill(state, at));
    at = wordAfter(at, state);
  }
  at += 2;
  if (at < raw) return 0;
  for (let lane = 0; lane < lanes; lane++) {
    const state = load<u32>(states + (<usize>lane << 2));
    if (state >> 16 != 1) sound = false;
    store<u16>(at + (<usize>lane << 1), <u16>state);
  }
  return sound ? at + (<usize>lanes << 1) : 0;
}

@inline
function descriptorOf(descriptors: usize, symbol: usize): usize {
  return descriptors + (<usize>load<u8>(symbol)) * DESCRIPTOR_BYTES;
}

/** The raw bits from there on, at least 57. */
@inline
function bitsFrom(raw: usize, bit: usize): u64 {
  return load<u64>(raw + (bit >> 3)) >> (bit & 7);
}

/** Of a value whose sign and low bits come first in `bits`. */
@inline
function significandOf(descriptor: usize, bits: u64): u64 {
  return load<u64>(descriptor, TOLD) | ((bits >> 1) & load<u64>(descriptor, MASK));
}

/** Its magnitude. */
@inline
function magnitudeOf(descriptor: usize, significand: u64): f64 {
  return <f64>(<i64>significand) * load<f64>(descriptor, SCALE);
}

/**
 * Reads signs and low bits from `raw` and writes float32s, where every fine symbol is followed by the same `width` of at
 * most 8 bits. Eight values at a time: label, bits and sign are put together to half-precision numbers, which the scale
 * multiplies. A value with a coarse symbol, two in a hundred, is made by itself.
 *
 * Writes up to 7 float32s behind the last one.
 *
 * @param fields For each bit of a byte where the first of eight fields, a sign and `width` bits each, may begin: bytes
 *   that gather the fields as 16-bit numbers, and factors that move each one to the upper end.
 * @param lowest The label's offset to the upper 12 bits of a float32.
 */
export function decodeShortFields(
  descriptors: usize,
  symbols: usize,
  raw: usize,
  count: i32,
  fields: usize,
  width: i32,
  lowest: i32,
  scale: f64,
  target: usize,
): usize {
  const offsets = i16x8.splat(<i16>lowest);
  const pastMagnitude: i32 = 1 << width;
  const magnitudes = i16x8.splat(<i16>(-(0x10000 >> width)));
  const signs = i16x8.splat(<i16>pastMagnitude);
  const scales = f64x2.splat(scale);
  const step: usize = (<usize>width + 1) << 3;
  // Ends the last eight.
  store<u8>(symbols + count, <u8>COARSE);
  let bit: usize = 0;
  for (let i = 0; i < count; ) {
    const coarse = load<u64>(symbols + i) & 0x8080808080808080;
    const gather = fields + ((bit & 7) << 5);
    const bytes = i8x16.swizzle(v128.load(raw + (bit >> 3)), v128.load(gather));
    const field = i16x8.mul(bytes, v128.load(gather, 16));
    const magnitude = v128.and(field, magnitudes);
    const sign = v128.and(i16x8.mul(field, signs), i16x8.splat(i16.MIN_VALUE));
    const label = i16x8.shl(i16x8.add(v128.load_ext<u8>(symbols + i), offsets), 4);
    const upper = v128.or(v128.or(label, i16x8.shr_u(magnitude, 12)), sign);
    const lower = i16x8.shl(magnitude, 4);
    const at = target + (<usize>i << 2);
    v128.store(at, scaled(v128.shuffle<u16>(lower, upper, 0, 8, 1, 9, 2, 10, 3, 11), scales));
    v128.store(at, scaled(v128.shuffle<u16>(lower, upper, 4, 12, 5, 13, 6, 14, 7, 15), scales), 16);
    if (coarse === 0) {
      bit += step;
      i += 8;
      continue;
    }
    const before = <i32>ctz(coarse) >> 3;
    i += before;
    bit += <usize>before * (<usize>width + 1);
    if (i < count) {
      const descriptor = descriptorOf(descriptors, symbols + i);
      const bits = bitsFrom(raw, bit);
      const significand = significandOf(descriptor, bits);
      bit += 1 + load<u32>(descriptor, WIDTH);
      const single = <f32>magnitudeOf(descriptor, significand);
      store<u32>(target + (<usize>i << 2), reinterpret<u32>(single) | (<u32>bits << 31));
    }
    i++;
  }
  return bit;
}

/** Four float32s, each multiplied in float64 and rounded. */
@inline
function scaled(values: v128, scales: v128): v128 {
  const first = f64x2.promote_low_f32x4(values);
  const second = f64x2.promote_low_f32x4(v128.shuffle<u64>(values, values, 1, 0));
  return v128.shuffle<u64>(
    f32x4.demote_f64x2_zero(f64x2.mul(first, scales)),
    f32x4.demote_f64x2_zero(f64x2.mul(second, scales)),
    0,
    2,
  );
}

/** Reads signs and low bits from `raw` and writes float32s; returns the count of raw bits read. */
export function decodeFloat32s(
  descriptors: usize,
  symbols: usize,
  raw: usize,
  count: i32,
  corrections: usize,
  target: usize,
): usize {
  let bit: usize = 0;
  if (corrections == 0) {
    for (let i = 0; i < count; i++) {
      const descriptor = descriptorOf(descriptors, symbols + i);
      const bits = bitsFrom(raw, bit);
      const significand = significandOf(descriptor, bits);
      bit += 1 + load<u32>(descriptor, WIDTH);
      const magnitude = <f32>magnitudeOf(descriptor, significand);
      store<u32>(target + (<usize>i << 2), reinterpret<u32>(magnitude) | (<u32>bits << 31));
    }
  } else {
    for (let i = 0; i < count; i++) {
      const descriptor = descriptorOf(descriptors, symbols + i);
      const bits = bitsFrom(raw, bit);
      const significand = significandOf(descriptor, bits);
      bit += 1 + load<u32>(descriptor, WIDTH);
      const magnitude = <f32>magnitudeOf(descriptor, significand);
      const corrected = reinterpret<u32>(magnitude) + <u32>(<i32>load<i8>(corrections + <usize>significand));
      store<u32>(target + (<usize>i << 2), corrected | (<u32>bits << 31));
    }
  }
  return bit;
}

/** The same for float64s. */
export function decodeFloat64s(
  descriptors: usize,
  symbols: usize,
  raw: usize,
  count: i32,
  target: usize,
): usize {
  let bit: usize = 0;
  for (let i = 0; i < count; i++) {
    const descriptor = descriptorOf(descriptors, symbols + i);
    const bits = bitsFrom(raw, bit);
    const significand = significandOf(descriptor, bits);
    bit += 1 + load<u32>(descriptor, WIDTH);
    const magnitude = magnitudeOf(descriptor, significand);
    store<u64>(target + (<usize>i << 3), reinterpret<u64>(magnitude) | (bits << 63));
  }
  return bit;
}

/** Widths of one symbol: a uint32 each, its start and, from bit 16 on, its frequency. */
const WIDTHS: i32 = 24;

/**
 * Decodes `count` symbols, each but the zero followed by a width, with one state, reading 16-bit words backwards from
 * `end`. Leaves the state's last 16 bits where the raw bits end, which begin at `raw`.
 *
 * @returns The address after the raw bits, or 0 when the state does not end where it began, or the words reach below them.
 */
export function decodeWidths(
  slots: usize,
  widthCodes: usize,
  first: u32,
  raw: usize,
  end: usize,
  zeroSymbol: u32,
  symbols: usize,
  widths: usize,
  count: i32,
): usize {
  // Of the next word.
  let at = end - 2;
  let state = first;
  for (let i = 0; i < count; i++) {
    const slot = slotOf(slots, state);
    const symbol = slot & 255;
    store<u8>(symbols + i, <u8>symbol);
    state = advance(state, slot);
    let next = wordAfter(at, state);
    state = refill(state, at);
    at = next;
    store<u8>(widths + i, 0);
    if (symbol === zeroSymbol) continue;
    let code = widthCodes + <usize>symbol * (WIDTHS << 2);
    const place = state & 4095;
    let width = 0;
    while (place - load<u16>(code) >= <u32>load<u16>(code, 2) && width < WIDTHS - 1) {
      width++;
      code += 4;
    }
    store<u8>(widths + i, <u8>width);
    state = <u32>load<u16>(code, 2) * (state >> 12) + place - load<u16>(code);
    next = wordAfter(at, state);
    state = refill(state, at);
    at = next;
  }
  at += 2;
  if (at < raw) return 0;
  store<u16>(at, <u16>state);
  return state >> 16 === 1 ? at + 2 : 0;
}

/**
 * The same as `decodeFloat32s` for values with widths of their own, of which the lowest bit is set and not in `raw`. The
 * descriptors are those of precision 1.
 */
export function decodeOwnWidths(
  descriptors: usize,
  symbols: usize,
  widths: usize,
  raw: usize,
  count: i32,
  target: usize,
): usize {
  let bit: usize = 0;
  for (let i = 0; i < count; i++) {
    const symbol = <u32>load<u8>(symbols + i);
    const descriptor = descriptors + <usize>symbol * DESCRIPTOR_BYTES;
    const told: u32 = symbol < <u32>COARSE ? 3 : 0;
    const width = <u32>load<u8>(widths + i);
    const bits = bitsFrom(raw, bit);
    let significand = load<u64>(descriptor, TOLD);
    let unit = load<f64>(descriptor, SCALE);
    bit++;
    if (width > told) {
      const own = width - told;
      const mask = ((<u64>1) << own) - 1;
      significand = (significand << own) | (bits & mask) | 1;
      unit *= reinterpret<f64>(<u64>(1023 - own) << 52);
      bit += own - 1;
    }
    const magnitude = <f32>(<f64>(<i64>significand) * unit);
    store<u32>(target + (<usize>i << 2), reinterpret<u32>(magnitude) | (<u32>bits << 31));
  }
  return bit;
}

/** Float32s in place: divided in float32, then multiplied by the scale and rounded again. */
export function normalise(target: usize, count: i32, divisor: f32, scale: f64): void {
  const scales = f64x2.splat(scale);
  const divisors = f32x4.splat(divisor);
  for (let i = 0; i < count; i += 2) {
    const at = target + (<usize>i << 2);
    const divided = f32x4.div(v128.load64_zero(at), divisors);
    const scaled = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.promote_low_f32x4(divided), scales));
    v128.store64_lane(at, scaled, 0);
  }
}

/** Float32s in place, rounded to the 11 significand bits of a normal float16, ties to even. */
export function roundToFloat16(target: usize, count: i32): void {
  const below = i32x4.splat(0xfff);
  const one = i32x4.splat(1);
  const kept = i32x4.splat(~0x1fff);
  for (let i = 0; i < count; i += 4) {
    const at = target + (<usize>i << 2);
    const bits = v128.load(at);
    const odd = v128.and(i32x4.shr_u(bits, 13), one);
    v128.store(at, v128.and(i32x4.add(bits, i32x4.add(below, odd)), kept));
  }
}
