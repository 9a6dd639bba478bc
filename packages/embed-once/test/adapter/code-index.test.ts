import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type CodeIndexConfig,
  type CodeIndexConfigManager,
  type CodeIndexEmbedder,
  type CodeIndexOptions,
  CodeIndexServiceFactory,
  cacheServiceFactory,
  fromCodeIndexEmbedder,
  OptimizedEmbedderWrapper,
} from "../../src/adapter/code-index.ts";
import { ConfigurationError } from "../../src/core/errors.ts";
import { providers } from "../../src/provider/registry.ts";
import { embedderSuite } from "../../src/testing/embedder-suite.ts";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";
import { fakeVector } from "../embedder/fake-embedder.ts";
import { temporaryFolders } from "./bits.ts";

const folders = temporaryFolders();
const model = "text-embedding-3-small";
const identity = { provider: "roo", model: "m" };
let server: ProviderServer;
let opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  server = await startProviderServer({ apiKey: "sk-test" });
});
afterEach(async () => {
  for (const embedder of opened) await embedder.close();
  opened = [];
  await server.close();
});
afterAll(() => folders.remove());

/** As these projects write them: batches are cut out of the array, and what is over a length is left out. */
class ProjectEmbedder implements CodeIndexEmbedder<"openai"> {
  readonly batches: string[][] = [];
  readonly embedderInfo = { name: "openai" } as const;

  async createEmbeddings(texts: string[], model?: string): Promise<{ embeddings: number[][] }> {
    const embeddings: number[][] = [];
    while (texts.length > 0) {
      const batch = texts.splice(0, 3).filter((text) => text.length <= 200_000);
      this.batches.push(batch);
      for (const text of batch) embeddings.push(fakeVector(text, model));
    }
    return { embeddings };
  }

  validateConfiguration(): Promise<{ valid: boolean }> {
    return Promise.resolve({ valid: true });
  }
}

function factory(config: CodeIndexConfig, options: CodeIndexOptions = {}, env: Record<string, string> = {}) {
  const manager = { getConfig: () => config };
  return new CodeIndexServiceFactory(manager, "/workspace", {}, { directory: folders.next(), ...options }, env);
}

describe("a code-index embedder as an embedder keeps the contract", () => {
  embedderSuite(test, async () => ({ embedder: fromCodeIndexEmbedder(new ProjectEmbedder(), identity) }));
});

describe("an OptimizedEmbedderWrapper keeps the contract", () => {
  embedderSuite(test, async () => {
    const base = fromCodeIndexEmbedder(new ProjectEmbedder(), identity);
    const embedder = new OptimizedEmbedderWrapper(base, { directory: folders.next() });
    return { embedder, close: () => embedder.close() };
  });
});

describe("fromCodeIndexEmbedder", () => {
  test("an embedder that leaves a text out gives an error that names it, and nothing is stored", async () => {
    const project = new ProjectEmbedder();
    const embedder = new OptimizedEmbedderWrapper(fromCodeIndexEmbedder(project, identity), {
      directory: folders.next(),
    });
    opened.push(embedder);
    await expect(embedder.createEmbeddings(["a", "x".repeat(200_001), "c"])).rejects.toThrow(
      /gave 2 embeddings for 3 texts.* the longest is text 1 with 200001 characters/,
    );
    expect((await embedder.createEmbeddings(["c"])).embeddings).toEqual([fakeVector("c")]);
    expect(project.batches).toEqual([["a", "c"], ["c"]]);
  });

  test("the model of a call goes on, dimensions cannot", async () => {
    const embedder = fromCodeIndexEmbedder(new ProjectEmbedder(), identity);
    expect((await embedder.createEmbeddings(["a"], "large")).embeddings).toEqual([fakeVector("a", "large")]);
    await expect(embedder.createEmbeddings(["a"], undefined, { dimensions: 5 })).rejects.toThrow(TypeError);
  });

  test("refuses what is no embedder or has no identity", () => {
    expect(() => fromCodeIndexEmbedder({} as CodeIndexEmbedder, identity)).toThrow(/createEmbeddings/);
    expect(() => fromCodeIndexEmbedder(new ProjectEmbedder(), { provider: "roo", model: "" })).toThrow(/whose vectors/);
  });
});

