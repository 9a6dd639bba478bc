import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/errors.ts";
import { nearestName } from "../../src/provider/nearest-name.ts";
import type { ProviderConfig } from "../../src/provider/provider-config.ts";
import { createProviderEmbedder, providerNames, providers } from "../../src/provider/registry.ts";

const create = (config: unknown, env: Record<string, string> = {}) =>
  createProviderEmbedder(config as ProviderConfig, env);

const KEY = "sk-secret-0123456789";

describe("createProviderEmbedder", () => {
  test("makes every provider that it lists", () => {
    const enough: Record<string, Omit<ProviderConfig, "provider">> = {
      "openai-compatible": { baseURL: "http://localhost:1234/v1", model: "m" },
      "azure-openai": { baseURL: "https://resource.openai.azure.com" },
      bedrock: { region: "us-east-1" },
    };
    for (const provider of providerNames()) {
      const variable = providers.get(provider)!.keyVariables[0];
      const env = variable === undefined ? {} : { [variable]: KEY };
      expect(create({ provider, ...enough[provider] }, env).identity.provider).toBe(provider);
      expect(providers.get(provider)!.description).not.toBe("");
    }
  });

  test("makes openai with OpenAI's defaults and its key from the environment", () => {
    expect(create({ provider: "openai" }, { OPENAI_API_KEY: KEY }).identity).toEqual({
      provider: "openai",
      model: "text-embedding-3-small",
      endpoint: "https://api.openai.com/v1",
      wireEncoding: "base64",
      purposes: "same",
    });
  });

  test("takes the address of openai from OPENAI_BASE_URL, and the option before it", () => {
    const env = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: "https://proxy.example/v1/" };
    expect(create({ provider: "openai" }, env).identity.endpoint).toBe("https://proxy.example/v1");
    expect(create({ provider: "openai", baseURL: "https://other.example" }, env).identity.endpoint).toBe(
      "https://other.example",
    );
  });

  test("refuses an unknown provider with the known ones and the nearest", () => {
    expect(() => create({ provider: "OpenAi-compatibel" })).toThrow(ConfigurationError);
    expect(() => create({ provider: "OpenAi-compatibel" })).toThrow(
      /"OpenAi-compatibel"\. Did you mean "openai-compatible"\? .*local, openai, .*openai-compatible/,
    );
    expect(() => create({ provider: "zzz" })).toThrow(/Unknown provider "zzz"\. Known providers: local/);
  });

  test.each(["", "   "])("says in one line where a missing key belongs (environment %j)", (value) => {
    expect(() => create({ provider: "openai" }, { OPENAI_API_KEY: value })).toThrow(
      /^The provider "openai" needs a key: set the environment variable OPENAI_API_KEY, or the option apiKey\.$/,
    );
  });

  test("loads no HTTP client and opens nothing before the first request", () => {
    const registry = new URL("../../src/provider/registry.ts", import.meta.url).href;
    const script = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      const { createProviderEmbedder } = await import(${JSON.stringify(registry)});
      const embedder = createProviderEmbedder({ provider: "openai", apiKey: "k", baseURL: "http://127.0.0.1:1/v1" }, {});
      const before = loaded.some((url) => url.includes("/ky/"));
      const open = process.getActiveResourcesInfo().filter((name) => name !== "CloseReq" && !/Pipe|TTY/.test(name));
      await embedder.validateConfiguration();
      console.log(JSON.stringify({ before, after: loaded.some((url) => url.includes("/ky/")), open }));`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual({ before: false, after: true, open: [] });
  });

  test("takes no key from an environment that it was not given", () => {
    process.env.OPENAI_API_KEY = KEY;
    try {
      expect(() => create({ provider: "openai" })).toThrow(/needs a key/);
    } finally {
      delete process.env.OPENAI_API_KEY;
    }
  });

  test("refuses an unknown option with the one that was probably meant", () => {
    expect(() => create({ provider: "openai", apikey: KEY })).toThrow(
      /Unknown option "apikey"\. Did you mean "apiKey"\?/,
    );
    expect(() => create({ provider: "openai", base_url: "x" })).toThrow(/Did you mean "baseURL"\?/);
    expect(() => create({ provider: "openai", somethingElse: 1 })).toThrow(
      /Unknown option "somethingElse" ?\.? ?Known/,
    );
  });

  test("refuses an option that the provider does not have", () => {
    expect(() => create({ provider: "local", apiKey: KEY })).toThrow(
      /"local" has no option "apiKey". It takes: model, dimensions/,
    );
    expect(create({ provider: "local", apiKey: undefined }).identity.provider).toBe("local");
  });

  test.each([
    [{ dimensions: "512" }, /"dimensions": expected a whole number of at least 1, got '512'/],
    [{ dimensions: 0 }, /"dimensions": expected a whole number of at least 1, got 0/],
    [{ dimensions: 1.5 }, /"dimensions": .*got 1.5/],
    [{ model: "" }, /"model": expected a string that is not empty/],
    [{ encoding: "hex" }, /"encoding": expected "base64" or "float", got 'hex'/],
    [{ timeoutMs: 2 ** 31 }, /"timeoutMs": expected at most 2147483647/],
    [{ maxRetries: -1 }, /"maxRetries": expected a whole number from 0 to 100, got -1/],
    [{ headers: { "x-a": 7 } }, /"headers.x-a": expected a string, got number/],
    [{ fetch: "fetch" }, /"fetch": expected a function/],
    [{ baseURL: "localhost:1234" }, /http:\/\/ or https:\/\//],
    [{ baseURL: "file:///etc" }, /http:\/\/ or https:\/\//],
    [{ baseURL: "http://h/v1?key=secret-1" }, /query or a fragment/],
    [{ baseURL: "http://me:100%@h/v1" }, /percent-encoded: write % as %25/],
    [{ apiKey: "two words" }, /apiKey holds a blank/],
    [{ apiKey: KEY, baseURL: "http://me:pass@h/v1" }, /credentials in baseURL and an apiKey/],
    [{ headers: { "bad name": "v" } }, /header "bad name"/],
  ])("refuses %j with what came and what was expected", (options, message) => {
    const config = { provider: "openai-compatible", model: "m", baseURL: "http://localhost/v1", ...options };
    expect(() => create(config)).toThrow(ConfigurationError);
    expect(() => create(config)).toThrow(message);
  });

  test.each([null, undefined, 7, [], "local", {}, { provider: 7 }])("refuses %j as a configuration", (config) => {
    expect(() => create(config)).toThrow(ConfigurationError);
  });

  test("says what openai-compatible cannot do without", () => {
    expect(() => create({ provider: "openai-compatible", model: "m" })).toThrow(/needs the option baseURL/);
    expect(() => create({ provider: "openai-compatible", baseURL: "http://h" })).toThrow(/needs the option model/);
  });

  test("repeats no secret when it refuses", () => {
    for (const wrong of [
      { apiKey: `${KEY} ${KEY}` },
      { apiKey: `${KEY}\u20ac` },
      { apiKey: [KEY] },
      { baseURL: `ftp://user:${KEY}@host` },
      { baseURL: `http://host?key=${KEY}` },
      { headers: { authorization: [KEY] } },
      { headers: { authorization: `${KEY}\u0000` } },
    ]) {
      let message = "";
      try {
        create({ provider: "openai-compatible", model: "m", baseURL: "http://localhost/v1", ...wrong });
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/^ConfigurationError/);
      expect(message).not.toContain(KEY);
    }
  });
});

