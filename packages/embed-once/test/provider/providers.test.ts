import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/errors.ts";
import { prefixesOf } from "../../src/provider/prefixes.ts";
import type { ProviderConfig } from "../../src/provider/provider-config.ts";
import { ProviderError } from "../../src/provider/provider-error.ts";
import { createProviderEmbedder, providers } from "../../src/provider/registry.ts";
import {
  type ProviderServer,
  type ProviderServerOptions,
  startProviderServer,
} from "../../src/testing/provider-server.ts";
import { AWS } from "./served-cases.ts";

let server: ProviderServer | undefined;
afterEach(() => server?.close());

async function start(options: ProviderServerOptions): Promise<ProviderServer> {
  server = await startProviderServer(options);
  return server;
}

const create = (config: ProviderConfig, env: Record<string, string> = {}) => createProviderEmbedder(config, env);

describe("every provider", () => {
  test.each([...providers])("%s has sound tables", (_, provider) => {
    const { models, defaultModel, limits, priceSource } = provider;
    if (defaultModel !== undefined) expect(models.has(defaultModel)).toBe(true);
    for (const known of models.values()) {
      expect(known.dimensions).toBeGreaterThan(0);
      if (known.pricePerMillionTokens !== undefined) expect(known.pricePerMillionTokens).toBeGreaterThanOrEqual(0);
    }
    const costs = [...models.values()].some(({ pricePerMillionTokens: price }) => price !== undefined && price > 0);
    if (costs) expect(priceSource).toMatch(/, \w+ 20\d\d$/);
    if (limits === undefined) return;
    const { maxTextsPerRequest, maxBytesPerRequest, maxTokensPerRequest = maxBytesPerRequest } = limits;
    expect(Math.min(maxTextsPerRequest, maxBytesPerRequest)).toBeGreaterThan(0);
    // One of them bounds what travels.
    expect(Math.min(maxBytesPerRequest, maxTokensPerRequest)).toBeLessThan(1e6);
  });

  test.each<[string, object, string, object]>([
    [
      "voyage",
      { model: "voyage-4-lite" },
      "voyage-3-lite",
      { maxTextsPerRequest: 1_000, maxTokensPerRequest: 120_000 },
    ],
    ["voyage", { maxTokensPerRequest: 5_000 }, "voyage-4-lite", { maxTokensPerRequest: 5_000 }],
    ["bedrock", { model: "cohere.embed-v4:0" }, "amazon.titan-embed-text-v2:0", { maxTextsPerRequest: 1 }],
    ["openai", {}, "text-embedding-3-large", { maxTextsPerRequest: 2_048, maxTokensPerRequest: 300_000 }],
  ])("%s with %j has bounds of its own for %s", (provider, options, model, expected) => {
    const embedder = create({ provider, apiKey: "k", ...options }, { AWS_REGION: "eu-central-1" });
    expect(embedder.limitsOf!(model)).toMatchObject(expected);
    expect(embedder.limits).toEqual(embedder.limitsOf!());
  });

  test("takes its key from its variables, the first that is set", async () => {
    const { url, requests } = await start({ provider: "gemini" });
    const env = { GOOGLE_API_KEY: "third", GOOGLE_GENERATIVE_AI_API_KEY: "second" };
    await create({ provider: "gemini", baseURL: url }, env).createEmbeddings(["a"]);
    expect(requests[0]!.headers["x-goog-api-key"]).toBe("second");
  });

  test.each([
    [{ provider: "mistral", encoding: "base64" }, /"mistral" has no option "encoding"/],
    [{ provider: "openai", region: "us-east-1" }, /"openai" has no option "region"/],
    [{ provider: "bedrock", apiKey: "k", region: "US East" }, /"region": expected a region such as "us-east-1"/],
    [{ provider: "azure-openai", baseURL: "http://h", apiVersion: "v1&x=1" }, /"apiVersion": expected "v1"/],
    [{ provider: "openai", pricePerMillionTokens: -1 }, /"pricePerMillionTokens": .*0 or more, got -1/],
    [{ provider: "bedrock", awsCredentials: { accessKeyId: "only" } }, /"awsCredentials/],
    [{ provider: "cohere" }, /needs a key: set the environment variable COHERE_API_KEY or CO_API_KEY/],
  ])("refuses %j", (config, message) => {
    expect(() => create(config as ProviderConfig)).toThrow(ConfigurationError);
    expect(() => create(config as ProviderConfig)).toThrow(message);
  });
});

describe("the identity", () => {
  const identityOf = (config: ProviderConfig) => create({ apiKey: "k", ...config }).identity;

  test.each<[ProviderConfig, object | undefined]>([
    [{ provider: "openai" }, undefined],
    [{ provider: "mistral" }, undefined],
    [{ provider: "gemini" }, { queryAs: "RETRIEVAL_QUERY", documentAs: "RETRIEVAL_DOCUMENT" }],
    [
      { provider: "gemini", model: "gemini-embedding-2" },
      { queryPrefix: "task: search result | query: ", documentPrefix: "title: none | text: " },
    ],
    [{ provider: "bedrock", region: "us-east-1" }, { normalize: true }],
    [
      { provider: "bedrock", region: "us-east-1", model: "cohere.embed-v4:0" },
      { truncate: "NONE", queryAs: "search_query", documentAs: "search_document", noPurposeAs: "search_document" },
    ],
    [
      { provider: "cohere" },
      { truncate: "NONE", queryAs: "search_query", documentAs: "search_document", noPurposeAs: "search_document" },
    ],
    [{ provider: "voyage" }, { truncation: false, outputType: "float", queryAs: "query", documentAs: "document" }],
    [{ provider: "jina" }, { truncate: false, queryAs: "retrieval.query", documentAs: "retrieval.passage" }],
    [{ provider: "jina", model: "jina-embeddings-v2-base-en" }, { truncate: false }],
    [{ provider: "ollama" }, { truncate: false, queryPrefix: "search_query: ", documentPrefix: "search_document: " }],
    [{ provider: "ollama", queryPrefix: "", documentPrefix: "" }, { truncate: false }],
  ])("of %j has all that decides the numbers: %j", (config, options) => {
    expect(identityOf(config).options).toEqual(options);
  });

  test("differs between regions, and between a resource and another", () => {
    const region = (name: string) => identityOf({ provider: "bedrock", region: name }).endpoint;
    expect(region("eu-central-1")).toBe("https://bedrock-runtime.eu-central-1.amazonaws.com");
    expect(region("us-east-1")).not.toBe(region("eu-central-1"));
    const azure = (baseURL: string) => identityOf({ provider: "azure-openai", baseURL }).endpoint;
    const endpoint = "https://one.openai.azure.com/openai";
    for (const form of ["", "/", "/openai", "/openai/v1", "/openai/v1/", "/openai/v1/embeddings"]) {
      expect(azure(`https://one.openai.azure.com${form}`)).toBe(endpoint);
    }
    for (const form of ["", "/", "/embeddings", "/embeddings?api-version=2023-05-15"]) {
      expect(azure(`https://one.openai.azure.com/openai/deployments/dep${form}`)).toBe(endpoint);
    }
    expect(azure("https://two.openai.azure.com")).not.toBe(endpoint);
  });
});

describe("azure-openai", () => {
  test("names the deployment in the body for v1, and in the path for a dated version", async () => {
    const { url, requests } = await start({ provider: "azure-openai", models: { "my deployment": 8 } });
    const config = { provider: "azure-openai", baseURL: url, model: "my deployment", apiKey: "k" };
    await create(config).createEmbeddings(["a"]);
    await create(config, { AZURE_OPENAI_API_VERSION: "2024-10-21" }).createEmbeddings(["a"]);
    expect(requests.map(({ path }) => path)).toEqual([
      "/openai/v1/embeddings?api-version=v1",
      "/openai/deployments/my%20deployment/embeddings?api-version=2024-10-21",
    ]);
    expect(requests.map(({ headers }) => headers["api-key"])).toEqual(["k", "k"]);
    expect(requests[0]!.authorization).toBeUndefined();
  });

  test("takes deployment and version from a deployment's own address", async () => {
    const { url, requests } = await start({ provider: "azure-openai", models: { "my deployment": 8 } });
    const own = `${url}/openai/deployments/my%20deployment/embeddings?api-version=2023-05-15`;
    await create({ provider: "azure-openai", baseURL: own, apiKey: "k" }).createEmbeddings(["a"]);
    const path = "/openai/deployments/my%20deployment/embeddings?api-version=2023-05-15";
    expect(requests.map((request) => request.path)).toEqual([path]);
  });

  test("takes a token instead of a key, and needs an address", async () => {
    const { url, requests } = await start({ provider: "azure-openai" });
    const headers = { Authorization: "Bearer entra-token" };
    await create({ provider: "azure-openai", headers }, { AZURE_OPENAI_ENDPOINT: url }).createEmbeddings(["a"]);
    expect(requests[0]!.authorization).toBe("Bearer entra-token");
    expect(() => create({ provider: "azure-openai", apiKey: "k" })).toThrow(/AZURE_OPENAI_ENDPOINT/);
    expect(() => create({ provider: "azure-openai", baseURL: url })).toThrow(/needs a key/);
  });
});

describe("bedrock", () => {
  test("signs each attempt anew with keys from the environment, session token included", async () => {
    const { url, requests } = await start({ provider: "bedrock", aws: AWS });
    server!.failNext({ status: 503, headers: { "retry-after": "1" } });
    const env = {
      AWS_ACCESS_KEY_ID: AWS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: AWS.secretAccessKey,
      AWS_SESSION_TOKEN: AWS.sessionToken,
      AWS_REGION: AWS.region,
    };
    const { usage } = await create({ provider: "bedrock", baseURL: url }, env).createEmbeddings(["ab", "cd"]);
    expect(usage).toEqual({ promptTokens: 2, totalTokens: 2 });
    expect(requests.map(({ body }) => body.inputText)).toEqual(["ab", "ab", "cd"]);
    const [failed, again] = requests.map(({ headers }) => headers["x-amz-date"]);
    expect(again).not.toBe(failed);
  });

  test("asks a credential provider before each attempt, and tells where it fails", async () => {
    const { url } = await start({ provider: "bedrock", aws: AWS });
    let calls = 0;
    const config = { provider: "bedrock", baseURL: url, region: AWS.region };
    const awsCredentials = async () => {
      calls++;
      return AWS;
    };
    await create({ ...config, awsCredentials }).createEmbeddings(["a", "b"]);
    expect(calls).toBe(2);
    const broken = create({ ...config, awsCredentials: () => Promise.reject(new Error("no profile")), maxRetries: 0 });
    await expect(broken.createEmbeddings(["a"])).rejects.toThrow(/no profile/);
  });

  test("goes with an API key before AWS keys of the environment, and unsigned", async () => {
    const { url, requests } = await start({ provider: "bedrock", apiKey: "bearer-key" });
    const env = { AWS_BEARER_TOKEN_BEDROCK: "bearer-key", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };
    await create({ provider: "bedrock", baseURL: url, region: "us-east-1" }, env).createEmbeddings(["a"]);
    expect(requests[0]!.authorization).toBe("Bearer bearer-key");
    expect(requests[0]!.path).toBe("/model/amazon.titan-embed-text-v2%3A0/invoke");
  });

  test("says what it needs", () => {
    expect(() => create({ provider: "bedrock", apiKey: "k" })).toThrow(/needs a region.*AWS_REGION/);
    expect(() => create({ provider: "bedrock", region: "us-east-1" })).toThrow(
      /AWS_BEARER_TOKEN_BEDROCK.*AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/,
    );
  });

  test("stops at once on an abort, though each attempt is signed first", async () => {
    const { url } = await start({ provider: "bedrock", aws: AWS });
    server!.failNext("hang");
    const controller = new AbortController();
    const reason = new Error("the user went away");
    const embedder = create({ provider: "bedrock", baseURL: url, region: AWS.region, awsCredentials: AWS });
    const pending = embedder.createEmbeddings(["a"], undefined, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    await expect(pending).rejects.toBe(reason);
  });

  test("without aws4fetch says in one line what to install, before anything is sent", () => {
    const registry = new URL("../../src/provider/registry.ts", import.meta.url).href;
    const script = `
      import { registerHooks } from "node:module";
      registerHooks({ resolve(specifier, context, next) {
        if (specifier !== "aws4fetch") return next(specifier, context);
        throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
      } });
      const { createProviderEmbedder } = await import(${JSON.stringify(registry)});
      const config = { provider: "bedrock", region: "us-east-1", baseURL: "http://127.0.0.1:1" };
      const awsCredentials = { accessKeyId: "a", secretAccessKey: "s" };
      const signed = await createProviderEmbedder({ ...config, awsCredentials }, {}).validateConfiguration();
      const bearer = await createProviderEmbedder({ ...config, apiKey: "k" }, {}).validateConfiguration();
      console.log(JSON.stringify([signed.error, bearer.error]));`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    const [signed, bearer] = JSON.parse(printed) as string[];
    expect(signed).toMatch(/^[^\n]*run npm install aws4fetch, or use a Bedrock API key[^\n]*$/);
    expect(bearer).toMatch(/Cannot reach bedrock/);
  });
});

describe("gemini", () => {
  test("tells a refused key that comes with 400, and how long Google asks to wait in the body", async () => {
    const { url } = await start({ provider: "gemini", apiKey: "right" });
    const refused: unknown = await create({ provider: "gemini", baseURL: url, apiKey: "wrong" })
      .createEmbeddings(["a"])
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: "key", status: 400, providerCode: "API_KEY_INVALID" });
    const retryDelay = { error: { code: 429, message: "slow", details: [{ retryDelay: "34.5s" }] } };
    const fetch = async () => Response.json(retryDelay, { status: 429 });
    const limited: unknown = await create({ provider: "gemini", apiKey: "k", maxRetries: 0, fetch })
      .createEmbeddings(["a"])
      .catch((error: unknown) => error);
    expect(limited).toBeInstanceOf(ProviderError);
    expect(limited).toMatchObject({ reason: "rate-limit", retryAfterMs: 34_500 });
  });

  test("takes a model with and without its folder", async () => {
    const { url, requests } = await start({ provider: "gemini" });
    await create({
      provider: "gemini",
      baseURL: url,
      apiKey: "k",
      model: "models/gemini-embedding-001",
    }).createEmbeddings(["a"]);
    expect(requests[0]!.path).toBe("/v1beta/models/gemini-embedding-001:batchEmbedContents");
  });
});