describe("a CodeIndexServiceFactory", () => {
  test("makes an OpenAI embedder as the projects configure it", async () => {
    const config = { embedderProvider: "openai", openAiOptions: { openAiNativeApiKey: "sk-test" } };
    const embedder = factory(config, {}, { OPENAI_BASE_URL: server.url }).createEmbedder();
    opened.push(embedder);
    expect(embedder.embedderInfo).toEqual({ name: "openai" });
    const { embeddings } = await embedder.createEmbeddings(["a", "b"]);
    expect(embeddings.map(({ length }) => length)).toEqual([1536, 1536]);
    expect(server.requests[0]).toMatchObject({ authorization: "Bearer sk-test", body: { model } });
  });

  test("makes an openai-compatible embedder, whose model may be left to the default", async () => {
    const openAiCompatibleOptions = { baseUrl: server.url, apiKey: "sk-test" };
    for (const modelId of [undefined, "", "text-embedding-3-large"]) {
      const config = { embedderProvider: "openai-compatible", modelId, openAiCompatibleOptions };
      const embedder = factory(config).createEmbedder();
      opened.push(embedder);
      await embedder.createEmbeddings(["a"]);
    }
    expect(server.requests.map(({ body }) => body.model)).toEqual([model, model, "text-embedding-3-large"]);
  });

  test("takes the address of an Azure deployment, whatever model is chosen beside it", async () => {
    const azure = await startProviderServer({ provider: "azure-openai", apiKey: "sk-test", models: { dep: 8 } });
    const baseUrl = `${azure.url}/openai/deployments/dep/embeddings?api-version=2023-05-15`;
    const openAiCompatibleOptions = { baseUrl, apiKey: "sk-test" };
    const embedder = factory({
      embedderProvider: "openai-compatible",
      modelId: "text-embedding-3-large",
      openAiCompatibleOptions,
    }).createEmbedder();
    opened.push(embedder);
    await embedder.createEmbeddings(["a"]);
    expect(azure.requests.map(({ path }) => path)).toEqual([
      "/openai/deployments/dep/embeddings?api-version=2023-05-15",
    ]);
    await azure.close();
  });

  test("takes options of the provider that the projects have no setting for", async () => {
    const config = {
      embedderProvider: "openai",
      openAiOptions: { openAiNativeApiKey: "sk-test", openAiNativeBaseUrl: server.url },
    };
    const embedder = factory(config, { provider: { dimensions: 256 } }).createEmbedder();
    opened.push(embedder);
    expect((await embedder.createEmbeddings(["a"])).embeddings[0]).toHaveLength(256);
  });

  test.each(["ollama", "gemini", "mistral", "vercel-ai-gateway", "bedrock", "openrouter"])(
    "%s is made where there is such a provider, else the error names those there are",
    (embedderProvider) => {
      const config: CodeIndexConfig = {
        embedderProvider,
        ollamaOptions: { ollamaBaseUrl: "http://127.0.0.1:11434" },
        geminiOptions: { apiKey: "k" },
        mistralOptions: { apiKey: "k" },
        vercelAiGatewayOptions: { apiKey: "k" },
        bedrockOptions: { region: "eu-central-1" },
        openRouterOptions: { apiKey: "k", specificProvider: "[default]" },
      };
      const create = () =>
        factory(config, {}, { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "s" }).createEmbedder();
      if (providers.has(embedderProvider)) expect(create()).toBeInstanceOf(OptimizedEmbedderWrapper);
      else
        expect(create).toThrow(new RegExp(`^Unknown provider "${embedderProvider}".* Known providers: local, openai`));
    },
  );

  test.each([
    [{ embedderProvider: "openai" }, /needs a key: set the environment variable OPENAI_API_KEY/],
    [{ embedderProvider: "openai-compatible" }, /needs the option baseURL/],
    [{ embedderProvider: "opanai" }, /Unknown provider "opanai". Did you mean "openai"/],
    [
      {
        embedderProvider: "openai-compatible",
        openAiCompatibleOptions: { baseUrl: "https://h/serving-endpoints/e/invocations", apiKey: "k" },
      },
      /An address that is no base URL cannot be carried over/,
    ],
    [{} as CodeIndexConfig, /no embedderProvider: expected a name such as "openai", got undefined/],
  ])("says in one line what is wrong with %j", (config, message) => {
    expect(() => factory(config).createEmbedder()).toThrow(ConfigurationError);
    expect(() => factory(config).createEmbedder()).toThrow(message);
  });

  test("wants no key in the mode offline", async () => {
    await using embedder = factory({ embedderProvider: "openai" }, { mode: "offline", diskBytes: 0 }).createEmbedder();
    await expect(embedder.createEmbeddings(["a"])).rejects.toThrow("the cache does not have text 0");
  });

  test("refuses a place for the cache that it does not know", () => {
    expect(() => factory({ embedderProvider: "local" }, { cacheIn: "home" as "user" })).toThrow(/got "home"/);
  });

  test("validateEmbedder says what is wrong and never rejects", async () => {
    const services = factory({
      embedderProvider: "openai-compatible",
      openAiCompatibleOptions: { baseUrl: server.url, apiKey: "wrong" },
    });
    expect(await services.validateEmbedder(services.createEmbedder())).toMatchObject({
      valid: false,
      error: expect.stringMatching(/key/),
    });
    const throwing = new ProjectEmbedder();
    throwing.validateConfiguration = () => Promise.reject(new Error("no luck"));
    expect(await services.validateEmbedder(throwing)).toEqual({ valid: false, error: "no luck" });
  });

  test("a factory asked twice makes two embedders on one cache", async () => {
    const config = {
      embedderProvider: "openai",
      openAiOptions: { openAiNativeApiKey: "sk-test", openAiNativeBaseUrl: server.url },
    };
    const services = factory(config);
    const [first, second] = [services.createEmbedder(), services.createEmbedder()];
    opened.push(first, second);
    await first.createEmbeddings(["a"]);
    await second.createEmbeddings(["a"]);
    expect(server.requests).toHaveLength(1);
    await first.close();
    await second.createEmbeddings(["a", "b"]);
    expect(server.textsEmbedded()).toBe(2);
  });

  test("puts the cache into the workspace when asked", async () => {
    const workspace = folders.next();
    const manager = { getConfig: () => ({ embedderProvider: "local" }) };
    const services = new CodeIndexServiceFactory(manager, workspace, undefined, { cacheIn: "workspace" });
    const embedder = services.createEmbedder();
    opened.push(embedder);
    await embedder.createEmbeddings(["a"]);
    expect(existsSync(join(workspace, ".embeddings_cache"))).toBe(true);
  });
});