describe("identity of an OpenAI-compatible embedder", () => {
  const identity = (options: Partial<ProviderConfig>) =>
    create({ provider: "openai-compatible", model: "m", baseURL: "http://localhost/v1", ...options }).identity;

  test.each([
    ["http://LOCALHOST:80/v1/", "http://localhost/v1"],
    ["https://host:443", "https://host"],
    ["http://host:8080/a/v1///", "http://host:8080/a/v1"],
    ["http://host/v1/embeddings", "http://host/v1"],
    [" http://host/v1 ", "http://host/v1"],
    ["http://user:pass@host/v1", "http://host/v1"],
  ])("has the address %j as %j", (baseURL, endpoint) => {
    expect(identity({ baseURL }).endpoint).toBe(endpoint);
  });

  test("has the dimensions that were asked for, as the server's models are unknown", () => {
    expect(identity({}).dimensions).toBeUndefined();
    expect(identity({ dimensions: 1536 }).dimensions).toBe(1536);
  });

  test("is the same for a known model's own dimensions left out and asked for", () => {
    const openai = (dimensions?: number) => create({ provider: "openai", apiKey: KEY, dimensions });
    expect(openai(1536).identity).toEqual(openai().identity);
    expect(openai(512).identity.dimensions).toBe(512);
    // 1536 was small's own number: another model of the same embedder gives its own number too.
    expect(openai(1536).identityOf("text-embedding-3-large").dimensions).toBeUndefined();
    expect(openai().identityOf(undefined, { dimensions: 1536 })).toEqual(openai().identity);
  });

  test("refuses dimensions that a known model cannot have with a RangeError", () => {
    expect(() => create({ provider: "openai", apiKey: KEY, dimensions: 1537 })).toThrow(RangeError);
    const ada = { provider: "openai", apiKey: KEY, model: "text-embedding-ada-002", dimensions: 512 };
    expect(() => create(ada)).toThrow(/"text-embedding-ada-002" makes 1536 only/);
  });
});

describe("nearestName", () => {
  test.each([
    ["lcoal", "local"],
    ["OPENAI", "openai"],
    ["open-ai", "openai"],
    ["openai_compat", "openai-compatible"],
    ["q", undefined],
    ["", undefined],
    ["x".repeat(1_000_000), undefined],
  ])("finds for %.20j", (name, expected) => {
    expect(nearestName(name, ["local", "openai", "openai-compatible"])).toBe(expected);
  });
});
