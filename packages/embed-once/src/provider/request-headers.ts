import { ConfigurationError } from "../core/errors.ts";

/** How a provider takes its key. */
export interface KeyHeader {
  name: string;
  /** What precedes the key, with its blank. */
  scheme: string;
}

export const BEARER: KeyHeader = { name: "authorization", scheme: "Bearer " };

/** Shorter header values are names and numbers rather than secrets. */
const MIN_SECRET_HEADER_LENGTH = 6;

/**
 * The headers of every request, and what of them must not appear in a message. Throws a ConfigurationError for a key
 * or header that HTTP cannot carry; the message repeats none of it.
 *
 * @param authorization the credentials that stood in the address
 */
export function makeHeaders(
  apiKey: string | undefined,
  keyHeader: KeyHeader,
  custom: Readonly<Record<string, string>> | undefined,
  authorization: string | undefined,
): { headers: Headers; secrets: string[] } {
  const headers = new Headers({ accept: "application/json" });
  const secrets: string[] = [];
  const key = apiKey?.trim();
  if (key) {
    if (authorization !== undefined) {
      throw new ConfigurationError("There are credentials in baseURL and an apiKey: only one of them can be sent.");
    }
    // `Headers` would refuse such a key too, with a message that repeats it.
    if (!/^[\x21-\x7e]+$/.test(key)) {
      throw new ConfigurationError("apiKey holds a blank or a character that no HTTP header can carry. Copy it again.");
    }
    secrets.push(key);
    headers.set(keyHeader.name, keyHeader.scheme + key);
  } else if (authorization !== undefined) {
    headers.set("authorization", authorization);
  }
  for (const [name, value] of Object.entries(custom ?? {})) {
    try {
      headers.set(name, value);
    } catch {
      throw new ConfigurationError(`The header ${JSON.stringify(name)} has a name or value that HTTP cannot carry.`);
    }
    if (value.length >= MIN_SECRET_HEADER_LENGTH) secrets.push(value, value.replace(/^\S+\s+/, ""));
  }
  return { headers, secrets };
}