describe("cacheServiceFactory", () => {
  /** A factory as the projects have it: private fields, and services that are made with the embedder. */
  class ProjectFactory {
    static made: ProjectEmbedder[] = [];
    readonly #configManager: CodeIndexConfigManager;
    readonly workspacePath: string;
    constructor(configManager: CodeIndexConfigManager, workspacePath: string, _cacheManager: object) {
      this.#configManager = configManager;
      this.workspacePath = workspacePath;
    }
    createEmbedder(): CodeIndexEmbedder {
      if (!this.#configManager.getConfig().embedderProvider) throw new Error("not configured");
      const embedder = new ProjectEmbedder();
      ProjectFactory.made.push(embedder);
      return embedder;
    }
    createServices() {
      return { embedder: this.createEmbedder(), path: this.workspacePath };
    }
  }

  test("the project's own embedders are cached, and go into all that its factory makes", async () => {
    const workspace = folders.next();
    const Cached = cacheServiceFactory(ProjectFactory, { cacheIn: "workspace" });
    let config: CodeIndexConfig = { embedderProvider: "openai", modelId: "m" };
    const services = new Cached({ getConfig: () => config }, workspace, {});
    expect(services).toBeInstanceOf(ProjectFactory);
    ProjectFactory.made = [];
    const configs: CodeIndexConfig[] = [
      config,
      config,
      { embedderProvider: "openai", modelId: "n" },
      { embedderProvider: "ollama", modelId: "m", ollamaOptions: { ollamaBaseUrl: "http://one" } },
      { embedderProvider: "ollama", modelId: "m", ollamaOptions: { ollamaBaseUrl: "http://two" } },
      { embedderProvider: "openrouter", modelId: "m", openRouterOptions: { apiKey: "k" } },
      { embedderProvider: "openrouter", modelId: "m", openRouterOptions: { apiKey: "k", specificProvider: "x" } },
    ];
    for (config of configs) {
      const { embedder, path } = services.createServices();
      expect(path).toBe(workspace);
      expect((await embedder.createEmbeddings(["a"])).embeddings).toEqual([fakeVector("a")]);
      await (embedder as OptimizedEmbedderWrapper).close();
    }
    expect(ProjectFactory.made.map(({ batches }) => batches.length)).toEqual([1, 0, 1, 1, 1, 1, 1]);
    expect(existsSync(join(workspace, ".embeddings_cache"))).toBe(true);
    config = { embedderProvider: "" };
    expect(() => services.createEmbedder()).toThrow("not configured");
  });
});
