import type { KeyScope } from "../core/content-key.ts";
import type { Embedder, EmbedderIdentity, EmbedOptions } from "../core/embedder.ts";
import { checkModelName } from "../core/model-name.ts";

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
 * @throws TypeError where provider or model stay unknown: a default would mix up vectors of different models;
 *   RangeError for a model whose name is too long to be stored
 */
export function resolveIdentity(base: Embedder, options: IdentityOptions): EmbedderIdentity {
  const identity = merge(base.identity, options);
  for (const field of ["provider", "model"] as const) {
    const value: unknown = identity[field];
    if (typeof value !== "string" || value === "") {
      throw new TypeError(
        `cacheEmbedder must know who the embedder is: identity.${field} must be a name, got ${JSON.stringify(value)}; ` +
          `give { identity: { provider: "…", model: "…" } } in the options`,
      );
    }
  }
  const { model, dimensions } = identity as EmbedderIdentity;
  checkModelName(model);
  if (dimensions !== undefined && (!Number.isInteger(dimensions) || dimensions < 1)) {
    throw new TypeError(`identity.dimensions must be a whole number of at least 1, got ${dimensions}`);
  }
  return identity as EmbedderIdentity;
}

/**
 * Everything that decides the numbers of a call.
 * @param identity what `resolveIdentity` gave for the base and the options
 */
export function keyScope(
  base: Embedder,
  identity: EmbedderIdentity,
  options: IdentityOptions,
  model: string | undefined,
  call: EmbedOptions,
): KeyScope {
  const ofCall = base.identityOf
    ? (merge(base.identityOf(model, call), options) as EmbedderIdentity)
    : { ...identity, model: model ?? identity.model, dimensions: call.dimensions ?? identity.dimensions };
  const scope = { model: ofCall.model, dimensions: ofCall.dimensions, purpose: call.purpose };
  const { modelAlias } = options;
  if (modelAlias === undefined || ofCall.model !== identity.model) return { ...scope, identity: ofCall };
  // No provider has an empty name, so no alias meets a provider's own model.
  return { ...scope, identity: { ...ofCall, provider: "", endpoint: undefined }, model: modelAlias };
}

/** What the base says wins over the option's identity; the option's revision wins over both. */
function merge(identity: EmbedderIdentity | undefined, options: IdentityOptions): Partial<EmbedderIdentity> {
  const said = Object.entries(identity ?? {}).filter(([, value]) => value !== undefined);
  const merged: Partial<EmbedderIdentity> = { ...options.identity, ...Object.fromEntries(said) };
  if (options.revision !== undefined) merged.revision = options.revision;
  return merged;
}
