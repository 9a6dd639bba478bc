import type { Embedder, EmbedderIdentity } from "../core/embedder.ts";

export interface IdentityOptions {
  /** Who the base embedder is, where it does not say so itself. What the base says wins. */
  identity?: Partial<EmbedderIdentity> | undefined;
  /**
   * One name for a model that several gateways serve: provider and endpoint leave the key, so that all embedders with
   * this alias share vectors. It stands for the embedder's own model; a call that names another one is not covered.
   */
  modelAlias?: string | undefined;
  /** Any name; a new one starts a new key space. Wins over the identity's. */
  revision?: string | undefined;
}

/**
 * Who the base embedder is, from what it says itself and what the options say.
 * @throws TypeError where provider or model stay unknown: a default would mix up vectors of different models
 */
export function resolveIdentity(base: Embedder, options: IdentityOptions): EmbedderIdentity {
  const identity: Partial<EmbedderIdentity> = { ...options.identity, ...withoutUndefined(base.identity) };
  if (options.revision !== undefined) identity.revision = options.revision;
  for (const field of ["provider", "model"] as const) {
    const value: unknown = identity[field];
    if (typeof value !== "string" || value === "") {
      throw new TypeError(
        `cacheEmbedder must know who the embedder is: identity.${field} must be a name, got ${JSON.stringify(value)}; ` +
          `give { identity: { provider: "…", model: "…" } } in the options`,
      );
    }
  }
  const { dimensions } = identity;
  if (dimensions !== undefined && (!Number.isInteger(dimensions) || dimensions < 1)) {
    throw new TypeError(`identity.dimensions must be a whole number of at least 1, got ${dimensions}`);
  }
  return identity as EmbedderIdentity;
}

/** The identity that decides the key of a call with this model. */
export function keyIdentity(
  identity: EmbedderIdentity,
  model: string,
  modelAlias: string | undefined,
): { identity: EmbedderIdentity; model: string } {
  if (modelAlias === undefined || model !== identity.model) return { identity, model };
  // No provider has an empty name, so no alias meets a provider's own model.
  return { identity: { ...identity, provider: "", endpoint: undefined }, model: modelAlias };
}

function withoutUndefined<T extends object>(fields: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>;
}
