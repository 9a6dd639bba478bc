import { hash } from "node:crypto";

/** An entry whose key and value follow from its number. */
export function numberedEntry(number: number): { key: Uint8Array; value: Uint8Array } {
  const key = hash("sha256", `key ${number}`, "buffer");
  const value = new Uint8Array(200 + ((number * 37) % 5_000)).map((_, i) => key[i & 31]! ^ i);
  return { key, value };
}
