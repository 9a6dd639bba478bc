import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Registry } from "prom-client";
import { afterAll, describe, expect, test } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { registerCacheMetrics, registerEmbedderMetrics, registerLifetimeMetrics } from "../../src/prometheus/index.ts";
import { FakeEmbedder } from "../embedder/fake-embedder.ts";

const root = join(import.meta.dirname, "../../../..");
const text = readFileSync(join(root, "docs/monitoring.md"), "utf8");
const samples = text.split("\n## ").flatMap((section) => {
  const [, code, output] = /```js\n(.*?)```\n\n```text\n(.*?)```/s.exec(section) ?? [];
  return code === undefined ? [] : [{ name: section.split("\n", 1)[0]!, code, output: output! }];
});

// Within the checkout, so that the packages are found.
const modules = join(root, "node_modules/.cache");
mkdirSync(modules, { recursive: true });
const folder = mkdtempSync(join(modules, "embed-once-monitoring-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("docs/monitoring.md", () => {
  test("has three samples, and all are found", () => {
    expect(samples.map(({ name }) => name)).toEqual([
      "Figures: `statistics()` and `report()`",
      "Prometheus: `embed-once/prometheus`",
      "Any other system: `node:diagnostics_channel`",
    ]);
    expect(text.match(/```js\n/g)).toHaveLength(samples.length);
  });

  test.each(samples)("$name: the sample prints what it says", async ({ code, output }) => {
    const home = mkdtempSync(join(folder, "home-"));
    const script = join(home, "sample.mjs");
    writeFileSync(script, code);
    const env = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: home, LOCALAPPDATA: home };
    const args = ["--conditions=embed-once-source", script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: home });
    expect(stdout).toBe(output);
  });

  test("names every metric, and no other", async () => {
    await using embedder = cacheEmbedder(new FakeEmbedder(), { directory: join(folder, "cache") });
    await using cache = await openCache({ directory: join(folder, "cache") });
    const registry = new Registry();
    registerEmbedderMetrics(registry, embedder);
    registerCacheMetrics(registry, cache);
    registerLifetimeMetrics(registry, cache);
    const metrics = registry.getMetricsAsArray().map(({ name }) => name);
    const documented = [...text.matchAll(/`(embed_once_[a-z0-9_]+)(?:\{[a-z,]+\})?`/g)].map(([, name]) => name!);
    expect(documented.filter((name) => !metrics.includes(name))).toEqual([]);
    // Those of the lifetime are named by their family.
    const own = metrics.filter((name) => !name.startsWith("embed_once_lifetime_"));
    expect(own.filter((name) => !documented.includes(name))).toEqual([]);
  });
});
