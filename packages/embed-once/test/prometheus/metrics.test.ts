import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Counter, Registry } from "prom-client";
import { afterAll, describe, expect, test } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { registerCacheMetrics, registerEmbedderMetrics, registerLifetimeMetrics } from "../../src/prometheus/index.ts";
import { FakeEmbedder } from "../embedder/fake-embedder.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-prometheus-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

/** The value of a sample, by its name and labels as they are written. */
function sample(text: string, series: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

async function used(options: { pricePerMillionTokens?: number } = {}) {
  const directory = join(folder, String(count++));
  const embedder = cacheEmbedder(new FakeEmbedder(), { directory, ...options });
  await embedder.createEmbeddings(["one", "two", "one"]);
  for (let i = 0; i < 200; i++) await embedder.createEmbeddings(["two"]);
  return { embedder, cache: await embedder.cache() };
}

describe("metrics in a registry of prom-client", () => {
  test("are the figures at the time of the scrape, beside the registry's others", async () => {
    const { embedder, cache } = await used({ pricePerMillionTokens: 2 });
    const registry = new Registry();
    new Counter({ name: "own_total", help: "The user's own.", registers: [registry] }).inc(3);
    registerEmbedderMetrics(registry, embedder);
    registerCacheMetrics(registry, cache);
    let text = await registry.metrics();
    const { hits, dollarsSent } = embedder.statistics();
    expect(sample(text, "own_total")).toBe(3);
    expect(sample(text, 'embed_once_texts_total{model="small",outcome="shared"}')).toBe(1);
    expect(sample(text, 'embed_once_texts_total{model="small",outcome="missed"}')).toBe(2);
    expect(sample(text, 'embed_once_texts_total{model="small",outcome="L1"}')).toBe(hits.L1);
    expect(sample(text, 'embed_once_tokens_sent_total{model="small"}')).toBe(6);
    expect(sample(text, 'embed_once_spent_dollars_total{model="small"}')).toBe(dollarsSent);
    expect(sample(text, 'embed_once_cache_lookups_total{outcome="L1"}')).toBe(hits.L1);
    expect(sample(text, 'embed_once_cache_tier_entries{tier="L3"}')).toBe(2);
    expect(sample(text, 'embed_once_cache_stored_float32_bytes_total{model="small"}')).toBe(2 * 16 * 4);
    await embedder.createEmbeddings(["three"]);
    text = await registry.metrics();
    expect(sample(text, 'embed_once_texts_total{model="small",outcome="missed"}')).toBe(3);
    await embedder.close();
  });

  test("have a histogram of latency in seconds whose buckets are cumulative and end with the count", async () => {
    const { embedder, cache } = await used();
    const registry = new Registry();
    registerCacheMetrics(registry, cache);
    const text = await registry.metrics();
    const name = "embed_once_cache_lookup_duration_seconds";
    const buckets = [...text.matchAll(new RegExp(`^${name}_bucket\\{outcome="L1",le="(.*)"\\} (\\d+)$`, "gm"))];
    expect(buckets.length).toBe(20);
    const counts = buckets.map(([, , value]) => Number(value));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    const bounds = buckets.map(([, le]) => (le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le)));
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
    const { timed, sumUs } = cache.statistics().tiers.L1.latency;
    expect(timed).toBeGreaterThan(5);
    expect(sample(text, `${name}_count{outcome="L1"}`)).toBe(timed);
    expect(counts.at(-1)).toBe(timed);
    expect(sample(text, `${name}_sum{outcome="L1"}`)).toBeCloseTo(sumUs / 1e6, 9);
    await embedder.close();
  });

  test("have no sample where a price is not known", async () => {
    const { embedder } = await used();
    const registry = new Registry();
    registerEmbedderMetrics(registry, embedder);
    expect(await registry.metrics()).not.toMatch(/^embed_once_spent_dollars_total[ {]/m);
    await embedder.close();
  });

  test("of several embedders are told apart by labels, and must be", async () => {
    const [documents, queries] = [await used(), await used()];
    const registry = new Registry();
    registry.setDefaultLabels({ service: "test" });
    registerEmbedderMetrics(registry, documents.embedder, { embedder: "documents" });
    registerEmbedderMetrics(registry, queries.embedder, { embedder: "queries" });
    expect(() => registerEmbedderMetrics(registry, queries.embedder, { embedder: "queries" })).toThrow(
      /labels \{"embedder":"queries"\} are registered already/,
    );
    const text = await registry.metrics();
    for (const embedder of ["documents", "queries"]) {
      const labels = `service="test",embedder="${embedder}",model="small"`;
      const series = /^embed_once_embeddings_total\{(.*)\} 2$/gm;
      const found = [...text.matchAll(series)].map(([, all]) => all!.split(",").toSorted());
      expect(found).toContainEqual(labels.split(",").toSorted());
    }
    await documents.embedder.close();
    await queries.embedder.close();
  });

  test("of a directory outlive the process that counted", async () => {
    const { embedder, cache } = await used({ pricePerMillionTokens: 2 });
    await embedder.close();
    const { textsAsked } = embedder.statistics();
    expect(cache.statistics().tiers.L3.entries).toBe(2);
    await using reopened = await openCache({ directory: join(folder, String(count - 1)) });
    const registry = new Registry();
    registerLifetimeMetrics(registry, reopened);
    const text = await registry.metrics();
    const outcomes = ["L1", "L2", "L3", "shared", "missed"].map(
      (outcome) => sample(text, `embed_once_lifetime_texts_total{model="small",outcome="${outcome}"}`)!,
    );
    expect(outcomes.reduce((sum, value) => sum + value)).toBe(textsAsked);
    expect(sample(text, 'embed_once_lifetime_spent_dollars_total{model="small"}')).toBeCloseTo(12e-6, 12);
    expect(sample(text, 'embed_once_disk_vectors{model="small"}')).toBe(2);
  });

  test("go into a registry of the OpenMetrics kind as well, and into JSON", async () => {
    const { embedder } = await used();
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    registerEmbedderMetrics(registry, embedder);
    expect(sample(await registry.metrics(), 'embed_once_embeddings_total{model="small"}')).toBe(2);
    expect(await registry.getMetricsAsJSON()).toContainEqual(expect.objectContaining({ aggregator: "sum" }));
    registry.resetMetrics();
    await embedder.close();
  });

  test("ask for a registry", () => {
    expect(() => registerCacheMetrics({} as never, { statistics: () => ({}) as never })).toThrow(
      /a prom-client Registry was expected, got object/,
    );
  });

  test("please promtool", async ({ skip }) => {
    if (spawnSync("promtool", ["--version"]).error) skip("promtool is not installed");
    const { embedder, cache } = await used({ pricePerMillionTokens: 2 });
    const registry = new Registry();
    registerEmbedderMetrics(registry, embedder);
    registerCacheMetrics(registry, cache);
    registerLifetimeMetrics(registry, cache);
    const input = await registry.metrics();
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    await embedder.close();
  });
});
