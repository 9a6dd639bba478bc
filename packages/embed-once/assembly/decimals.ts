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

/**
 * Float32s, each as the float64 nearest to its shortest decimal.
 *
 * `decades` holds for each of the 256 exponent fields a float64, the power of ten inside the octave or infinity, and an
 * int32, the decimals that give nine digits below it, at 16 bytes each; a field out of reach has 1000 there. `powers`
 * holds 10^0 to 10^22, `inverses` 10^-0 to 10^-22.
 *
 * Six, seven, eight and nine digits are tried at once, without a division or an unpredictable branch: a decimal names
 * the float32 when it lies within half a step of it. What is close to that border, or not the general case, is left to
 * `shortestOf`, which divides and rounds as the definition says.
 */
export function shortestDecimals(
  source: usize,
  target: usize,
  count: i32,
  decades: usize,
  powers: usize,
  inverses: usize,
  tiesUp: bool,
): void {
  const halves = f64x2.splat(0.5);
  const border = f64x2.splat(1e-7);
  for (let i = 0; i < count; i++) {
    const value = load<f32>(source + (<usize>i << 2));
    const magnitude = abs(value);
    const bits = reinterpret<u32>(magnitude);
    const wide = <f64>magnitude;
    const decade = decades + (<usize>(bits >> 23) << 4);
    const decimals = load<i32>(decade, 8) - i32(wide >= load<f64>(decade));
    let shortest: f64;
    // Nine digits with 3 to 21 decimals, and a float32 whose neighbours are equally far.
    if (<u32>(decimals - 3) < 19 && (bits & 0x7fffff) != 0) {
      const six = <usize>(decimals - 3) << 3;
      // Half a step times 2^-(exponent - 24): distances are measured in halves of a float32 step.
      const perHalfStep = f64x2.splat(reinterpret<f64>(<u64>(1023 + 24 + 127 - (bits >> 23)) << 52));
      const values = f64x2.splat(wide);
      const low = v128.load(powers + six);
      const high = v128.load(powers + six, 16);
      let lowIntegers: v128;
      let highIntegers: v128;
      if (tiesUp) {
        lowIntegers = f64x2.floor(f64x2.add(f64x2.mul(values, low), halves));
        highIntegers = f64x2.floor(f64x2.add(f64x2.mul(values, high), halves));
      } else {
        lowIntegers = f64x2.nearest(f64x2.mul(values, low));
        highIntegers = f64x2.nearest(f64x2.mul(values, high));
      }
      const one = f64x2.splat(1);
      const lowExcess = f64x2.sub(
        f64x2.mul(f64x2.abs(f64x2.sub(f64x2.mul(lowIntegers, v128.load(inverses + six)), values)), perHalfStep),
        one,
      );
      const highExcess = f64x2.sub(
        f64x2.mul(f64x2.abs(f64x2.sub(f64x2.mul(highIntegers, v128.load(inverses + six, 16)), values)), perHalfStep),
        one,
      );
      const unsure = v128.or(f64x2.lt(f64x2.abs(lowExcess), border), f64x2.lt(f64x2.abs(highExcess), border));
      // A negative excess has its sign bit set: six, seven.
      const names = i64x2.bitmask(lowExcess);
      if ((names & 1) == 0 && !v128.any_true(unsure)) {
        const digits = select<i32>(1, 3 - (i64x2.bitmask(highExcess) & 1), names);
        const power = load<f64>(powers + six + (<usize>digits << 3));
        const scaled = wide * power;
        shortest = (tiesUp ? floor(scaled + 0.5) : nearest(scaled)) / power;
      } else {
        shortest = shortestOf(magnitude, decimals, powers, tiesUp);
      }
    } else {
      shortest = wide;
      if (decimals < 100 && wide >= 1e-13 && wide < 1e22) {
        shortest = shortestOf(magnitude, decimals, powers, tiesUp);
      }
    }
    store<f64>(target + (<usize>i << 3), copysign<f64>(shortest, <f64>value));
  }
}

/** The definition: from nine digits downward as long as the decimal names the float32. */
function shortestOf(magnitude: f32, decimals: i32, powers: usize, tiesUp: bool): f64 {
  const wide = <f64>magnitude;
  let shortest = wide;
  for (let tried = decimals; tried >= decimals - 8; tried--) {
    const power = load<f64>(powers + (<usize>abs(tried) << 3));
    const scaled = tried >= 0 ? wide * power : wide / power;
    const integer = tiesUp ? floor(scaled + 0.5) : nearest(scaled);
    const candidate = tried >= 0 ? integer / power : integer * power;
    if (<f32>candidate != magnitude) break;
    shortest = candidate;
  }
  return shortest;
}
