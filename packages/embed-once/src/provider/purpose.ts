import type { Purpose } from "../core/embedder.ts";

/** What each purpose is called on a provider's wire. */
export interface PurposeNames {
  readonly query: string;
  readonly document: string;
  /** For a call without a purpose. @default nothing is sent, and the provider's own default holds */
  readonly none?: string | undefined;
}

/** What is sent for a purpose, if anything. */
export function purposeName(names: PurposeNames | undefined, purpose: Purpose | undefined): string | undefined {
  return names?.[purpose ?? "none"];
}

/**
 * The purpose that a call without one amounts to on the wire, by the names, or else the prefixes, of both purposes; none
 * where such a call is a kind of its own.
 */
export function purposeByDefault({ query, document, none }: PurposeNames): Purpose | undefined {
  if (none === document) return "document";
  return none === query ? "query" : undefined;
}

/** The names as options of an identity: another name for a purpose is another vector. */
export function purposeOptions(names: PurposeNames | undefined): Record<string, string> {
  if (names === undefined) return {};
  const { query, document, none } = names;
  return { queryAs: query, documentAs: document, ...(none === undefined ? {} : { noPurposeAs: none }) };
}
