import type { Embedder, EmbedderIdentity, EmbedOptions } from "../core/embedder.ts";
import { ConfigurationError } from "../core/errors.ts";
import type { RequestLimits } from "../core/request-limits.ts";
import type { KnownModels } from "./known-model.ts";
import type { ProviderConfig, ProviderOption } from "./provider-config.ts";

/** Environment variables by name. Handed in, never read from the process by a provider. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every provider's embedder says who it is, for each call. */
export interface ProviderEmbedder extends Embedder {
  readonly identity: EmbedderIdentity;
  identityOf(model?: string, options?: EmbedOptions): EmbedderIdentity;
  /** The configuration's price, else the listed one. */
  pricePerMillionTokens(model?: string): number | undefined;
}

/** What the registry knows of a provider. */
export interface Provider {
  /** One line for a list of providers. */
  readonly description: string;
  /** The environment variables that may hold its key, the first set one wins; empty where it needs no key. */
  readonly keyVariables: readonly string[];
  /** Whether it can do nothing without a key. */
  readonly needsKey: boolean;
  /** The options that it takes. */
  readonly options: readonly ProviderOption[];
  /** The model of a configuration without one; absent where it must be named. */
  readonly defaultModel?: string | undefined;
  /** What is known of its models, by name. */
  readonly models: KnownModels;
  /** Where and when the models' list prices were read; absent where nothing costs or no price is known. */
  readonly priceSource?: string | undefined;
  /** The bounds of a request unless the model or the user has others; absent where nothing is requested. */
  readonly limits?: RequestLimits | undefined;
  /** What a purpose becomes, in one line. */
  readonly purposes: string;
  /** The packages that carry its requests, besides the global `fetch`. */
  readonly clients: readonly string[];
  /** @param config checked by `parseProviderConfig`, without an option that is not listed above */
  create(config: ProviderConfig, env: Environment): ProviderEmbedder;
}

/** The first of the variables that is set to more than blanks, without the blanks around it. */
export function readVariable(env: Environment, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return value;
  }
  return undefined;
}

/** A provider that can do nothing without a key has none. */
export class MissingKeyError extends ConfigurationError {}

/** The key from the option, else from the environment. Throws a MissingKeyError in one line where there is none. */
export function requireKey(
  provider: string,
  variables: readonly string[],
  apiKey: string | undefined,
  env: Environment,
): string {
  const key = apiKey?.trim() || readVariable(env, variables);
  if (key) return key;
  throw new MissingKeyError(
    `The provider "${provider}" needs a key: set the environment variable ${variables.join(" or ")}, or the option apiKey.`,
  );
}

/** What to do about a refused key. */
export function keyHint(variables: readonly string[]): string {
  return `Set the environment variable ${variables[0]} or the option apiKey to a valid key.`;
}
