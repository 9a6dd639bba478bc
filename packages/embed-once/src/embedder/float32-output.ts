/** The vector as float32s. Throws a RangeError where that would change a number. */
export function toExactFloat32(vector: readonly number[]): Float32Array {
  const floats = new Float32Array(vector.length);
  for (let i = 0; i < vector.length; i++) {
    floats[i] = vector[i]!;
    if (!Object.is(floats[i], vector[i])) {
      throw new RangeError(
        `output "float32" would change ${vector[i]} at dimension ${i} into ${floats[i]}; take the numbers as they are, ` +
          'or have the provider send base64 (encoding: "base64"), which carries float32',
      );
    }
  }
  return floats;
}
