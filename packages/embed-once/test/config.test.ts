import { describe, expect, test } from "vitest";
import { resolveConfig } from "../src/config.ts";
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
