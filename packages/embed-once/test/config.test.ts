import { describe, expect, test } from "vitest";
import { describeOption, parseConfigurationFile, resolveConfig } from "../src/config.ts";
import { createEmbedder, createServices } from "../src/service-factory.ts";

describe("the configuration", () => {
  test("argument wins over environment, environment over default", () => {
    expect(resolveConfig({}, {})).toMatchObject({ provider: { provider: "local" }, providerReason: "by default" });
    const env = {
      EMBED_ONCE_PROVIDER: "openai",
      EMBED_ONCE_MODEL: "m",
      EMBED_ONCE_DIMENSIONS: "256",
      EMBED_ONCE_CACHE_DIR: "/c",
    };
    expect(resolveConfig({}, env)).toEqual({
      provider: { provider: "openai", model: "m", dimensions: 256 },
      cache: { directory: "/c" },
      providerReason: "EMBED_ONCE_PROVIDER",
      sources: {
        provider: "EMBED_ONCE_PROVIDER",
        model: "EMBED_ONCE_MODEL",
        dimensions: "EMBED_ONCE_DIMENSIONS",
        directory: "EMBED_ONCE_CACHE_DIR",
      },
    });
    expect(resolveConfig({ model: "own", directory: "/d" }, env)).toMatchObject({
      provider: { provider: "openai", model: "own" },
      cache: { directory: "/d" },
    });
  });

  test("the environment's model is not handed to another provider than the environment's", () => {
    const env = { EMBED_ONCE_PROVIDER: "openai", EMBED_ONCE_MODEL: "text-embedding-3-small" };
    expect(resolveConfig({ provider: "local" }, env)).toEqual({
      provider: { provider: "local" },
      cache: {},
      providerReason: "as asked",
      sources: { provider: "as asked" },
    });
  });

  test.each([
    [{ modle: "m" }, /unknown option "modle"; did you mean "model"\?/],
    [{ hotByte: 1 }, /unknown option "hotByte"; did you mean "hotBytes"\?/],
    [{ provider: "local", hotBytes: -1 }, /hotBytes .* got -1/],
    [{ provider: "local", mode: "offlien" }, /mode must be one of .* got "offlien"/],
    [{ provider: "local", baseURL: "http://localhost" }, /"local" has no option "baseURL"/],
  ])("refuses %j with what came and what was expected", (config, message) => {
    expect(() => createEmbedder(config as object, {})).toThrow(message);
  });

  test("an undefined option is as good as none", () => {
    expect(resolveConfig({ model: undefined, directory: undefined }, {})).toMatchObject({ cache: {} });
  });
});

const PATH = "/project/embed-once.config.json";
const file = (options: object, named = false) => parseConfigurationFile(PATH, JSON.stringify(options), named);

describe("a configuration file", () => {
  test("argument wins over environment, environment over file, file over default, and each says where it came from", () => {
    const options = { provider: "openai", model: "of the file", dimensions: 64, mode: "read-only", revision: "f" };
    const env = { EMBED_ONCE_MODEL: "of the environment", EMBED_ONCE_REVISION: "e" };
    expect(resolveConfig({ revision: "a" }, env, file(options))).toEqual({
      provider: { provider: "openai", model: "of the environment", dimensions: 64 },
      cache: { mode: "read-only", revision: "a" },
      providerReason: PATH,
      sources: {
        provider: PATH,
        model: "EMBED_ONCE_MODEL",
        dimensions: PATH,
        mode: PATH,
        revision: "as asked",
      },
    });
  });

  test("its provider's options are not handed to another provider", () => {
    const options = { provider: "ollama", model: "m", baseURL: "http://localhost:1", mode: "offline" };
    expect(resolveConfig({}, { EMBED_ONCE_PROVIDER: "openai" }, file(options))).toMatchObject({
      provider: { provider: "openai" },
      cache: { mode: "offline" },
      sources: { provider: "EMBED_ONCE_PROVIDER", mode: PATH },
    });
  });

  test('may say "auto", which takes the provider whose key is set', () => {
    const { provider, providerReason } = resolveConfig({}, { VOYAGE_API_KEY: "k" }, file({ provider: "auto" }));
    expect({ provider, providerReason }).toEqual({
      provider: { provider: "voyage" },
      providerReason: "VOYAGE_API_KEY is set",
    });
  });

  test('offline and without a key, "auto" cannot tell whose vectors are meant', () => {
    const config = { provider: "auto", mode: "offline" } as const;
    expect(() => resolveConfig(config, {})).toThrow(
      /"auto" is the one whose key is set, and none is.*name the provider/,
    );
    expect(resolveConfig(config, { VOYAGE_API_KEY: "k" }).provider.provider).toBe("voyage");
    expect(resolveConfig({ provider: "auto" }, {}).provider.provider).toBe("local");
  });

  test.each([
    ["{ oops", /^\/project\/embed-once\.config\.json: this is no JSON \(line 1 column 3\)$/],
    ['{ "apiKey": sk-secret }', /this is no JSON( \(.*\))?$/],
    ["[]", /expected an object of options/],
    ["null", /expected an object of options/],
    ['{ "modle": "m" }', /unknown option "modle"; did you mean "model"\?/],
    ['{ "__proto__": { "provider": "openai" } }', /unknown option "__proto__"/],
    ['{ "dimensions": "many" }', /embed-once\.config\.json: Option "dimensions": .*, got 'many'/],
    ['{ "mode": "offlien" }', /embed-once\.config\.json: mode must be one of .* got "offlien"/],
    ['{ "region": "s3" }', /Option "region": expected a region such as "us-east-1"/],
  ])("refuses %s with the path and what was expected", (text, message) => {
    expect(() => parseConfigurationFile(PATH, text, false)).toThrow(message);
    expect(() => parseConfigurationFile(PATH, text, true)).toThrow(message);
    expect(() => parseConfigurationFile(PATH, text, false)).not.toThrow(/secret/);
  });

  test("starts with a byte order mark, where an editor put one", () => {
    expect(parseConfigurationFile(PATH, '\ufeff{ "model": "m" }', false).options).toEqual({ model: "m" });
  });
});

