import type { Environment, ProviderEmbedder } from "./provider.ts";
import { MissingKeyError } from "./provider.ts";
import type { ProviderConfig } from "./provider-config.ts";
import { createProviderEmbedder } from "./registry.ts";

/**
 * Makes the embedder that a configuration describes for somebody who sends nothing and so may have no key. It knows who it
 * is, and that is all that it does then: a request is the error about the key.
 */
export function createKeylessEmbedder(config: ProviderConfig, env: Environment): ProviderEmbedder {
  try {
    return createProviderEmbedder(config, env);
  } catch (error) {
    if (!(error instanceof MissingKeyError)) throw error;
    const described = createProviderEmbedder({ ...config, apiKey: "none" }, env);
    return {
      embedderInfo: described.embedderInfo,
      identity: described.identity,
      limits: described.limits,
      identityOf: (model, options) => described.identityOf(model, options),
      limitsOf: (model) => described.limitsOf?.(model),
      pricePerMillionTokens: (model) => described.pricePerMillionTokens(model),
      createEmbeddings: () => Promise.reject(error),
      validateConfiguration: () => Promise.resolve({ valid: false, error: error.message }),
    };
  }
}
