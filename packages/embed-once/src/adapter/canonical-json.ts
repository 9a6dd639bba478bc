/**
 * JSON with the names of every object in the order of their code units, so that equal values give equal text. What is
 * `undefined` in an object is left out, as JSON has it.
 *
 * @returns `undefined` for a value that is not wholly JSON: no key can stand for it
 */
export function canonicalJson(value: unknown): string | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  // JSON has one zero, JavaScript has two.
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : undefined;
  if (Array.isArray(value)) {
    const items = Array.from(value, canonicalJson);
    return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
  }
  if (typeof value !== "object" || !isPlain(value)) return undefined;
  const members: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const member: unknown = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    const text = canonicalJson(member);
    if (text === undefined) return undefined;
    members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

/** Whether JSON shows all of an object: neither a Date nor a Map nor anything with a `toJSON` of its own. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return plain && typeof (value as { toJSON?: unknown }).toJSON !== "function";
}
