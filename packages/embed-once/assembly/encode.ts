// The grid encoder: from float64s to grid values, their symbols and their bits. What a kernel does not decide (which
// scale, which table, which exceptions) is decided in src/codec, which also lays out the memory.

/** The exponent of a value that has no place on the grid, zero among them. */
const ZERO_EXPONENT: i32 = -2000;

/** Float64s rounded to float32s; returns how many are changed by it, NaN included. */
export function narrow(source: usize, target: usize, count: i32): i32 {
  let kept = 0;
  for (let i = 0; i < count; i += 2) {
    const two = v128.load(source + (<usize>i << 3));
    const narrowed = f32x4.demote_f64x2_zero(two);
    v128.store64_lane(target + (<usize>i << 2), narrowed, 0);
    let equal = i64x2.bitmask(f64x2.eq(f64x2.promote_low_f32x4(narrowed), two));
    if (i + 1 === count) equal &= 1;
    kept += popcnt(equal);
  }
  return count - kept;
}

/** How many of two rows of float64s differ; NaN differs from everything. */
export function countUnequal(a: usize, b: usize, count: i32): i32 {
  let equal = 0;
  for (let i = 0; i < count; i += 2) {
    const at = <usize>i << 3;
    let mask = i64x2.bitmask(f64x2.eq(v128.load(a + at), v128.load(b + at)));
    if (i + 1 === count) mask &= 1;
    equal += popcnt(mask);
  }
  return count - equal;
}

/** How many of two rows of float32s differ in more than their sign. */
export function countDifferent(a: usize, b: usize, count: i32): i32 {
  let equal = 0;
  const magnitude = i32x4.splat(0x7fffffff);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const changed = v128.and(v128.xor(v128.load(a + at), v128.load(b + at)), magnitude);
    let mask = i32x4.bitmask(i32x4.eq(changed, i32x4.splat(0)));
    if (i + 4 > count) mask &= (1 << (count - i)) - 1;
    equal += popcnt(mask);
  }
  return count - equal;
}

/** The sum of |float32|, infinite and NaN as they come. */
export function sumMagnitudes(float32s: usize, count: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let i = 0;
  for (; i + 3 < count; i += 4) {
    const four = f32x4.abs(v128.load(float32s + (<usize>i << 2)));
    low = f64x2.add(low, f64x2.promote_low_f32x4(four));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<u64>(four, four, 1, 0)));
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; i < count; i++) sum += <f64>abs(load<f32>(float32s + (<usize>i << 2)));
  return sum;
}

/**
 * Counts the values whose (low) word stood before, as far as a table of 4,096 words remembers; `stride` is a value's
 * words. Writes to `summary`, as int32s: how many, and how many of them after the same value as the time before.
 */
export function countRepeats(words: usize, count: i32, stride: i32, lastSeen: usize, summary: usize): void {
  // An empty slot names the first value, which equals none but its own repeats.
  memory.fill(lastSeen, 0, 16384);
  let alone = 0;
  let inRow = 0;
  let followed = -2;
  const step = <usize>stride << 2;
  let at = words;
  for (let i = 0; i < count; i++) {
    const word = load<u32>(at);
    at += step;
    const slot = lastSeen + (<usize>((word * 0x9e3779b1) >>> 20) << 2);
    const earlier = load<i32>(slot);
    if (load<u32>(words + <usize>earlier * step) === word && earlier < i) {
      alone++;
      inRow += i32(earlier === followed + 1);
      followed = earlier;
    } else {
      followed = -2;
    }
    store<i32>(slot, i);
  }
  store<i32>(summary, alone);
  store<i32>(summary, inRow, 4);
}

/**
 * Counts float32s by the significand bits that they need, 1 to 24, into the first 25 of 100 uint32s. Four counts at
 * once: most values need the same bits, and a count waits for the one before it.
 */
