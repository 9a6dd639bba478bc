// The grid decoder: the octave coder's symbols, then signs and low significand bits.
// All addresses are bytes of the module's memory; the caller lays it out (src/codec/kernels.ts).

// One descriptor a symbol: the scale of a significand's unit, the bits that the symbol tells, the raw bits that follow.
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

/** Writes the descriptors of the octaves [firstDepth, endDepth), `told` bits (0 or 3) each; returns the next address. */
function describeOctaves(
  at: usize,
  firstDepth: i32,
  endDepth: i32,
  told: i32,
  precision: i32,
  floorDepth: i32,
  topExponent: i32,
  scale: f64,
): usize {
  for (let depth = firstDepth; depth < endDepth; depth++) {
    const width = max(min(precision - 1, floorDepth - depth) - told, 0);
    const unit = scale * powerOfTwo(topExponent - depth - told - width);
    for (let top: u64 = 1 << told; top < 2 << told; top++) {
      store<f64>(at, unit, SCALE);
      store<u64>(at, top << width, TOLD);
      store<u64>(at, ((<u64>1) << width) - 1, MASK);
      store<u32>(at, width, WIDTH);
      at += DESCRIPTOR_BYTES;
    }
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
  let at = describeOctaves(descriptors, 0, outer, 0, precision, floorDepth, topExponent, scale);
  at = describeOctaves(at, outer, outer + fine, 3, precision, floorDepth, topExponent, scale);
  at = describeOctaves(at, outer + fine, outer + fine + inner, 0, precision, floorDepth, topExponent, scale);
  memory.fill(at, 0, DESCRIPTOR_BYTES);
}

@inline
function advance(state: u32, slot: u32): u32 {
  return (((slot >> 12) & 4095) + 1) * (state >> 12) + (slot & 4095);
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
  let at = end;
  let a = load<u32>(states);
  let i = 0;
  let sound = true;
  if (lanes == 4) {
    let b = load<u32>(states, 4);
    let c = load<u32>(states, 8);
    let d = load<u32>(states, 12);
    for (; i + 3 < count; i += 4) {
      const slotA = load<u32>(slots + (<usize>(a & 4095) << 2));
      const slotB = load<u32>(slots + (<usize>(b & 4095) << 2));
      const slotC = load<u32>(slots + (<usize>(c & 4095) << 2));
      const slotD = load<u32>(slots + (<usize>(d & 4095) << 2));
      store<u32>(symbols + i, (slotA >> 24) | ((slotB >> 24) << 8) | ((slotC >> 24) << 16) | (slotD & 0xff000000));
      a = advance(a, slotA);
      b = advance(b, slotB);
      c = advance(c, slotC);
      d = advance(d, slotD);
      // Branchless: which state needs a word is close to random.
      let needs: u32 = u32(a < 0x10000);
      a = select<u32>((a << 16) | load<u16>(at - 2), a, needs);
      at -= needs << 1;
      needs = u32(b < 0x10000);
      b = select<u32>((b << 16) | load<u16>(at - 2), b, needs);
      at -= needs << 1;
      needs = u32(c < 0x10000);
      c = select<u32>((c << 16) | load<u16>(at - 2), c, needs);
      at -= needs << 1;
      needs = u32(d < 0x10000);
      d = select<u32>((d << 16) | load<u16>(at - 2), d, needs);
      at -= needs << 1;
    }
    store<u32>(states, a);
    store<u32>(states, b, 4);
    store<u32>(states, c, 8);
    store<u32>(states, d, 12);
  }
  for (; i < count; i++) {
    const lane = states + (<usize>(i & (lanes - 1)) << 2);
    let state = load<u32>(lane);
    const slot = load<u32>(slots + (<usize>(state & 4095) << 2));
    store<u8>(symbols + i, slot >> 24);
    state = advance(state, slot);
    if (state < 0x10000) {
      at -= 2;
      state = (state << 16) | load<u16>(at);
    }
    store<u32>(lane, state);
  }
  if (at < raw) return 0;
  for (let lane = 0; lane < lanes; lane++) {
    const state = load<u32>(states + (<usize>lane << 2));
    if (state >> 16 != 1) sound = false;
    store<u16>(at + (<usize>lane << 1), <u16>state);
  }
  return sound ? at + (<usize>lanes << 1) : 0;
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
      const descriptor = descriptors + (<usize>load<u8>(symbols + i)) * DESCRIPTOR_BYTES;
      const bits = load<u64>(raw + (bit >> 3)) >> (bit & 7);
      const significand = load<u64>(descriptor, TOLD) | ((bits >> 1) & load<u64>(descriptor, MASK));
      bit += 1 + load<u32>(descriptor, WIDTH);
      const magnitude = <f32>(<f64>(<i64>significand) * load<f64>(descriptor, SCALE));
      store<u32>(target + (<usize>i << 2), reinterpret<u32>(magnitude) | (<u32>bits << 31));
    }
  } else {
    for (let i = 0; i < count; i++) {
      const descriptor = descriptors + (<usize>load<u8>(symbols + i)) * DESCRIPTOR_BYTES;
      const bits = load<u64>(raw + (bit >> 3)) >> (bit & 7);
      const significand = load<u64>(descriptor, TOLD) | ((bits >> 1) & load<u64>(descriptor, MASK));
      bit += 1 + load<u32>(descriptor, WIDTH);
      const magnitude = <f32>(<f64>(<i64>significand) * load<f64>(descriptor, SCALE));
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
    const descriptor = descriptors + (<usize>load<u8>(symbols + i)) * DESCRIPTOR_BYTES;
    const bits = load<u64>(raw + (bit >> 3)) >> (bit & 7);
    const significand = load<u64>(descriptor, TOLD) | ((bits >> 1) & load<u64>(descriptor, MASK));
    bit += 1 + load<u32>(descriptor, WIDTH);
    const magnitude = <f64>(<i64>significand) * load<f64>(descriptor, SCALE);
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
  let at = end;
  let state = first;
  for (let i = 0; i < count; i++) {
    const slot = load<u32>(slots + (<usize>(state & 4095) << 2));
    const symbol = slot >> 24;
    store<u8>(symbols + i, <u8>symbol);
    state = advance(state, slot);
    let needs = u32(state < 0x10000);
    state = select<u32>((state << 16) | load<u16>(at - 2), state, needs);
    at -= needs << 1;
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
    needs = u32(state < 0x10000);
    state = select<u32>((state << 16) | load<u16>(at - 2), state, needs);
    at -= needs << 1;
  }
  if (at < raw) return 0;
  store<u16>(at, <u16>state);
  return state >> 16 === 1 ? at + 2 : 0;
}

/**
 * The same as `decodeFloat32s` for values with widths of their own, of which the lowest bit is set and not in `raw`. The
 * descriptors are those of precision 1; the symbols from `outer` on, below `coarse`, tell three bits.
 */
export function decodeOwnWidths(
  descriptors: usize,
  symbols: usize,
  widths: usize,
  raw: usize,
  count: i32,
  outer: u32,
  coarse: u32,
  target: usize,
): usize {
  let bit: usize = 0;
  for (let i = 0; i < count; i++) {
    const symbol = <u32>load<u8>(symbols + i);
    const descriptor = descriptors + <usize>symbol * DESCRIPTOR_BYTES;
    const told: u32 = symbol >= outer && symbol < coarse ? 3 : 0;
    const width = <u32>load<u8>(widths + i);
    const bits = load<u64>(raw + (bit >> 3)) >> (bit & 7);
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
