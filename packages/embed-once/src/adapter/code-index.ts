import { join } from "node:path";
import type { EmbeddingCache } from "../cache/hierarchical-cache.ts";
import type {
  ConfigurationCheck,
  Embedder,
  EmbedderIdentity,
  EmbeddingResponse,
  EmbedOptions,
  Usage,
} from "../core/embedder.ts";
import { ConfigurationError, EmbeddingResponseError, messageOf } from "../core/errors.ts";
import { copyTexts } from "../core/texts.ts";
import { abortable } from "../embedder/abortable.ts";
import { type CachedEmbedder, cacheEmbedder, type Float32Response } from "../embedder/cached-embedder.ts";
import { type CacheEmbedderOptions, withoutOwnRetries } from "../embedder/options.ts";
import { createKeylessEmbedder } from "../provider/keyless.ts";
import type { Environment } from "../provider/provider.ts";
import type { ProviderConfig } from "../provider/provider-config.ts";
import { createProviderEmbedder, findProvider } from "../provider/registry.ts";
import type { EmbedderStatistics } from "../statistics/statistics.ts";

/** The embedder interface of Roo Code, Kilo Code and their kin (`IEmbedder`). */
export interface CodeIndexEmbedder<Name extends string = string> {
  createEmbeddings(texts: string[], model?: string): Promise<{ embeddings: number[][]; usage?: Usage | undefined }>;
  validateConfiguration(): Promise<ConfigurationCheck>;
  readonly embedderInfo: { readonly name: Name };
}

/** The embedders of these projects (`AvailableEmbedders`). */
export type CodeIndexProvider =
  | "openai"
  | "ollama"
  | "openai-compatible"
  | "gemini"
  | "mistral"
  | "vercel-ai-gateway"
  | "bedrock"
  | "openrouter";

/** What of their configuration concerns the embedder (`CodeIndexConfig`); the rest is not read. */
export interface CodeIndexConfig {
  embedderProvider: string;
  modelId?: string | undefined;
  openAiOptions?: { openAiNativeApiKey?: string | undefined; openAiNativeBaseUrl?: string | undefined } | undefined;
  ollamaOptions?: { ollamaBaseUrl?: string | undefined } | undefined;
  openAiCompatibleOptions?: { baseUrl: string; apiKey: string } | undefined;
  geminiOptions?: { apiKey: string } | undefined;
  mistralOptions?: { apiKey: string } | undefined;
  vercelAiGatewayOptions?: { apiKey: string } | undefined;
  bedrockOptions?: { region: string; profile?: string | undefined } | undefined;
  openRouterOptions?: { apiKey: string; specificProvider?: string | undefined } | undefined;
}

export interface CodeIndexConfigManager {
  getConfig(): CodeIndexConfig;
}

export interface CodeIndexOptions extends Omit<CacheEmbedderOptions, "identity"> {
  /**
   * Where the cache lies: `"user"`, the user's cache directory, which all workspaces share, or `"workspace"`, the
   * workspace's `.embeddings_cache/`. A `directory` wins. @default "user"
   */
  cacheIn?: "user" | "workspace" | undefined;
  /** Options of the provider that these projects have no setting for, such as `dimensions`; they win over the settings. */
  provider?: Partial<Omit<ProviderConfig, "provider">> | undefined;
}

/** What these projects use where no model is chosen (Roo Code, `src/shared/embeddingModels.ts`, April 2026). */
const DEFAULT_MODELS: Readonly<Record<string, string>> = {
  openai: "text-embedding-3-small",
  "openai-compatible": "text-embedding-3-small",
  ollama: "nomic-embed-text",
  gemini: "gemini-embedding-001",
  mistral: "codestral-embed-2505",
  "vercel-ai-gateway": "openai/text-embedding-3-large",
  bedrock: "amazon.titan-embed-text-v2:0",
  openrouter: "openai/text-embedding-3-large",
};

/** The address of a deployment, which these projects take for an OpenAI-compatible server's. */
const AZURE_DEPLOYMENT = /\/openai\/deployments\/[^/]+/;

/** The cache's place in a workspace. */
export const WORKSPACE_CACHE = ".embeddings_cache";

/**
 * An embedder of such a project as one that can be cached.
 *
 * These embedders leave out texts that they find too long, and hand the rest back as if nothing was missing: every
 * vector after the gap belongs to another text. Such an answer is an error here.
 *
 * @param identity provider and model of its vectors; they are not in the interface
 * @throws TypeError for what is no such embedder, or an identity without provider or model
 */