describe("ollama", () => {
  test.each([
    ["127.0.0.1:4000", "http://127.0.0.1:4000"],
    ["0.0.0.0:11434", "http://127.0.0.1:11434"],
    ["gpu-box", "http://gpu-box:11434"],
    [":4000", "http://127.0.0.1:4000"],
    ["[::1]", "http://[::1]:11434"],
    ["gpu-box/behind/a/proxy", "http://gpu-box:11434/behind/a/proxy"],
    ["ollama.com", "https://ollama.com"],
    ["http://localhost:11434/api/embed", "http://localhost:11434"],
    ["https://ollama.example/", "https://ollama.example"],
    ["http://localhost:11434/v1", "http://localhost:11434"],
  ])("reads OLLAMA_HOST %j as %j", (host, endpoint) => {
    expect(create({ provider: "ollama" }, { OLLAMA_HOST: host }).identity.endpoint).toBe(endpoint);
  });

  test("passes on what Ollama says of a model that is not there", async () => {
    const { url } = await start({ provider: "ollama" });
    const { error } = await create({ provider: "ollama", baseURL: url, model: "missing" }).validateConfiguration();
    expect(error).toMatch(/no such model.*`missing` does not exist.*pulling it first/);
  });
});

describe("prefixesOf", () => {
  const nomic = { query: "search_query: ", document: "search_document: " };
  const e5 = { query: "query: ", document: "passage: " };
  test.each([
    ["nomic-embed-text", nomic],
    ["nomic-embed-text:v1.5", nomic],
    ["nomic-ai/nomic-embed-text-v2-moe", nomic],
    ["intfloat/multilingual-e5-large", e5],
    ["e5-small-v2", e5],
    ["intfloat/multilingual-e5-large-instruct", undefined],
    ["intfloat/e5-mistral-7b-instruct", undefined],
    ["embeddinggemma:300m", { query: "task: search result | query: ", document: "title: none | text: " }],
    ["google/gemini-embedding-2", undefined],
    ["snowflake-arctic-embed2", { query: "query: ", document: "" }],
    ["text-embedding-3-small", undefined],
    ["bge-m3", undefined],
  ])("knows what %s was trained with", (model, expected) => {
    const found = prefixesOf(model);
    expect(found && { query: found.query, document: found.document }).toEqual(expected);
  });

  test("lets the user's own win, one by one", () => {
    expect(prefixesOf("nomic-embed-text", { queryPrefix: "q: " })).toEqual({ ...nomic, query: "q: " });
    expect(prefixesOf("mine", { documentPrefix: "d: " })).toEqual({ query: "", document: "d: " });
    expect(prefixesOf("nomic-embed-text", { queryPrefix: "", documentPrefix: "" })).toBeUndefined();
  });

  test("puts a prefix before the texts of its purpose only; bounds are of the texts as given", async () => {
    const { url, requests } = await start({ models: { "nomic-embed-text": 8 } });
    const config = { provider: "openai-compatible", baseURL: url, model: "nomic-embed-text", maxBytesPerRequest: 2 };
    const embedder = create(config);
    await embedder.createEmbeddings(["a", "b"], undefined, { purpose: "document" });
    await embedder.createEmbeddings(["a", "b"], undefined, { purpose: "query" });
    await embedder.createEmbeddings(["a", "b"]);
    await embedder.createEmbeddings(["a", "bc"], undefined, { purpose: "query" });
    expect(requests.map(({ texts }) => texts)).toEqual([
      ["search_document: a", "search_document: b"],
      ["search_query: a", "search_query: b"],
      ["a", "b"],
      ["search_query: a"],
      ["search_query: bc"],
    ]);
  });
});