export function countPrecisions(float32s: usize, count: i32, counts: usize): void {
  memory.fill(counts, 0, 400);
  for (let i = 0; i < count; i++) {
    // The bit above the fraction gives 1 where that is zero.
    const fraction = (load<u32>(float32s + (<usize>i << 2)) & 0x7fffff) | 0x800000;
    const at = counts + 100 * <usize>(i & 3) + (<usize>(24 - ctz(fraction)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  for (let at = counts; at < counts + 100; at += 4) {
    store<u32>(at, load<u32>(at) + load<u32>(at, 100) + load<u32>(at, 200) + load<u32>(at, 300));
  }
}

/**
 * The first k in [from, high) for which k · ratio, after an octave shift into [low, high), is an integer to within
 * `reach` of itself; `high` if there is none.
 */
export function nextMultiple(from: i32, low: i32, high: i32, ratio: f64, reach: f64): i32 {
  const ratios = f64x2.splat(ratio);
  const reaches = f64x2.splat(reach);
  const lows = f64x2.splat(low);
  const highs = f64x2.splat(high);
  for (let k = from; k < high; k += 2) {
    let multiple = f64x2.mul(f64x2.add(f64x2.splat(k), f64x2(0, 1)), ratios);
    const half = f64x2.mul(multiple, f64x2.splat(0.5));
    const double = f64x2.add(multiple, multiple);
    multiple = v128.bitselect(
      half,
      v128.bitselect(double, multiple, f64x2.lt(multiple, lows)),
      f64x2.ge(multiple, highs),
    );
    const distance = f64x2.abs(f64x2.sub(multiple, f64x2.nearest(multiple)));
    const found = i64x2.bitmask(f64x2.le(distance, f64x2.mul(multiple, reaches)));
    if (found !== 0) {
      const first = k + ctz(found);
      return first < high ? first : high;
    }
  }
  return high;
}

/**
 * The first value from `from` on that some scale between middle − reach and middle + reach does not give: its grid value
 * times that scale lies further from it than half a float32 step, or than what `rounding` leaves open. `splitter` rounds
 * to the grid's precision (Veltkamp's splitting). `count` if there is none.
 */
export function nextBeyond(
  float32s: usize,
  from: i32,
  count: i32,
  perScale: f64,
  splitter: f64,
  middle: f64,
  reach: f64,
  rounding: f64,
): i32 {
  const roundings = f64x2.splat(rounding);
  const octaveBits = i32x4.splat(0x7f800000);
  for (let i = from; i < count; i += 2) {
    const two = v128.load64_zero(float32s + (<usize>i << 2));
    const magnitude = f64x2.abs(f64x2.promote_low_f32x4(two));
    const octave = f64x2.promote_low_f32x4(v128.and(two, octaveBits));
    const halfStep = f64x2.mul(octave, f64x2.splat(reinterpret<f64>(0x3e70000000000000)));
    const tolerance = v128.bitselect(
      halfStep,
      f64x2.add(f64x2.add(halfStep, halfStep), roundings),
      f64x2.lt(roundings, halfStep),
    );
    const value = f64x2.mul(magnitude, f64x2.splat(perScale));
    const split = f64x2.mul(value, f64x2.splat(splitter));
    const grid = f64x2.sub(split, f64x2.sub(split, value));
    const distance = f64x2.abs(f64x2.sub(magnitude, f64x2.mul(grid, f64x2.splat(middle))));
    const far = f64x2.add(distance, f64x2.mul(grid, f64x2.splat(reach)));
    const within = i64x2.bitmask(f64x2.le(far, tolerance));
    if (within !== 3) {
      const first = i + ctz(~within);
      return first < count ? first : count;
    }
  }
  return count;
}

/**
 * Puts |float32| · divisor / scale on the grid of numbers with so many significand bits that `dropped` of 24 are zero:
 * their float32 bits, exponents and left-aligned fractions. Returns how many values other than 0 have no place there.
 */
export function placeOnGrid(
  float32s: usize,
  count: i32,
  divisor: f64,
  scale: f64,
  dropped: i32,
  grid: usize,
  exponents: usize,
  fractions: usize,
): i32 {
  let lost = 0;
  const divisors = f64x2.splat(divisor);
  const scales = f64x2.splat(scale);
  const half = i32x4.splat(dropped === 0 ? 0 : 1 << (dropped - 1));
  const kept = i32x4.splat(-1 << dropped);
  for (let i = 0; i < count; i += 4) {
    const four = v128.load(float32s + (<usize>i << 2));
    const low = f64x2.div(f64x2.mul(f64x2.promote_low_f32x4(four), divisors), scales);
    const upper = f64x2.promote_low_f32x4(v128.shuffle<u64>(four, four, 1, 0));
    const high = f64x2.div(f64x2.mul(upper, divisors), scales);
    let h = v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    h = v128.and(h, i32x4.splat(0x7fffffff));
    // Only normal numbers have a place.
    const normal = v128.and(i32x4.ge_s(h, i32x4.splat(0x800000)), i32x4.lt_s(h, i32x4.splat(0x7f800000)));
    h = v128.and(v128.and(i32x4.add(h, half), kept), normal);
    v128.store(grid + (<usize>i << 2), h);
    v128.store(fractions + (<usize>i << 2), i32x4.shl(h, 9));
    const exponent = v128.bitselect(
      i32x4.sub(i32x4.shr_u(h, 23), i32x4.splat(127)),
      i32x4.splat(ZERO_EXPONENT),
      normal,
    );
    v128.store64_lane(exponents + (<usize>i << 1), i16x8.narrow_i32x4_s(exponent, exponent), 0);
    const isOther = f32x4.ne(four, f32x4.splat(0));
    let mask = i32x4.bitmask(v128.andnot(isOther, normal));
    if (i + 4 > count) mask &= (1 << (count - i)) - 1;
    lost += popcnt(mask);
  }
  return lost;
}

/**
 * Adds the values to `counts`, a uint32 for each eighth of each octave from `lowestExponent` up. Writes the lowest and
 * the highest eighth that occur and the count of zeros to `summary`, as int32s.
 */
export function countEighths(
  exponents: usize,
  fractions: usize,
  count: i32,
  lowestExponent: i32,
  counts: usize,
  summary: usize,
): void {
  let lowest = i32.MAX_VALUE;
  let highest = -1;
  let zeros = 0;
  for (let i = 0; i < count; i++) {
    const exponent = <i32>load<i16>(exponents + (<usize>i << 1));
    if (exponent === ZERO_EXPONENT) {
      zeros++;
      continue;
    }
    const cell = ((exponent - lowestExponent) << 3) + <i32>(load<u32>(fractions + (<usize>i << 2)) >>> 29);
    lowest = min(lowest, cell);
    highest = max(highest, cell);
    const at = counts + (<usize>cell << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  store<i32>(summary, lowest);
  store<i32>(summary, highest, 4);
  store<i32>(summary, zeros, 8);
}

/**
 * What values cost by a table: `counts` says how many lie in each of so many eighths (a multiple of 4), `costs` holds the
 * bits of each as a float32. Writes how many values those are to `summary`, as an int32.
 */
export function costOfEighths(counts: usize, costs: usize, eighths: i32, summary: usize): f64 {
  let bits = f32x4.splat(0);
  let values = i32x4.splat(0);
  for (let i = 0; i < eighths; i += 4) {
    const at = <usize>i << 2;
    const four = v128.load(counts + at);
    values = i32x4.add(values, four);
    bits = f32x4.add(bits, f32x4.mul(f32x4.convert_i32x4_s(four), v128.load(costs + at)));
  }
  store<i32>(
    summary,
    i32x4.extract_lane(values, 0) +
      i32x4.extract_lane(values, 1) +
      i32x4.extract_lane(values, 2) +
      i32x4.extract_lane(values, 3),
  );
  return (
    <f64>f32x4.extract_lane(bits, 0) +
    <f64>f32x4.extract_lane(bits, 1) +
    <f64>f32x4.extract_lane(bits, 2) +
    <f64>f32x4.extract_lane(bits, 3)
  );
}

/**
 * Writes each value's symbol: `eighths` holds those of the eighths of `octaves` octaves downward from `topExponent`.
 * Values beyond them get `zeroSymbol`; returns how many of those are no zeros.
 */
export function nameSymbols(
  exponents: usize,
  fractions: usize,
  count: i32,
  topExponent: i32,
  octaves: i32,
  eighths: usize,
  zeroSymbol: i32,
  symbols: usize,
): i32 {
  let beyond = 0;
  for (let i = 0; i < count; i++) {
    const exponent = <i32>load<i16>(exponents + (<usize>i << 1));
    const depth = topExponent - exponent;
    if (<u32>depth < <u32>octaves) {
      const eighth = <usize>(load<u32>(fractions + (<usize>i << 2)) >>> 29);
      store<u8>(symbols + i, load<u8>(eighths + (<usize>depth << 3) + eighth));
    } else {
      store<u8>(symbols + i, <u8>zeroSymbol);
      beyond += i32(exponent !== ZERO_EXPONENT);
    }
  }
  return beyond;
}

/**
 * Writes each value's sign and those bits of its significand that its symbol does not tell, lowest bits first. `told`
 * and `widths` hold a byte a symbol: how many bits it tells, and how many follow.
 *
 * @param lowFractions The 32 fraction bits after those in `fractions`; 0 where all are zero.
 * @param widest The most bits that follow a symbol.
 * @returns The address after the last byte.
 */
export function encodeRawBits(
  exact: usize,
  fractions: usize,
  lowFractions: usize,
  symbols: usize,
  told: usize,
  widths: usize,
  widest: i32,
  count: i32,
  target: usize,
): usize {
  let at = target;
  let buffer: u64 = 0;
  let filled: u32 = 0;
  let i = 0;
  if (widest < 24) {
    // Two values have at most 48 bits: what follows waits once for both.
    for (; i + 1 < count; i += 2) {
      const first = <usize>load<u8>(symbols + i);
      const second = <usize>load<u8>(symbols + i, 1);
      const firstWidth = <u32>load<u8>(widths + first);
      const secondWidth = <u32>load<u8>(widths + second);
      const fractionsAt = fractions + (<usize>i << 2);
      const exactAt = exact + (<usize>i << 3);
      // As 32 bits, so that what the symbol tells is shifted out.
      const firstFraction: u32 = load<u32>(fractionsAt) << <u32>load<u8>(told + first);
      const secondFraction: u32 = load<u32>(fractionsAt, 4) << <u32>load<u8>(told + second);
      const firstBits = <u64>firstFraction >> <u64>(32 - firstWidth);
      const secondBits = <u64>secondFraction >> <u64>(32 - secondWidth);
      const firstCode = (load<u64>(exactAt) >> 63) | (firstBits << 1);
      const secondCode = (load<u64>(exactAt, 8) >> 63) | (secondBits << 1);
      buffer |= (firstCode | (secondCode << <u64>(firstWidth + 1))) << filled;
      filled += firstWidth + secondWidth + 2;
      store<u64>(at, buffer);
      const whole = filled >> 3;
      at += whole;
      buffer >>= <u64>(whole << 3);
      filled &= 7;
    }
  }
  for (; i < count; i++) {
    const symbol = <usize>load<u8>(symbols + i);
    const width = <u64>load<u8>(widths + symbol);
    let fraction = <u64>load<u32>(fractions + (<usize>i << 2)) << 32;
    if (lowFractions !== 0) fraction |= <u64>load<u32>(lowFractions + (<usize>i << 2));
    // In two shifts: one by 64 would be one by 0.
    const bits = ((fraction << <u64>load<u8>(told + symbol)) >> 1) >> (63 - width);
    const sign = load<u64>(exact + (<usize>i << 3)) >> 63;
    buffer |= (sign | (bits << 1)) << filled;
    filled += 1 + <u32>width;
    store<u64>(at, buffer);
    const whole = filled >> 3;
    at += whole;
    buffer >>= <u64>(whole << 3);
    filled &= 7;
  }
  store<u64>(at, buffer);
  return at + ((filled + 7) >> 3);
}

/**
 * rANS with 12-bit frequencies. A symbol's code of 16 bytes: ceil(2^44 / frequency) as a uint64, its frequency, and its
 * start.
 *
 * A state that does not overflow is less than 2^20 times the frequency, so the product with that reciprocal fits into 64
 * bits, and its upper 20 are the quotient exactly (Granlund and Montgomery 1994, theorem 4.2): a division costs more.
 */
@inline
function advance(state: u32, code: usize): u32 {
  const quotient = <u32>((<u64>state * load<u64>(code)) >> 44);
  return state + quotient * (4096 - load<u32>(code, 8)) + load<u32>(code, 12);
}

@inline
function codeOf(codes: usize, symbols: usize, i: i32): usize {
  return codes + (<usize>load<u8>(symbols + i) << 4);
}

@inline
function overflows(state: u32, code: usize): u32 {
  return u32(state >>> 20 >= load<u32>(code, 8));
}

/**
 * Codes `count` symbols, last one first, with four interleaved states at `states`, or one. Words of 16 bits go to
 * `target` upwards, and the states back to where they came from.
 *
 * @returns The address after the last word.
 */
export function encodeSymbols(
  codes: usize,
  states: usize,
  lanes: i32,
  symbols: usize,
  count: i32,
  target: usize,
): usize {
  let at = target;
  let i = count - 1;
  for (; i >= 0 && (lanes === 1 || (i & 3) !== 3); i--) {
    const lane = states + (<usize>(i & (lanes - 1)) << 2);
    let state = load<u32>(lane);
    const code = codeOf(codes, symbols, i);
    if (overflows(state, code)) {
      store<u16>(at, <u16>state);
      at += 2;
      state >>>= 16;
    }
    store<u32>(lane, advance(state, code));
  }
  let a = load<u32>(states);
  let b = load<u32>(states, 4);
  let c = load<u32>(states, 8);
  let d = load<u32>(states, 12);
  for (; i >= 0; i -= 4) {
    // Branchless: which state gives a word is close to random.
    const codeD = codeOf(codes, symbols, i);
    let gives = overflows(d, codeD);
    store<u16>(at, <u16>d);
    at += gives << 1;
    d = advance(d >>> (gives << 4), codeD);
    const codeC = codeOf(codes, symbols, i - 1);
    gives = overflows(c, codeC);
    store<u16>(at, <u16>c);
    at += gives << 1;
    c = advance(c >>> (gives << 4), codeC);
    const codeB = codeOf(codes, symbols, i - 2);
    gives = overflows(b, codeB);
    store<u16>(at, <u16>b);
    at += gives << 1;
    b = advance(b >>> (gives << 4), codeB);
    const codeA = codeOf(codes, symbols, i - 3);
    gives = overflows(a, codeA);
    store<u16>(at, <u16>a);
    at += gives << 1;
    a = advance(a >>> (gives << 4), codeA);
  }
  store<u32>(states, a);
  store<u32>(states, b, 4);
  store<u32>(states, c, 8);
  store<u32>(states, d, 12);
  return at;
}