export function fromCodeIndexEmbedder<Name extends string>(
  embedder: CodeIndexEmbedder<Name>,
  identity: Pick<EmbedderIdentity, "provider" | "model"> & Partial<EmbedderIdentity>,
): Embedder & { readonly identity: EmbedderIdentity; readonly embedderInfo: { readonly name: Name } } {
  if (typeof embedder?.createEmbeddings !== "function") {
    throw new TypeError(`fromCodeIndexEmbedder takes an embedder with createEmbeddings(texts), got ${typeof embedder}`);
  }
  if (!identity?.provider || !identity.model) {
    throw new TypeError('fromCodeIndexEmbedder must know whose vectors these are: give { provider: "…", model: "…" }');
  }
  return {
    // The interface knows no purpose, so none can change the numbers.
    identity: { purposes: "same", ...identity },
    get embedderInfo() {
      return embedder.embedderInfo;
    },
    validateConfiguration: () => embedder.validateConfiguration(),
    async createEmbeddings(texts: string[], model?: string, options: EmbedOptions = {}): Promise<EmbeddingResponse> {
      const copies = copyTexts(texts);
      const { dimensions, signal } = options;
      if (dimensions !== undefined && dimensions !== identity.dimensions) {
        throw new TypeError(`code-index embedders take no dimensions a call, got ${dimensions}`);
      }
      signal?.throwIfAborted();
      if (copies.length === 0) return { embeddings: [] };
      // A copy of its own: they take their batches out of the array that they are given.
      const response = await abortable(embedder.createEmbeddings([...copies], model), signal);
      const got = response?.embeddings?.length;
      if (got !== copies.length) throw wrongCount(embedder.embedderInfo.name, got, copies);
      return response;
    },
  };
}

function wrongCount(name: string, got: number | undefined, texts: string[]): EmbeddingResponseError {
  const message = `${name} gave ${got ?? "no"} embeddings for ${texts.length} texts`;
  if (got === undefined || got > texts.length) return new EmbeddingResponseError(message);
  const longest = texts.reduce((best, text, i) => (text.length > texts[best]!.length ? i : best), 0);
  return new EmbeddingResponseError(
    (text) =>
      `${message}. Such embedders leave out what they find too long; the longest is text ${text} with ${texts[longest]!.length} characters`,
    longest,
  );
}

/** A cached embedder with a report to print. */
export class OptimizedEmbedderWrapper<Name extends string = string> implements CachedEmbedder {
  readonly identity: EmbedderIdentity;
  readonly #name: Name;
  readonly #embedder: CachedEmbedder;

  /** Takes what `cacheEmbedder` takes, and throws what it throws. */
  constructor(base: Embedder & { readonly embedderInfo: { readonly name: Name } }, options: CacheEmbedderOptions = {}) {
    this.#embedder = cacheEmbedder(base, withoutOwnRetries(options));
    this.#name = base.embedderInfo.name;
    this.identity = this.#embedder.identity;
  }

