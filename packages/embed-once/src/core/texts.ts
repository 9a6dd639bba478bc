/**
 * Checks what a caller hands to `createEmbeddings`, and copies it: the caller may change the array while we wait.
 * Throws a TypeError that names the index of the first text that is no string.
 */
export function copyTexts(texts: readonly string[]): string[] {
  if (!Array.isArray(texts)) throw new TypeError(`Expected an array of strings to embed, got ${describe(texts)}`);
  // By index: a hole in a sparse array is a missing text too, and most array methods skip it.
  for (let i = 0; i < texts.length; i++) {
    if (typeof texts[i] !== "string") throw new TypeError(`texts[${i}] is ${describe(texts[i])}, expected a string`);
  }
  return [...texts];
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  const type = typeof value;
  return type === "object" ? "an object" : `a ${type}`;
}
