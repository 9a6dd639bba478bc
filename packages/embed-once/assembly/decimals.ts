// From float32s to the float64s that were sent; src/codec/shortest-decimal.ts is the reference.

/** Float32s, each widened. */
export function widen(source: usize, target: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    const four = v128.load(source + (<usize>i << 2));
    v128.store(target + (<usize>i << 3), f64x2.promote_low_f32x4(four));
    v128.store(
      target + (<usize>i << 3),
      f64x2.promote_low_f32x4(v128.shuffle<u64>(four, four, 1, 0)),
      16,
    );
  }
}

/** Float32s, each rounded to the decimals that `power` = 10^decimals stands for, ties to even. */
export function roundDecimals(source: usize, target: usize, count: i32, power: f64): void {
  const powers = f64x2.splat(power);
  for (let i = 0; i < count; i += 2) {
    const two = f64x2.promote_low_f32x4(v128.load64_zero(source + (<usize>i << 2)));
    v128.store(target + (<usize>i << 3), f64x2.div(f64x2.nearest(f64x2.mul(two, powers)), powers));
  }
}

/** Float64s divided in place. */
export function divide(target: usize, count: i32, power: f64): void {
  const powers = f64x2.splat(power);
  for (let i = 0; i < count; i += 2) {
    const at = target + (<usize>i << 3);
    v128.store(at, f64x2.div(v128.load(at), powers));
  }
}

// The tables begin with two rows for each exponent field of a float32: for magnitudes below the power of ten in its
// octave, and from there on.
const ROW_SHIFT: usize = 6;
/** Float64s: the powers of ten that give nine, eight and seven digits. */
const NINE: usize = 0;
const EIGHT: usize = 8;
/** Float64: half a float32 step, in units of the eighth digit; NaN where a power of ten is out of reach. */
const HALF_STEP: usize = 24;
/** Int32: the decimals that give nine digits. */
const DECIMALS: usize = 32;
/** Int32: the bits of the first float32 that belongs to the second row; in the first. */
const BORDER: usize = 36;

@inline
function rowOf(rows: usize, bits: i32): usize {
  const first = rows + (<usize>(bits >>> 23) << (ROW_SHIFT + 1));
  return first + (<usize>(bits >= load<i32>(first, BORDER)) << ROW_SHIFT);
}

@inline
function both(first: usize, second: usize, offset: usize): v128 {
  return v128.load64_lane(second + offset, v128.load64_zero(first + offset), 1);
}

/**
 * Behind the rows, constants for both lanes, as v128s. The loop loads them, as an engine makes those that stand in the
 * code anew at each use.
 */
const CONSTANTS: usize = 512 << ROW_SHIFT;
const TENTH: usize = 0;
const CLOSE8: usize = 16;
const CLOSE7: usize = 32;
const CLOSE6: usize = 48;
const MAGNITUDE: usize = 64;
const FRACTION: usize = 80;

/** Behind them, 10^0 to 10^22. */
const POWERS: usize = CONSTANTS + 128;

@inline
function round(scaled: f64, tiesUp: bool): f64 {
  return tiesUp ? floor(scaled + 0.5) : nearest(scaled);
}

@inline
function roundPair(pair: v128, tiesUp: bool): v128 {
  return tiesUp ? f64x2.floor(f64x2.add(pair, f64x2.splat(0.5))) : f64x2.nearest(pair);
}

/** By how much the nearest integers are farther than that; negative, with the sign bit set, where they are nearer. */
@inline
function beyond(scaled: v128, distance: v128, magnitude: v128): v128 {
  return f64x2.sub(v128.and(f64x2.sub(scaled, f64x2.nearest(scaled)), magnitude), distance);
}

/**
 * Float32s, each as the float64 nearest to its shortest decimal. `tables` is described above. One value after the last
 * may be read and written.
 *
 * Two values at a time, without a division or an unpredictable branch before the last step: a decimal names the float32
 * when it lies within half a step of it, and how far the nearest decimals of eight, seven and six digits lie shows in
 * the value times the power of ten of eight. What six digits may name, what is close to a border, a power of two, whose
 * neighbours are not equally far, and what is out of reach goes by the definition.
 */
