/**
 * The dot product of one query with each of `rows` vectors, all of `padded` float32s, a multiple of 16, zeros at the
 * end. Sixteen partial sums: the result differs from a sequential sum in its last bits, and is the same on every machine.
 */
export function dotProducts(query: usize, vectors: usize, rows: i32, padded: i32, scores: usize): void {
  const bytes: usize = <usize>padded << 2;
  for (let row = 0; row < rows; row++) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 64) {
      a = f32x4.add(a, f32x4.mul(v128.load(query + at), v128.load(vectors + at)));
      b = f32x4.add(b, f32x4.mul(v128.load(query + at, 16), v128.load(vectors + at, 16)));
      c = f32x4.add(c, f32x4.mul(v128.load(query + at, 32), v128.load(vectors + at, 32)));
      d = f32x4.add(d, f32x4.mul(v128.load(query + at, 48), v128.load(vectors + at, 48)));
    }
    const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    store<f32>(
      scores + (<usize>row << 2),
      f32x4.extract_lane(sum, 0) +
        f32x4.extract_lane(sum, 1) +
        (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)),
    );
    vectors += bytes;
  }
}
