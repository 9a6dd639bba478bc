import { ConfigurationError } from "../core/errors.ts";
import { HOSTED_OPTIONS, HostedEmbedder } from "./hosted-embedder.ts";
import { OPENAI_PRICE_SOURCE, openaiModels } from "./openai.ts";
import { openaiWire } from "./openai-compatible.ts";
import { OPENAI_LIMITS } from "./openai-limits.ts";
import { keyHint, type Provider, readVariable, requireKey } from "./provider.ts";

const DEFAULT_DEPLOYMENT = "text-embedding-3-small";
const KEY_VARIABLES = ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"];
const ENDPOINT_VARIABLES = ["AZURE_OPENAI_ENDPOINT"];
const VERSION_VARIABLES = ["AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"];

/**
 * Azure OpenAI (learn.microsoft.com/rest/api/microsoft-foundry/azureopenai/embeddings, November 2026). The model is the
 * deployment's name; where it is called as the model below it, dimensions and price are known. Two addresses exist:
 * `/openai/v1/embeddings` with the deployment in the body, and, for a dated `apiVersion`,
 * `/openai/deployments/<name>/embeddings`. The key goes as `api-key`; an Entra ID token goes as
 * `headers: { authorization: "Bearer …" }` instead. A text over the model's limit is refused, never cut. Prices are
 * OpenAI's own; regions and contracts may differ.
 */
export const azureOpenaiProvider: Provider = {
  description: "Azure OpenAI: the model is the deployment's name, baseURL the resource's endpoint",
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: [...HOSTED_OPTIONS, "encoding", "apiVersion"],
  defaultModel: DEFAULT_DEPLOYMENT,
  models: openaiModels,
  priceSource: OPENAI_PRICE_SOURCE,
  limits: OPENAI_LIMITS,
  purposes: "the same for both",
  clients: ["ky"],
  create: (config, env) => {
    const endpoint = config.baseURL ?? readVariable(env, ENDPOINT_VARIABLES);
    if (endpoint === undefined) {
      throw new ConfigurationError(
        `The provider "azure-openai" needs the resource's endpoint, such as "https://my-resource.openai.azure.com": set the option baseURL or the environment variable ${ENDPOINT_VARIABLES[0]}.`,
      );
    }
    const { url, deployment, apiVersion } = readEndpoint(endpoint);
    const version = config.apiVersion ?? apiVersion ?? readVariable(env, VERSION_VARIABLES) ?? "v1";
    const dated = /^\d{4}-/.test(version);
    const wire = openaiWire(config, {
      provider: "azure-openai",
      api: "an Azure OpenAI resource",
      baseURL: endpoint,
      models: openaiModels,
      limits: OPENAI_LIMITS,
      encoding: "base64",
      keyHeader: { name: "api-key", scheme: "" },
      keyHint: keyHint(KEY_VARIABLES),
    });
    const { request, ...rest } = wire;
    const hasToken = Object.keys(config.headers ?? {}).some((name) => /^(authorization|api-key)$/i.test(name));
    return new HostedEmbedder(
      {
        ...rest,
        request: (call) => ({
          ...request(call),
          path: dated
            ? `/deployments/${encodeURIComponent(call.model)}/embeddings?api-version=${version}`
            : `/v1/embeddings?api-version=${version}`,
        }),
      },
      {
        ...config,
        baseURL: url,
        model: config.model ?? deployment ?? DEFAULT_DEPLOYMENT,
        apiKey: hasToken ? undefined : requireKey("azure-openai", KEY_VARIABLES, config.apiKey, env),
      },
    );
  },
};

/**
 * The address below which both of the API's forms lie, from any of those that the portal shows, and what else that says:
 * the deployment's own ends in `/openai/deployments/<name>/embeddings?api-version=<version>`.
 */
function readEndpoint(endpoint: string): {
  url: string;
  deployment: string | undefined;
  apiVersion: string | undefined;
} {
  const [, address, version] = /^(.*?)(?:\?api-version=([\w.-]+))?$/.exec(endpoint.trim())!;
  const base = address!.replace(/\/+$/, "");
  const [, resource, deployment] = /^(.*?)\/openai(?:\/v1|\/deployments\/([^/]+))?(?:\/embeddings)?$/.exec(base) ?? [];
  return {
    url: `${resource ?? base}/openai`,
    deployment: deployment === undefined ? undefined : decodeURIComponent(deployment),
    apiVersion: version,
  };
}
