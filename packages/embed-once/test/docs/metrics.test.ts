import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterAll, expect, test } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { registerCacheMetrics, registerEmbedderMetrics, registerLifetimeMetrics } from "../../src/prometheus/index.ts";
import { FakeEmbedder } from "../embedder/fake-embedder.ts";
import { read } from "./markdown.ts";

const directory = mkdtempSync(join(tmpdir(), "embed-once-metrics-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("docs/monitoring.md names every metric, and no other", async () => {
  await using embedder = cacheEmbedder(new FakeEmbedder(), { directory });
  await using cache = await openCache({ directory });
  const registry = new Registry();
  registerEmbedderMetrics(registry, embedder);
  registerCacheMetrics(registry, cache);
  registerLifetimeMetrics(registry, cache);
  const metrics = registry.getMetricsAsArray().map(({ name }) => name);
  const named = read("docs/monitoring.md").matchAll(/`(embed_once_[a-z0-9_]+)(?:\{[a-z,]+\})?`/g);
  const documented = [...named].map(([, name]) => name!);
  expect(documented.filter((name) => !metrics.includes(name))).toEqual([]);
  // Those of the lifetime are named by their family.
  const own = metrics.filter((name) => !name.startsWith("embed_once_lifetime_"));
  expect(own.filter((name) => !documented.includes(name))).toEqual([]);
});
