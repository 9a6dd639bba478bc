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

// One entry for each exponent field of a float32.
const DECADE_SHIFT: usize = 5;
/** Float64: the power of ten in the octave above its lower end, or the next one. */
const THRESHOLD: usize = 0;
/** Float64: half a float32 step. */
const HALF_STEP: usize = 8;
/** Int32: the decimals that give nine digits below the threshold; 1000 out of reach. */
const DECIMALS: usize = 16;

@inline
function decadeOf(decades: usize, bits: u32): usize {
  return decades + (<usize>(bits >> 23) << DECADE_SHIFT);
}

@inline
function nineDigits(decade: usize, wide: f64): i32 {
  return load<i32>(decade, DECIMALS) - i32(wide >= load<f64>(decade, THRESHOLD));
}

/** Nine digits with 3 to 21 decimals, and a float32 whose neighbours are equally far. */
@inline
function isOrdinary(decimals: i32, bits: u32): bool {
  return (<u32>(decimals - 3) < 19) & ((bits & 0x7fffff) != 0);
}

@inline
function roundPair(pair: v128, tiesUp: bool): v128 {
  return tiesUp ? f64x2.floor(f64x2.add(pair, f64x2.splat(0.5))) : f64x2.nearest(pair);
}

/**
 * Float32s, each as the float64 nearest to its shortest decimal. `decades` is described above; `powers` holds 10^0 to
 * 10^22. One value after the last may be read and written.
 *
 * Two values at a time, without a division or an unpredictable branch before the last step: a decimal names the float32
 * when it lies within half a step of it, and how far the nearest decimals of eight, seven and six digits lie shows in
 * the value times the power of ten of eight. What is close to that border, or not the ordinary case, goes by the
 * definition.
 */
export function shortestDecimals(
  source: usize,
  target: usize,
  count: i32,
  decades: usize,
  powers: usize,
  tiesUp: bool,
): void {
  const tenth = f64x2.splat(0.1);
  const ten = f64x2.splat(10);
  const border = f64x2.splat(1e-6);
  const signs = i64x2.splat(i64.MIN_VALUE);
  for (let i = 0; i < count; i += 2) {
    const at = source + (<usize>i << 2);
    const to = target + (<usize>i << 3);
    const values = f64x2.promote_low_f32x4(v128.load64_zero(at));
    const wide = f64x2.abs(values);
    const firstBits = load<u32>(at) & 0x7fffffff;
    const secondBits = load<u32>(at, 4) & 0x7fffffff;
    const firstDecade = decadeOf(decades, firstBits);
    const secondDecade = decadeOf(decades, secondBits);
    const first = nineDigits(firstDecade, f64x2.extract_lane(wide, 0));
    const second = nineDigits(secondDecade, f64x2.extract_lane(wide, 1));
    if (!(isOrdinary(first, firstBits) & isOrdinary(second, secondBits))) {
      store<f64>(to, byDefinition(load<f32>(at), first, powers, tiesUp));
      store<f64>(to, byDefinition(load<f32>(at, 4), second, powers, tiesUp), 8);
      continue;
    }
    const firstPower = powers + (<usize>first << 3);
    const secondPower = powers + (<usize>second << 3);
    const eight = v128.load64_lane(secondPower - 8, v128.load64_zero(firstPower - 8), 1);
    const halfSteps = f64x2.mul(
      v128.load64_lane(secondDecade, v128.load64_zero(firstDecade, HALF_STEP), 1, HALF_STEP),
      eight,
    );
    // All distances in units of the eighth digit.
    const scaled = f64x2.mul(wide, eight);
    const sevens = f64x2.mul(scaled, tenth);
    const sixes = f64x2.mul(sevens, tenth);
    const excess8 = f64x2.sub(f64x2.abs(f64x2.sub(scaled, f64x2.nearest(scaled))), halfSteps);
    const excess7 = f64x2.sub(
      f64x2.mul(f64x2.abs(f64x2.sub(sevens, f64x2.nearest(sevens))), ten),
      halfSteps,
    );
    const excess6 = f64x2.sub(
      f64x2.abs(f64x2.sub(sixes, f64x2.nearest(sixes))),
      f64x2.mul(f64x2.mul(halfSteps, tenth), tenth),
    );
    const unsure = v128.or(
      f64x2.lt(f64x2.abs(excess8), border),
      f64x2.lt(f64x2.abs(excess7), border),
    );
    // A negative excess, with its sign bit set, names the float32.
    const names8 = i64x2.bitmask(excess8);
    const names7 = i64x2.bitmask(excess7);
    // Six and border cases: 1e-8 of the sixth digit's unit is the same distance as 1e-6 of the eighth's.
    const special =
      i64x2.bitmask(f64x2.lt(excess6, f64x2.splat(1e-8))) | i64x2.bitmask(unsure);
    const power = v128.load64_lane(
      secondPower - (<usize>select<i32>(2, names8 >> 1, names7 & 2) << 3),
      v128.load64_zero(firstPower - (<usize>select<i32>(2, names8 & 1, names7 & 1) << 3)),
      1,
    );
    const shortest = f64x2.div(roundPair(f64x2.mul(wide, power), tiesUp), power);
    v128.store(to, v128.or(shortest, v128.and(values, signs)));
    if (special != 0) {
      if (special & 1) store<f64>(to, byDefinition(load<f32>(at), first, powers, tiesUp));
      if (special & 2) store<f64>(to, byDefinition(load<f32>(at, 4), second, powers, tiesUp), 8);
    }
  }
}

/** The definition: from nine digits, which have `decimals`, downward as long as the decimal names the float32. */
function byDefinition(value: f32, decimals: i32, powers: usize, tiesUp: bool): f64 {
  const magnitude = abs(value);
  const wide = <f64>magnitude;
  if (decimals >= 999 || !(wide >= 1e-13 && wide < 1e22)) return <f64>value;
  let shortest = wide;
  for (let tried = decimals; tried >= decimals - 8; tried--) {
    const power = load<f64>(powers + (<usize>abs(tried) << 3));
    const scaled = tried >= 0 ? wide * power : wide / power;
    const integer = tiesUp ? floor(scaled + 0.5) : nearest(scaled);
    const candidate = tried >= 0 ? integer / power : integer * power;
    if (<f32>candidate != magnitude) break;
    shortest = candidate;
  }
  return copysign<f64>(shortest, <f64>value);
}
