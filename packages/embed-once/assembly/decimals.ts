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

@inline
function roundToInteger(value: f64, tiesUp: bool): f64 {
  return tiesUp ? floor(value + 0.5) : nearest(value);
}

/**
 * Float32s, each as the float64 nearest to its shortest decimal.
 *
 * `decades` holds for each of the 256 exponent fields a float64, the power of ten inside the octave or infinity, and an
 * int32, the decimals that give nine digits below it, at 16 bytes each; a field out of reach has 1000 there. `powers`
 * holds 10^0 to 10^22.
 */
export function shortestDecimals(
  source: usize,
  target: usize,
  count: i32,
  decades: usize,
  powers: usize,
  tiesUp: bool,
): void {
  for (let i = 0; i < count; i++) {
    const value = load<f32>(source + (<usize>i << 2));
    const magnitude = abs(value);
    const wide = <f64>magnitude;
    const decade = decades + (<usize>(reinterpret<u32>(magnitude) >> 23) << 4);
    let decimals = load<i32>(decade, 8);
    if (decimals >= 1000 || !(wide >= 1e-13 && wide < 1e22)) {
      store<f64>(target + (<usize>i << 3), <f64>value);
      continue;
    }
    decimals -= i32(wide >= load<f64>(decade));
    // Most float32s need eight digits; seven and nine follow.
    let shortest = atDecimals(wide, decimals - 1, powers, tiesUp);
    if (<f32>shortest != magnitude) {
      shortest = atDecimals(wide, decimals, powers, tiesUp);
    } else {
      for (let fewer = decimals - 2; fewer >= decimals - 8; fewer--) {
        const candidate = atDecimals(wide, fewer, powers, tiesUp);
        if (<f32>candidate != magnitude) break;
        shortest = candidate;
      }
    }
    store<f64>(target + (<usize>i << 3), copysign<f64>(shortest, <f64>value));
  }
}

@inline
function atDecimals(value: f64, decimals: i32, powers: usize, tiesUp: bool): f64 {
  const power = load<f64>(powers + (<usize>abs(decimals) << 3));
  if (decimals >= 0) return roundToInteger(value * power, tiesUp) / power;
  return roundToInteger(value / power, tiesUp) * power;
}
