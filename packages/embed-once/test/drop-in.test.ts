import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// The one import that a code-index project changes.
import { CodeIndexServiceFactory, OptimizedEmbedderWrapper } from "embed-once/code-index";
import { startProviderServer } from "embed-once/testing";
import { expect, test } from "vitest";

/** As Roo Code's configuration manager gives it, with the fields that do not concern the embedder. */
function configManager(apiKey: string, baseUrl: string) {
  return {
    getConfig: () => ({
      isConfigured: true,
      embedderProvider: "openai-compatible" as const,
      modelId: "text-embedding-3-small",
      modelDimension: undefined,
      openAiOptions: { openAiNativeApiKey: "" },
      ollamaOptions: { ollamaBaseUrl: undefined },
      openAiCompatibleOptions: { baseUrl, apiKey },
      geminiOptions: undefined,
      qdrantUrl: "http://localhost:6333",
      qdrantApiKey: "",
      searchMinScore: 0.4,
      searchMaxResults: 50,
    }),
  };
}

test("a code-index project changes one import and pays each text once, over restarts", async () => {
  const workspacePath = mkdtempSync(join(tmpdir(), "embed-once-drop-in-"));
  const server = await startProviderServer({ apiKey: "sk-test" });
  const cacheManager = { getHash: () => undefined };
  const texts = [
    "function add(a, b) {\n  return a + b;\n}",
    "class Stack {}",
    "function add(a, b) {\n  return a + b;\n}",
  ];
  const reports: string[] = [];
  const answers: number[][][] = [];

  for (let start = 0; start < 2; start++) {
    const factory = new CodeIndexServiceFactory(configManager("sk-test", server.url), workspacePath, cacheManager, {
      cacheIn: "workspace",
    });
    const embedder = factory.createEmbedder();
    expect(await factory.validateEmbedder(embedder)).toEqual({ valid: true });
    const { embeddings, usage } = await embedder.createEmbeddings(texts, "text-embedding-3-small");
    expect(usage).toEqual(start === 0 ? { promptTokens: 14, totalTokens: 14 } : { promptTokens: 0, totalTokens: 0 });
    answers.push(embeddings);
    if (embedder instanceof OptimizedEmbedderWrapper) embedder.printStatsReport((report) => reports.push(report));
    await embedder.close();
  }

  expect(answers[1]).toEqual(answers[0]);
  expect(answers[0]!.map(({ length }) => length)).toEqual([1536, 1536, 1536]);
  expect(server.textsEmbedded(texts[0])).toBe(1);
  expect(server.textsEmbedded(texts[1])).toBe(1);
  expect(reports[0]).toMatch(/texts asked for {3}3\n.*\n.*\n {2}shared requests {3}1\n {2}embedded {10}2\n/);
  expect(reports[1]).toMatch(/from disk {9}2\n/);
  expect(reports[1]).toMatch(/requests {10}0 made, 1 saved\n {2}tokens sent {7}0/);
  expect(existsSync(join(workspacePath, ".embeddings_cache"))).toBe(true);

  await server.close();
  rmSync(workspacePath, { recursive: true });
});
