import { base64Vector, type NumberLiteral, numberLiteral } from "../vector-forms.ts";
import type { WireShape, WrittenVector } from "./wire-shape.ts";

/**
 * What can go wrong with one request:
 * - `{ status, … }`: an error answer in the provider's form, with headers such as `retry-after` as they are
 * - `{ slowMs }`: the right answer, late; `hang`: none, ever; `cut`: the connection ends half way through the body
 * - `malformed-json`: the body is an HTML page; `error-in-200`: an error where the data should be
 * - `fewer-vectors`, `more-vectors`: one vector less or more than texts
 * - `shuffled`: right vectors with right indexes in reverse order; `no-index`: in order, without indexes;
 *   `same-index`: all say index 0; `missing-index`: the last one has none (all four only where answers have indexes)
 * - `null-value`, `nan-value`: one such value in the last vector (NaN only exists in base64; as JSON it is malformed)
 * - `wrong-dimensions`: every vector is one value short; `uneven-dimensions`: the last one is
 * - `other-encoding`: numbers where base64 was asked for, or the reverse; `bad-base64`: characters that are none
 *   (the latter only where the provider has base64)
 * - `echo-key`: an error answer that repeats the headers that hold the key
 */
export type ProviderFault =
  | { status: number; headers?: Record<string, string>; message?: string; code?: string }
  | { slowMs: number }
  | "hang"
  | "cut"
  | "malformed-json"
  | "error-in-200"
  | "fewer-vectors"
  | "more-vectors"
  | "shuffled"
  | "no-index"
  | "same-index"
  | "missing-index"
  | "null-value"
  | "nan-value"
  | "wrong-dimensions"
  | "uneven-dimensions"
  | "other-encoding"
  | "bad-base64"
  | "echo-key";

export type NamedFault = Extract<ProviderFault, string>;

const INDEX_FAULTS: readonly ProviderFault[] = ["shuffled", "no-index", "same-index", "missing-index"];

/** Throws a TypeError for a fault that the shape cannot show: a test that waits for it would test nothing. */
export function checkFault(fault: ProviderFault, shape: WireShape, provider: string): void {
  const impossible =
    (INDEX_FAULTS.includes(fault) && !shape.indexed) || (fault === "bad-base64" && !shape.encodings.includes("base64"));
  if (impossible)
    throw new TypeError(`The fault ${JSON.stringify(fault)} does not exist for the shape of ${provider}.`);
}

/** A vector as it is sent, and the doubles that a right client reads from it. */
export interface SentVector {
  json: string;
  values: number[];
}

/** Writes one vector as the provider would, in decimals or base64. */
export function writeVector(
  values: readonly number[],
  literal: NumberLiteral,
  encoding: "base64" | "float",
): SentVector {
  if (encoding === "base64") return { json: JSON.stringify(base64Vector(values)), values: [...values] };
  const literals = values.map((value, i) => numberLiteral(value, literal, i));
  return { json: `[${literals.join(",")}]`, values: literals.map(Number) };
}

/** The vectors of an answer with the fault in them, ready to be put into the provider's form. */
export function applyFault(
  vectors: readonly (readonly number[])[],
  { indexed }: WireShape,
  literal: NumberLiteral,
  encoding: "base64" | "float",
  fault: NamedFault | undefined,
): WrittenVector[] {
  const last = vectors.length - 1;
  const other = encoding === "base64" ? "float" : "base64";
  const items = vectors.map((vector, i): WrittenVector => {
    const short = fault === "wrong-dimensions" || (fault === "uneven-dimensions" && i === last);
    const values = short ? vector.slice(0, -1) : [...vector];
    const marked = i === last && (fault === "nan-value" || fault === "null-value");
    if (fault === "nan-value" && i === last) values[values.length - 1] = Number.NaN;
    let { json } = writeVector(values, literal, fault === "other-encoding" ? other : encoding);
    if (marked && encoding === "float") {
      json = json.replace(/[^,[]+\]$/, `${fault === "nan-value" ? "NaN" : "null"}]`);
    }
    if (fault === "bad-base64") json = json.replace(/^"..../, '"!?~-');
    const noIndex = !indexed || fault === "no-index" || (fault === "missing-index" && i === last);
    return { json, index: noIndex ? undefined : fault === "same-index" ? 0 : i };
  });
  if (fault === "fewer-vectors") items.pop();
  if (fault === "more-vectors") items.push({ ...items[0]!, index: indexed ? items.length : undefined });
  if (fault === "shuffled") items.reverse();
  return items;
}