describe("a file that may be somebody else's", () => {
  test.each(["apiKey", "headers", "awsCredentials"])("holds no %s, not even where it was named", (option) => {
    for (const named of [false, true]) {
      const parse = () => file({ [option]: { authorization: "Bearer sk-secret" } }, named);
      expect(parse).toThrow(`the option "${option}" may hold a secret and does not belong in a file`);
      expect(parse).not.toThrow(/sk-secret/);
    }
    expect(() => file({ baseURL: "http://me:sk-secret@localhost" }, true)).toThrow(/holds credentials/);
  });

  test.each(["onNotice", "onEvent", "fetch"])("holds no code: %s", (option) => {
    expect(() => file({ [option]: "process.exit()" }, true)).toThrow(/is a function/);
  });

  test.each([
    ["directory", "../../.ssh"],
    ["hotBytes", 1e12],
    ["compressedBytes", 1e12],
    ["diskBytes", 1],
    ["ttlMs", 1],
    ["durability", "sync"],
    ["modelAlias", "the model of another project"],
  ])("does not touch what other projects share: %s", (option, value) => {
    expect(() => file({ [option]: value })).toThrow(
      `${PATH}: the option "${option}" is not taken from a file that was found`,
    );
    expect(file({ [option]: value }, true).named).toBe(true);
  });

  const hostile = [
    "https://evil.example/v1",
    "http://localhost.evil.example/v1",
    "http://127.0.0.1.evil.example/v1",
    "http://127.0.0.1@evil.example/v1",
    "http://10.0.0.1/v1",
    "http:evil.example",
    "ht\ntp://localhost",
    "evil.example:11434",
    "file:///etc/passwd",
  ];
  test.each(hostile.flatMap((baseURL) => [["openai", baseURL] as const, ["ollama", baseURL] as const]))(
    "%s does not send texts and keys to %j",
    (provider, baseURL) => {
      const requests: unknown[] = [];
      const fetch = async (...request: unknown[]) => {
        requests.push(request);
        return new Response();
      };
      const env = { OPENAI_API_KEY: "sk-secret", OLLAMA_API_KEY: "sk-secret" };
      const make = () => createEmbedder({ fetch }, env, file({ provider, baseURL }));
      expect(make).toThrow(/credentials|sends texts and keys to .*EMBED_ONCE_BASE_URL or --base-url.*--config/);
      expect(make).not.toThrow(/sk-secret/);
      expect(requests).toEqual([]);
    },
  );

  test.each(["http://localhost:11434", "http://127.0.0.1:8000/v1", "http://127.1/v1", "http://[::1]:8000/v1"])(
    "may name a server on this machine: %s",
    (baseURL) => {
      const { provider } = resolveConfig({}, { OPENAI_API_KEY: "k" }, file({ provider: "openai", baseURL }));
      expect(provider.baseURL).toBe(baseURL);
    },
  );

  test("may name any server that its user names as well, or where its user named the file", () => {
    const options = { provider: "openai", baseURL: "https://proxy.example/v1" };
    const env = { EMBED_ONCE_BASE_URL: options.baseURL };
    expect(resolveConfig({}, env, file(options)).sources.baseURL).toBe("EMBED_ONCE_BASE_URL");
    expect(resolveConfig({ baseURL: options.baseURL }, {}, file(options)).sources.baseURL).toBe("as asked");
    expect(resolveConfig({}, {}, file(options, true)).provider.baseURL).toBe(options.baseURL);
  });
});

describe("an option for people", () => {
  test("shows no secret", () => {
    expect(describeOption("apiKey", "sk-secret")).toBe("[redacted]");
    expect(describeOption("headers", { authorization: "sk-secret" })).toBe("[redacted]");
    expect(describeOption("awsCredentials", { secretAccessKey: "sk-secret" })).toBe("[redacted]");
    expect(describeOption("baseURL", "https://me:sk-secret@host/v1")).toBe("https://host/v1");
    expect(describeOption("baseURL", "https://host/?key=sk-secret")).toBe("[redacted]");
    expect(describeOption("model", "m")).toBe("m");
    expect(describeOption("dimensions", 64)).toBe("64");
  });
});

describe("the service factory", () => {
  test("whatever the provider, the embedder is wrapped, and its base can be had", () => {
    const { embedder } = createServices(
      { provider: "openai", baseURL: "http://127.0.0.1:9/v1" },
      { OPENAI_API_KEY: "k" },
    );
    expect(embedder.identity).toMatchObject({ provider: "openai", model: "text-embedding-3-small" });
    expect(embedder.unwrap()).not.toBe(embedder);
    expect(embedder.statistics()).toMatchObject({ textsAsked: 0 });
  });
});
