import { hash } from "node:crypto";
import type { EmbedderIdentity, Purpose } from "./embedder.ts";

/** The name of a text's vector: 32 bytes. Nothing of the text can be read from it. */
export type ContentKey = Uint8Array;

/** Bytes of a content key. */
export const KEY_BYTES = 32;

/** Changes when the encoding below does; keys of different versions never meet. */
const KEY_VERSION = 1;

/** Everything besides the text that decides the numbers of one call. */
export interface KeyScope {
  identity: EmbedderIdentity;
  /** The model that the call resolved to. */
  model: string;
  dimensions?: number | undefined;
  purpose?: Purpose | undefined;
}

/**
 * Makes the keys of all texts of one scope. The scope is encoded and hashed once, a text then costs one SHA-256.
 *
 * A key is SHA-256 over `prefix ‖ text`. The prefix is ASCII of fixed length: the SHA-256 of the scope's encoding in
 * base64url, and one letter that says how the text follows: `u`, UTF-8; `w`, UTF-16LE in hexadecimal, for a text with
 * a lone surrogate, which UTF-8 cannot tell from U+FFFD. The text comes last, so its length needs no field of its own.
 */
export function contentKeys(scope: KeyScope): (text: string) => ContentKey {
  const scopeHash = hash("sha256", encodeScope(scope), "base64url");
  const prefix = `${scopeHash}u`;
  const widePrefix = `${scopeHash}w`;
  return (text) =>
    text.isWellFormed() ? digest(prefix + text) : digest(widePrefix + Buffer.from(text, "utf16le").toString("hex"));
}

/** By way of a string: asking `hash` for a Buffer takes longer. */
function digest(text: string): ContentKey {
  return Buffer.from(hash("sha256", text, "binary"), "latin1");
}

/** The key of one text; `contentKeys` is cheaper for several. */
export function contentKey(scope: KeyScope, text: string): ContentKey {
  return contentKeys(scope)(text);
}

/**
 * The scope as a sequence of fields, each with its length before it, so that no two scopes that differ anywhere share
 * an encoding: `["a", "b"]` and `["ab", ""]` differ, as do an absent field and an empty one, and the number 1 and the
 * string "1".
 */
function encodeScope({ identity, model, dimensions, purpose }: KeyScope): Buffer {
  const fields: Field[] = [
    KEY_VERSION,
    identity.provider,
    identity.endpoint,
    model,
    dimensions,
    identity.revision,
    identity.wireEncoding,
    identity.purposes === "same" ? undefined : (purpose ?? identity.purposeByDefault),
  ];
  const options = Object.entries(identity.options ?? {}).filter(([, value]) => value !== undefined);
  // By code unit, not by locale: the same options give the same key everywhere.
  options.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of options) fields.push(name, value);
  return Buffer.concat(fields.map(encodeField));
}

type Field = string | number | boolean | undefined;

/** One letter for the type, the length in bytes as 32 bits little-endian, the content. */
function encodeField(field: Field): Buffer {
  const wide = typeof field === "string" && !field.isWellFormed();
  const content = field === undefined ? Buffer.alloc(0) : Buffer.from(String(field), wide ? "utf16le" : "utf8");
  const head = Buffer.alloc(5);
  head.write(wide ? "w" : typeof field, "latin1");
  head.writeUInt32LE(content.length, 1);
  return Buffer.concat([head, content]);
}
