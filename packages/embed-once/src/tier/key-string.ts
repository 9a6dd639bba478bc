import type { ContentKey } from "../core/content-key.ts";

/** A key as a string of one character a byte, as a `Map` can compare it. */
export function keyString(key: ContentKey): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}

/** The inverse of `keyString`. */
export function fromKeyString(key: string): ContentKey {
  return Buffer.from(key, "latin1");
}
