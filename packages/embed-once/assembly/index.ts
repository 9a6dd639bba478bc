// Dot products of one query with many rows, in SIMD. All offsets are in bytes and multiples of 4.

export function dotProducts(query: usize, rows: usize, scores: usize, count: u32, dimensions: u32): void {
  const whole: u32 = dimensions & ~7;
  for (let row: u32 = 0; row < count; row++) {
    let sum0 = f32x4.splat(0);
    let sum1 = f32x4.splat(0);
    const start: usize = rows + ((row * dimensions) << 2);
    let i: u32 = 0;
    for (; i < whole; i += 8) {
      const offset: usize = i << 2;
      sum0 = f32x4.add(sum0, f32x4.mul(v128.load(query + offset), v128.load(start + offset)));
      sum1 = f32x4.add(sum1, f32x4.mul(v128.load(query + offset, 16), v128.load(start + offset, 16)));
    }
    const sum = f32x4.add(sum0, sum1);
    let total: f32 =
      f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
    for (; i < dimensions; i++) {
      total += load<f32>(query + (i << 2)) * load<f32>(start + (i << 2));
    }
    store<f32>(scores + (row << 2), total);
  }
}
