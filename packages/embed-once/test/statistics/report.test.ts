import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { createEmbedder } from "../../src/service-factory.ts";
import { formatTable } from "../../src/statistics/format.ts";
import { startProviderServer } from "../../src/testing/provider-server.ts";
import { FakeEmbedder } from "../embedder/fake-embedder.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("an embedder's report", () => {
  test("has texts, requests, tokens, tiers and what was stored, and says what is not known", async () => {
    await using embedder = cacheEmbedder(new FakeEmbedder(), { directory: join(folder, "all") });
    await embedder.createEmbeddings(["one", "two", "one"]);
    await embedder.createEmbeddings(["one", "two"]);
    const report = embedder.report();
    expect(report).toContain(
      "fake: 5 texts asked, 2 from the cache (40.0 %), 1 shared with another request, 2 missed\n",
    );
    expect(report).toContain("2 embeddings made in 1 request (0 failed, 0 retried); 1 request saved\n");
    expect(report).toContain("Tokens: 6 sent (price not known), about 9 saved (price not known)\n");
    expect(report).toContain("small: price not known\n");
    // Each miss is looked up again once its lease is had: another process may have stored it.
    expect(report).toContain("Cache: 6 lookups, 2 found (33.3 %)\n");
    expect(report).toMatch(/^L2 +2 +4 +0 .* of 5\.0 MB$/m);
    expect(report).toMatch(/^small +2 +256 bytes +128 bytes +\d+ bytes +\d\.\d\d × +\d\.\d\d ×$/m);
    expect(report).not.toContain("Without");
  });

  test("says what the cache has to go without", async () => {
    const directory = join(folder, "in-the-way");
    writeFileSync(directory, "");
    await using embedder = cacheEmbedder(new FakeEmbedder(), { directory, onNotice: () => {} });
    await embedder.createEmbeddings(["one"]);
    expect(embedder.report()).toMatch(/^L3 .* unavailable$/m);
    expect(embedder.report()).toMatch(/^Without: vectors are kept in memory only: /m);
  });
});

describe("a price", () => {
  test("of nothing is told as that, without a source", async () => {
    await using embedder = createEmbedder({ diskBytes: 0 }, {});
    await embedder.createEmbeddings(["one"]);
    expect(embedder.report()).toContain("hashed-features-v1: free\n");
  });

  test("is told with where and when it was read, or that the user set it", async () => {
    const server = await startProviderServer({ apiKey: "sk-test" });
    const config = { provider: "openai", apiKey: "sk-test", baseURL: server.url } as const;
    await using listed = createEmbedder({ ...config, directory: join(folder, "listed") });
    await listed.createEmbeddings(["one"]);
    const { "text-embedding-3-small": small } = listed.statistics().models;
    expect(small).toMatchObject({ pricePerMillionTokens: 0.02, priceSource: expect.stringMatching(/openai.*20\d\d/) });
    expect(listed.report()).toContain(`$0.02 for a million tokens (${small!.priceSource})`);
    await using own = createEmbedder({ ...config, directory: join(folder, "own"), pricePerMillionTokens: 5 });
    await own.createEmbeddings(["one"]);
    expect(own.statistics().models["text-embedding-3-small"]).toMatchObject({
      pricePerMillionTokens: 5,
      priceSource: "set by the user",
    });
    await server.close();
  });
});

test("a table has columns as wide as their longest cell", () => {
  expect(
    formatTable([
      ["", "hits"],
      ["L1", "7"],
      ["longer", "12,345"],
    ]),
  ).toEqual(["          hits", "L1           7", "longer  12,345"]);
});
