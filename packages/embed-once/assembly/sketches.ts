// Sketches: short codes of vectors whose dot products with a query can be estimated. src/codec/sketches.ts says what they
// mean and lays out the memory.

/** Rows whose codes lie interleaved, a byte of each at a time. */
const LANES: usize = 16;

/**
 * The Walsh-Hadamard transform of `count` float32s in place, scaled to keep their length; `count` is a power of two and
 * at least 16. Before it, values change their sign where the int32 at the same place of `signs` is negative.
 */
export function mixSigned(values: usize, signs: usize, count: i32, scale: f32): void {
  const end = values + (<usize>count << 2);
  const scales = f32x4.splat(scale);
  const negatives = i32x4.splat(i32.MIN_VALUE);
  for (let at = values; at < end; at += 16) {
    const flips = v128.and(v128.load(signs + (at - values)), negatives);
    let four = f32x4.mul(v128.xor(v128.load(at), flips), scales);
    // Strides 1 and 2, within the register.
    let left = v128.shuffle<f32>(four, four, 0, 0, 2, 2);
    let right = v128.shuffle<f32>(four, four, 1, 1, 3, 3);
    four = f32x4.add(left, v128.xor(right, i32x4(0, i32.MIN_VALUE, 0, i32.MIN_VALUE)));
    left = v128.shuffle<f32>(four, four, 0, 1, 0, 1);
    right = v128.shuffle<f32>(four, four, 2, 3, 2, 3);
    v128.store(at, f32x4.add(left, v128.xor(right, i32x4(0, 0, i32.MIN_VALUE, i32.MIN_VALUE))));
  }
  for (let stride: usize = 16; stride < <usize>count << 2; stride <<= 1) {
    for (let block = values; block < end; block += stride << 1) {
      for (let at = block; at < block + stride; at += 16) {
        const upper = v128.load(at);
        const lower = v128.load(at + stride);
        v128.store(at, f32x4.add(upper, lower));
        v128.store(at + stride, f32x4.sub(upper, lower));
      }
    }
  }
}

/**
 * Estimates what `blocks` × 16 sketches score against a query.
 *
 * `tables` holds the query: for each four dimensions the scores of the sixteen sign patterns, a byte each, at most 63.
 * `codes` holds for each block `planes` bit planes, the most significant one first, each of `pairs` × 2 × 16 bytes: byte
 * k of a row tells the signs of dimensions 8 k to 8 k + 7. A plane counts twice the next one. With `sum` over all of
 * them, a row's estimate is (`scale` · sum + `offset`) · factor, and its margin
 * √(reach² · error² · (1 − estimate²) + blur² · factor²) + `rounding`.
 *
 * Writes estimate + margin to `highest`; a factor of NaN gives NaN.
 */
export function scanSketches(
  tables: usize,
  codes: usize,
  factors: usize,
  errors: usize,
  blocks: i32,
  planes: i32,
  pairs: i32,
  scale: f32,
  offset: f32,
  reach: f32,
  blur: f32,
  rounding: f32,
  highest: usize,
): void {
  for (let block = 0; block < blocks; block++) {
    let sum0 = i32x4.splat(0);
    let sum1 = i32x4.splat(0);
    let sum2 = i32x4.splat(0);
    let sum3 = i32x4.splat(0);
    for (let plane = 0; plane < planes; plane++) {
      sum0 = i32x4.add(sum0, sum0);
      sum1 = i32x4.add(sum1, sum1);
      sum2 = i32x4.add(sum2, sum2);
      sum3 = i32x4.add(sum3, sum3);
      let table = tables;
      for (let left = pairs; left > 0; left -= MOST_PAIRS) {
        const count = min(left, MOST_PAIRS);
        let low = i16x8.splat(0);
        let high = i16x8.splat(0);
        const end = codes + <usize>count * 2 * LANES;
        for (; codes < end; codes += 2 * LANES, table += 64) {
          const nibble = i8x16.splat(15);
          const first = v128.load(codes);
          const second = v128.load(codes, 16);
          // Four entries of at most 63 stay within a byte.
          const scores = i8x16.add(
            i8x16.add(
              lookUp(v128.load(table), v128.and(first, nibble)),
              lookUp(v128.load(table, 16), v128.and(i16x8.shr_u(first, 4), nibble)),
            ),
            i8x16.add(
              lookUp(v128.load(table, 32), v128.and(second, nibble)),
              lookUp(v128.load(table, 48), v128.and(i16x8.shr_u(second, 4), nibble)),
            ),
          );
          low = i16x8.add(low, i16x8.extend_low_i8x16_u(scores));
          high = i16x8.add(high, i16x8.extend_high_i8x16_u(scores));
        }
        sum0 = i32x4.add(sum0, i32x4.extend_low_i16x8_u(low));
        sum1 = i32x4.add(sum1, i32x4.extend_high_i16x8_u(low));
        sum2 = i32x4.add(sum2, i32x4.extend_low_i16x8_u(high));
        sum3 = i32x4.add(sum3, i32x4.extend_high_i16x8_u(high));
      }
    }
    for (let quarter: usize = 0; quarter < 4; quarter++) {
      const sum = quarter === 0 ? sum0 : quarter === 1 ? sum1 : quarter === 2 ? sum2 : sum3;
      const at = (<usize>block << 6) + (quarter << 4);
      const factor = v128.load(factors + at);
      const estimate = f32x4.mul(
        f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sum), f32x4.splat(scale)), f32x4.splat(offset)),
        factor,
      );
      const error = f32x4.mul(v128.load(errors + at), f32x4.splat(reach));
      const blurred = f32x4.mul(factor, f32x4.splat(blur));
      const sine = f32x4.max(f32x4.sub(f32x4.splat(1), f32x4.mul(estimate, estimate)), f32x4.splat(0));
      const margin = f32x4.add(
        f32x4.sqrt(
          f32x4.add(f32x4.mul(f32x4.mul(error, error), sine), f32x4.mul(blurred, blurred)),
        ),
        f32x4.splat(rounding),
      );
      v128.store(highest + at, f32x4.add(estimate, margin));
    }
  }
}

/** Additions of at most 252 that a uint16 takes. */
const MOST_PAIRS: i32 = 260;

/** Indices are below 16, where all machines agree. */
@inline
function lookUp(table: v128, indices: v128): v128 {
  return i8x16.swizzle(table, indices);
}
