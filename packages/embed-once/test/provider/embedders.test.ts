import { describe, test } from "vitest";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import { embedderSuite } from "../../src/testing/embedder-suite.ts";
import { startProviderServer } from "../../src/testing/provider-server.ts";

describe("local", () => {
  embedderSuite(test, async () => ({ embedder: createProviderEmbedder({ provider: "local" }, {}) }));
});

for (const provider of ["openai", "openai-compatible"]) {
  for (const encoding of ["base64", "float"] as const) {
    describe(`${provider} with ${encoding}, over HTTP`, () => {
      embedderSuite(test, async () => {
        const server = await startProviderServer({ apiKey: "sk-suite" });
        const embedder = createProviderEmbedder(
          { provider, model: "text-embedding-3-small", baseURL: server.url, apiKey: "sk-suite", encoding },
          {},
        );
        return {
          embedder,
          requestCount: () => server.requests.length,
          sentTexts: () => server.requests.flatMap(({ body }) => body.input as string[]),
          close: server.close,
        };
      });
    });
  }
}
