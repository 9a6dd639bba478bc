import { ConfigurationError } from "../core/errors.ts";

export interface BaseURL {
  /** Without credentials, default port and trailing slash: fit for a message and an identity. */
  url: string;
  /** The credentials that stood in the address, as a header. */
  authorization?: string | undefined;
  /** What must not appear in a message. */
  secrets: string[];
}

/**
 * Reads the address of an OpenAI-compatible API: what precedes `/embeddings`, which may be there too. Throws a
 * ConfigurationError for what is no http(s) address, or has a query or fragment (they may hold keys, and would not
 * survive in an identity); the message repeats nothing of it.
 */
export function parseBaseURL(text: string): BaseURL {
  const url = URL.parse(text.trim());
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new ConfigurationError(
      'baseURL is no address that starts with http:// or https://. Expected something like "http://localhost:11434/v1".',
    );
  }
  if (url.search !== "" || url.hash !== "") {
    throw new ConfigurationError(
      "baseURL has a query or a fragment. Leave everything from ? or # away, and send keys through apiKey or headers.",
    );
  }
  const path = url.pathname.replace(/\/+$/, "").replace(/\/embeddings$/, "");
  const base: BaseURL = { url: url.origin + path, secrets: [] };
  if (url.username !== "" || url.password !== "") {
    const password = decode(url.password);
    const credentials = `${decode(url.username)}:${password}`;
    const encoded = Buffer.from(credentials).toString("base64");
    base.authorization = `Basic ${encoded}`;
    base.secrets.push(encoded, credentials, url.password, password);
  }
  return base;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ConfigurationError("The credentials in baseURL are not percent-encoded: write % as %25.");
  }
}
