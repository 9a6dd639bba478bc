import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";

interface Manifest {
  exports: Record<string, string | Record<string, string>>;
}

/** The public surface, as a list: a name that comes or goes is a decision, not an accident. */
const SURFACE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "embed-once": {
    ".": [
      "ConfigurationError",
      "CorruptRecordError",
      "EmbeddingResponseError",
      "EmbeddingsFailedError",
      "LocalEmbedder",
      "OfflineMissError",
      "ProviderError",
      "UnsupportedRecordError",
      "cacheEmbedder",
      "contentKey",
      "contentKeys",
      "createEmbedder",
      "createOpenAICompatible",
      "createServices",
      "defaultCacheDirectory",
      "loadConfiguration",
      "loadConfigurationFile",
      "openCache",
    ],
    "./codec": [
      "CorruptRecordError",
      "MAX_DIMENSIONS",
      "UnsupportedRecordError",
      "decodeInto",
      "decodeVector",
      "encodeVector",
      "inspectVectors",
      "labelOf",
      "recordInfo",
      "vectorCodec",
    ],
    "./kernels": ["SEGMENT_ROWS", "Sketches", "dotProducts"],
    "./ai-sdk": ["cacheAiSdk", "fromAiSdk", "toAiSdk"],
    "./code-index": [
      "CodeIndexServiceFactory",
      "OptimizedEmbedderWrapper",
      "WORKSPACE_CACHE",
      "cacheServiceFactory",
      "fromCodeIndexEmbedder",
    ],
    "./langchain": ["cacheLangChain", "fromLangChain", "toLangChain"],
    "./openai": ["cacheOpenAI"],
    "./prometheus": ["registerCacheMetrics", "registerEmbedderMetrics", "registerLifetimeMetrics"],
    "./testing": ["codecSuite", "embedderSuite", "startProviderServer", "tierSuite"],
  },
  "embed-once-search": {
    ".": ["SemanticSearchEngine", "chunkSource", "chunkText", "languageOf", "prepareToChunk"],
    "./commands": ["formatResults", "runIndex", "runMcp", "runRemove", "runSearch", "runStatus", "runWatch"],
  },
};

describe.each(Object.keys(SURFACE))("the package %s", (name) => {
  const folder = join(import.meta.dirname, "../..", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const entries = Object.entries(manifest.exports).filter(([subpath]) => subpath !== "./package.json");

  test("exports exactly the listed subpaths", () => {
    expect(entries.map(([subpath]) => subpath)).toEqual(Object.keys(SURFACE[name]!));
  });

  test.each(entries)("%s exports exactly the listed names, from the source and as built", async (subpath, target) => {
    const conditions = target as Record<string, string>;
    expect(Object.keys(conditions)).toEqual(["embed-once-source", "types", "default"]);
    for (const condition of ["embed-once-source", "default"]) {
      const module = (await import(pathToFileURL(join(folder, conditions[condition]!)).href)) as object;
      expect(Object.keys(module).sort(), condition).toEqual(SURFACE[name]![subpath]);
    }
    expect(existsSync(join(folder, conditions.types!))).toBe(true);
  });
});
