import { describe, test } from "vitest";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import { embedderSuite } from "../../src/testing/embedder-suite.ts";
import { maxTextBytesOf, nameOf, SERVED_CASES, serve } from "./served-cases.ts";

describe("local", () => {
  embedderSuite(test, async () => ({ embedder: createProviderEmbedder({ provider: "local" }, {}) }));
});

for (const served of SERVED_CASES) {
  describe(`${nameOf(served)}, over HTTP`, () => {
    embedderSuite(test, async () => {
      const { server, embedder } = await serve(served);
      return {
        embedder,
        requestCount: () => server.requests.length,
        sentTexts: () => server.requests.flatMap(({ texts }) => texts),
        maxTextBytes: maxTextBytesOf(served),
        close: server.close,
      };
    });
  });
}