export function shortestDecimals(
  source: usize,
  target: usize,
  count: i32,
  tables: usize,
  tiesUp: bool,
): void {
  if (tiesUp) eachShortest(source, target, count, tables, true);
  else eachShortest(source, target, count, tables, false);
}

@inline
function eachShortest(
  source: usize,
  target: usize,
  count: i32,
  tables: usize,
  tiesUp: bool,
): void {
  const constants = tables + CONSTANTS;
  const powers = tables + POWERS;
  const tenth = v128.load(constants, TENTH);
  const close8 = v128.load(constants, CLOSE8);
  const close7 = v128.load(constants, CLOSE7);
  const close6 = v128.load(constants, CLOSE6);
  const magnitude = v128.load(constants, MAGNITUDE);
  const fraction = v128.load(constants, FRACTION);
  for (let i = 0; i < count; i += 2) {
    const at = source + (<usize>i << 2);
    const to = target + (<usize>i << 3);
    const two = v128.load64_zero(at);
    const values = f64x2.promote_low_f32x4(two);
    const wide = v128.and(values, magnitude);
    const first = rowOf(tables, load<i32>(at) & 0x7fffffff);
    const second = rowOf(tables, load<i32>(at, 4) & 0x7fffffff);
    const halfStep8 = both(first, second, HALF_STEP);
    const halfStep7 = f64x2.mul(halfStep8, tenth);
    const eights = f64x2.mul(wide, both(first, second, EIGHT));
    const sevens = f64x2.mul(eights, tenth);
    const beyond8 = beyond(eights, halfStep8, magnitude);
    const beyond7 = beyond(sevens, halfStep7, magnitude);
    const beyond6 = beyond(f64x2.mul(sevens, tenth), f64x2.mul(halfStep7, tenth), magnitude);
    // The same distance in units of the eighth, the seventh and the sixth digit. Nothing is at least NaN.
    const ordinary = v128.and(
      v128.and(f64x2.ge(v128.and(beyond8, magnitude), close8), f64x2.ge(v128.and(beyond7, magnitude), close7)),
      f64x2.ge(beyond6, close6),
    );
    const hasFraction = i64x2.extend_low_i32x4_s(i32x4.gt_s(v128.and(two, fraction), i32x4.splat(0)));
    // Whatever seven digits name, eight do.
    const spared = i64x2.add(i64x2.shr_u(beyond8, 63), i64x2.shr_u(beyond7, 63));
    const power = both(
      first + (<usize>i64x2.extract_lane(spared, 0) << 3),
      second + (<usize>i64x2.extract_lane(spared, 1) << 3),
      NINE,
    );
    const shortest = f64x2.div(roundPair(f64x2.mul(wide, power), tiesUp), power);
    v128.store(to, v128.or(shortest, v128.andnot(values, magnitude)));
    const isOrdinary = i64x2.bitmask(v128.and(ordinary, hasFraction));
    if (isOrdinary !== 3) {
      if (!(isOrdinary & 1)) store<f64>(to, byDefinition(load<f32>(at), load<i32>(first, DECIMALS), powers, tiesUp));
      if (!(isOrdinary & 2)) {
        store<f64>(to, byDefinition(load<f32>(at, 4), load<i32>(second, DECIMALS), powers, tiesUp), 8);
      }
    }
  }
}

/** The definition: from nine digits, which have `decimals`, downward as long as the decimal names the float32. */
function byDefinition(value: f32, decimals: i32, powers: usize, tiesUp: bool): f64 {
  const magnitude = abs(value);
  const wide = <f64>magnitude;
  if (!(wide >= 1e-13 && wide < 1e22)) return <f64>value;
  let shortest = wide;
  for (let tried = decimals; tried >= decimals - 8; tried--) {
    const power = load<f64>(powers + (<usize>abs(tried) << 3));
    let candidate: f64;
    if (tried >= 0) candidate = round(wide * power, tiesUp) / power;
    else candidate = round(wide / power, tiesUp) * power;
    if (<f32>candidate != magnitude) break;
    shortest = candidate;
  }
  return copysign<f64>(shortest, <f64>value);
}