  get embedderInfo(): { readonly name: Name } {
    return { name: this.#name };
  }

  createEmbeddings(texts: string[], model?: string, options?: EmbedOptions): Promise<EmbeddingResponse>;
  createEmbeddings(
    texts: string[],
    model: string | undefined,
    options: EmbedOptions & { output: "float32" },
  ): Promise<Float32Response>;
  createEmbeddings(
    texts: string[],
    model?: string,
    options?: EmbedOptions & { output?: "float32" },
  ): Promise<EmbeddingResponse | Float32Response> {
    return this.#embedder.createEmbeddings(texts, model, options as EmbedOptions & { output: "float32" });
  }

  validateConfiguration(): Promise<ConfigurationCheck> {
    return this.#embedder.validateConfiguration();
  }

  statistics(): EmbedderStatistics {
    return this.#embedder.statistics();
  }

  report(): string {
    return this.#embedder.report();
  }

  unwrap(): Embedder {
    return this.#embedder.unwrap();
  }

  cache(): Promise<EmbeddingCache> {
    return this.#embedder.cache();
  }

  close(): Promise<void> {
    return this.#embedder.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What the cache did for this embedder since it was made, in a few lines. */
  statsReport(): string {
    const { textsAsked, hits, coalesced, misses, requestsMade, requestsSaved, cache, ...tokens } = this.statistics();
    const lines = [
      `embed-once: ${this.#name}, ${this.identity.model}`,
      `  texts asked for   ${textsAsked}`,
      `  from memory       ${hits.L1 + hits.L2} (L1 ${hits.L1}, L2 ${hits.L2})`,
      `  from disk         ${hits.L3}`,
      `  shared requests   ${coalesced}`,
      `  embedded          ${misses}`,
      `  requests          ${requestsMade} made, ${requestsSaved} saved`,
      `  tokens sent       ${tokens.tokensSent}${inDollars(tokens.dollarsSent)}`,
      `  tokens saved      about ${tokens.tokensSaved}${inDollars(tokens.dollarsSaved)}`,
    ];
    if (cache) {
      lines.push(
        `  stored            ${cache.stored.recordBytes} bytes for ${cache.stored.numberArrayBytes} bytes of numbers`,
      );
      for (const message of cache.degraded) lines.push(`  without           ${message}`);
    }
    return lines.join("\n");
  }

  /** @param print gets the report. @default writes it to standard output */
  printStatsReport(print: (report: string) => void = (report) => process.stdout.write(`${report}\n`)): void {
    print(this.statsReport());
  }
}

function inDollars(dollars: number | null): string {
  return dollars === null ? " (price not known)" : ` ($${dollars.toFixed(4)})`;
}

/**
 * Makes cached embedders from the configuration of a code-index project, in the place of the project's own factory.
 * Vector store, scanner and watcher stay the project's.
 */
export class CodeIndexServiceFactory {
  readonly #configManager: CodeIndexConfigManager;
  readonly #workspacePath: string;
  readonly #options: CodeIndexOptions;
  readonly #env: Environment;

  /**
   * @param _cacheManager the project's record of which files it indexed; it concerns the scanner only
   * @param env where a provider looks for what the configuration lacks
   */
  constructor(
    configManager: CodeIndexConfigManager,
    workspacePath: string,
    _cacheManager?: unknown,
    options: CodeIndexOptions = {},
    env: Environment = process.env,
  ) {
    const { cacheIn = "user" } = options;
    if (cacheIn !== "user" && cacheIn !== "workspace") {
      throw new TypeError(`cacheIn must be "user" or "workspace", got ${JSON.stringify(cacheIn)}`);
    }
    this.#configManager = configManager;
    this.#workspacePath = workspacePath;
    this.#options = options;
    this.#env = env;
  }

  /**
   * The embedder that the configuration describes, cached. Nothing is opened or requested before its first use.
   * @throws ConfigurationError in one line for a provider that there is not, or one that lacks what it needs
   */
  createEmbedder(): OptimizedEmbedderWrapper<CodeIndexProvider> {
    const { cacheIn, provider, ...options } = this.#options;
    const config = providerConfig(this.#configManager.getConfig(), provider);
    const create = options.mode === "offline" ? createKeylessEmbedder : createProviderEmbedder;
    const base = create(config, this.#env) as Embedder & {
      readonly embedderInfo: { readonly name: CodeIndexProvider };
    };
    const directory = cacheIn === "workspace" ? join(this.#workspacePath, WORKSPACE_CACHE) : undefined;
    return new OptimizedEmbedderWrapper(base, { ...options, directory: options.directory ?? directory });
  }

  /** Whether the embedder would work. Never rejects. */
  async validateEmbedder(embedder: CodeIndexEmbedder): Promise<ConfigurationCheck> {
    try {
      return await embedder.validateConfiguration();
    } catch (error) {
      return { valid: false, error: messageOf(error) };
    }
  }
}

/** The project's own factory, as far as it concerns the embedder. */
interface OwnFactory {
  createEmbedder(): CodeIndexEmbedder;
}

/**
 * The project's own factory class, unchanged but for `createEmbedder()`: the embedders are the project's own, cached.
 * Whatever else the factory makes, it makes with them.
 *
 * @param Factory a class that is made with `(configManager, workspacePath, …)`
 */
// biome-ignore lint/suspicious/noExplicitAny: a class that is to be derived from must take any arguments
export function cacheServiceFactory<Factory extends new (...values: any[]) => OwnFactory>(
  Factory: Factory,
  { cacheIn, provider: _, ...options }: CodeIndexOptions = {},
): Factory {
  return class extends Factory {
    readonly #configManager: CodeIndexConfigManager;
    readonly #workspacePath: string;

    // biome-ignore lint/suspicious/noExplicitAny: see above
    constructor(...values: any[]) {
      super(...values);
      [this.#configManager, this.#workspacePath] = values as [CodeIndexConfigManager, string];
    }

    override createEmbedder(): OptimizedEmbedderWrapper {
      const base = fromCodeIndexEmbedder(super.createEmbedder(), ownIdentity(this.#configManager.getConfig()));
      const directory = cacheIn === "workspace" ? join(this.#workspacePath, WORKSPACE_CACHE) : undefined;
      return new OptimizedEmbedderWrapper(base, { ...options, directory: options.directory ?? directory });
    }
  };
}

/** Whose vectors the project's own embedder makes. They have its own prefixes, so they are not those of our providers. */
function ownIdentity(config: CodeIndexConfig): EmbedderIdentity {
  const { embedderProvider, modelId } = config;
  const { specificProvider } = config.openRouterOptions ?? {};
  const endpoints: Readonly<Record<string, string | undefined>> = {
    ollama: config.ollamaOptions?.ollamaBaseUrl,
    "openai-compatible": config.openAiCompatibleOptions?.baseUrl,
    bedrock: config.bedrockOptions?.region,
  };
  return {
    provider: `code-index/${embedderProvider}`,
    model: modelId || DEFAULT_MODELS[embedderProvider] || "default",
    endpoint: endpoints[embedderProvider],
    purposes: "same",
    ...(embedderProvider === "openrouter" && specificProvider ? { options: { specificProvider } } : {}),
  };
}

/** Their settings in our words. A setting that is not there is left to the provider: its default, or its clear error. */
function providerConfig(config: CodeIndexConfig, own: CodeIndexOptions["provider"]): ProviderConfig {
  const name = config?.embedderProvider;
  if (typeof name !== "string" || name === "") {
    throw new ConfigurationError(
      `The code-index configuration has no embedderProvider: expected a name such as "openai", got ${JSON.stringify(name)}`,
    );
  }
  // Before its settings are looked at: they may be those of a provider that there is not.
  findProvider(name);
  const isAzures = name === "openai-compatible" && AZURE_DEPLOYMENT.test(config.openAiCompatibleOptions?.baseUrl ?? "");
  const settings = isAzures
    ? // The address names the model.
      { baseURL: config.openAiCompatibleOptions?.baseUrl, apiKey: config.openAiCompatibleOptions?.apiKey, ...own }
    : { model: config.modelId || DEFAULT_MODELS[name], ...providerSettings(config, own), ...own };
  // These projects keep empty strings for what was never filled in.
  const given = Object.entries(settings).filter(([, value]) => value !== undefined && value !== "");
  return { provider: isAzures ? "azure-openai" : name, ...Object.fromEntries(given) };
}

function providerSettings(config: CodeIndexConfig, own: CodeIndexOptions["provider"]): Partial<ProviderConfig> {
  switch (config.embedderProvider) {
    case "openai": {
      const { openAiNativeApiKey: apiKey, openAiNativeBaseUrl: baseURL } = config.openAiOptions ?? {};
      return { apiKey, baseURL };
    }
    case "ollama":
      return { baseURL: config.ollamaOptions?.ollamaBaseUrl };
    case "openai-compatible": {
      const { baseUrl, apiKey } = config.openAiCompatibleOptions ?? {};
      // These projects take the whole address of any request, too.
      if (/\/embed$|\/invocations$|\?/.test(baseUrl ?? "")) {
        throw notMapped("An address that is no base URL", "Give the address that /embeddings follows");
      }
      return { baseURL: baseUrl, apiKey };
    }
    case "gemini":
      return { apiKey: config.geminiOptions?.apiKey };
    case "mistral":
      return { apiKey: config.mistralOptions?.apiKey };
    case "vercel-ai-gateway":
      return { apiKey: config.vercelAiGatewayOptions?.apiKey };
    case "bedrock": {
      const { region, profile } = config.bedrockOptions ?? {};
      if (profile && !(own && "awsCredentials" in own)) {
        throw notMapped("The AWS profile", "Set AWS_ACCESS_KEY_ID and its companions instead");
      }
      return { region } as Partial<ProviderConfig>;
    }
    case "openrouter": {
      const { apiKey, specificProvider } = config.openRouterOptions ?? {};
      if (specificProvider && specificProvider !== "[default]") {
        throw notMapped("OpenRouter's specificProvider", "Leave it at its default");
      }
      return { apiKey };
    }
    default:
      return {};
  }
}

function notMapped(setting: string, advice: string): ConfigurationError {
  return new ConfigurationError(
    `${setting} cannot be carried over. ${advice}, or wrap the project's own embedder: new OptimizedEmbedderWrapper(fromCodeIndexEmbedder(embedder, { provider, model }))`,
  );
}
