/** A model's name in UTF-8; a pack has room for no more. */
export const MAX_MODEL_NAME_BYTES = 65_535;

/** @throws RangeError for a name that is too long to be stored beside vectors */
export function checkModelName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_MODEL_NAME_BYTES) {
    throw new RangeError(
      `a model's name has at most ${MAX_MODEL_NAME_BYTES} bytes, got ${bytes}: ${name.slice(0, 40)}…`,
    );
  }
}
