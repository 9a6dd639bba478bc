/**
 * Byte planes: byte k of every number, one plane after the other. Signs and exponents lie together then, where a
 * general compressor finds them.
 */
export function toBytePlanes(bytes: Uint8Array, stride: number): Uint8Array {
  const count = bytes.length / stride;
  const planes = new Uint8Array(bytes.length);
  for (let plane = 0; plane < stride; plane++) {
    for (let i = 0; i < count; i++) planes[plane * count + i] = bytes[i * stride + plane]!;
  }
  return planes;
}

/** The inverse of `toBytePlanes`. */
export function fromBytePlanes(planes: Uint8Array, stride: number): Uint8Array {
  const count = planes.length / stride;
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0; plane < stride; plane++) {
    for (let i = 0; i < count; i++) bytes[i * stride + plane] = planes[plane * count + i]!;
  }
  return bytes;
}
