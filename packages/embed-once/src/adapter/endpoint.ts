/**
 * A base URL as it stands in an identity: without credentials, query, fragment and trailing slash.
 * @returns `undefined` for what is no address
 */
export function plainEndpoint(address: unknown): string | undefined {
  const url = typeof address === "string" || address instanceof URL ? URL.parse(String(address)) : null;
  return url === null ? undefined : url.origin + url.pathname.replace(/\/+$/, "");
}
