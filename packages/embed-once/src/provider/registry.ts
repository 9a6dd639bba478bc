import { ConfigurationError } from "../core/errors.ts";
import { azureOpenaiProvider } from "./azure-openai.ts";
import { bedrockProvider } from "./bedrock.ts";
import { cohereProvider } from "./cohere.ts";
import { geminiProvider } from "./gemini.ts";
import { jinaProvider } from "./jina.ts";
import { localProvider } from "./local.ts";
import { mistralProvider } from "./mistral.ts";
import { nearestName } from "./nearest-name.ts";
import { ollamaProvider } from "./ollama.ts";
import { openaiProvider } from "./openai.ts";
import { openaiCompatibleProvider } from "./openai-compatible.ts";
import { openrouterProvider } from "./openrouter.ts";
import type { Environment, Provider, ProviderEmbedder } from "./provider.ts";
import { type ProviderConfig, parseProviderConfig } from "./provider-config.ts";
import { vercelAiGatewayProvider } from "./vercel-ai-gateway.ts";
import { voyageProvider } from "./voyage.ts";

/** Every provider by its short name. A new provider is one file and one line here. */
export const providers: ReadonlyMap<string, Provider> = new Map<string, Provider>([
  ["local", localProvider],
  ["openai", openaiProvider],
  ["azure-openai", azureOpenaiProvider],
  ["gemini", geminiProvider],
  ["bedrock", bedrockProvider],
  ["mistral", mistralProvider],
  ["cohere", cohereProvider],
  ["voyage", voyageProvider],
  ["jina", jinaProvider],
  ["ollama", ollamaProvider],
  ["openrouter", openrouterProvider],
  ["vercel-ai-gateway", vercelAiGatewayProvider],
  ["openai-compatible", openaiCompatibleProvider],
]);

export function providerNames(): string[] {
  return [...providers.keys()];
}

/** Throws a ConfigurationError that names the known providers and the one that was probably meant. */
export function findProvider(name: string): Provider {
  const provider = providers.get(name);
  if (provider !== undefined) return provider;
  const known = providerNames();
  if (typeof name !== "string") {
    throw new ConfigurationError(`Option "provider": expected a name such as "local", got ${typeof name}`);
  }
  const nearest = nearestName(name, known);
  throw new ConfigurationError(
    `Unknown provider ${JSON.stringify(name)}${nearest === undefined ? "." : `. Did you mean "${nearest}"?`} Known providers: ${known.join(", ")}.`,
  );
}

/**
 * Makes the embedder that a configuration describes, without a cache and without a request.
 *
 * @param env where keys are looked up that the configuration lacks, such as `process.env`, and with them
 * addresses, regions and versions
 *
 * Throws a ConfigurationError in one line for an unknown provider, option or model, a missing key, a bad address, and
 * a RangeError for dimensions that the model cannot have.
 */
export function createProviderEmbedder(config: ProviderConfig, env: Environment): ProviderEmbedder {
  const checked = parseProviderConfig(config);
  const provider = findProvider(checked.provider);
  for (const option of Object.keys(checked) as (keyof ProviderConfig)[]) {
    if (option === "provider" || checked[option] === undefined || provider.options.includes(option)) continue;
    throw new ConfigurationError(
      `The provider ${JSON.stringify(checked.provider)} has no option "${option}". It takes: ${provider.options.join(", ")}.`,
    );
  }
  return provider.create(checked, env);
}
