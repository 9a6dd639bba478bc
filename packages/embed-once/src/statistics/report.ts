import { formatBytes, formatCount, formatTable, plural } from "./format.ts";
import type {
  CacheStatistics,
  EmbedderStatistics,
  LatencySummary,
  LifetimeFigures,
  LifetimeStatistics,
  StoredVectors,
} from "./statistics.ts";

const TIERS = ["L1", "L2", "L3"] as const;
const UNNAMED = "(no name)";

/** A cache's figures for people. */
export function reportCache(statistics: CacheStatistics): string {
  const { keysAsked, misses, missLatency, tiers, promotions, demotions, stored } = statistics;
  const rows = TIERS.map((tier) => {
    const { state, hits, misses, evictions, usedBytes, maxBytes, latency } = tiers[tier];
    const room = state === "open" ? `${formatBytes(usedBytes)} of ${formatBytes(maxBytes)}` : state;
    return [tier, formatCount(hits), formatCount(misses), formatCount(evictions), ...percentiles(latency), room];
  });
  const lines = [
    `Cache: ${plural(keysAsked, "lookup")}, ${formatCount(keysAsked - misses)} found (${percent(keysAsked - misses, keysAsked)})`,
    ...formatTable([
      ["", "hits", "misses", "evictions", "p50 µs", "p95 µs", "p99 µs", "room"],
      ...rows,
      ["none", "", formatCount(misses), "", ...percentiles(missLatency), ""],
    ]),
    `${plural(promotions, "promotion")}, ${plural(demotions, "demotion")}`,
  ];
  if (stored.vectors > 0) {
    lines.push(
      "Stored",
      ...storedTable([
        ...Object.entries(statistics.storedByModel).map(([name, of]) => [name || UNNAMED, of] as const),
        ...Object.entries(statistics.storedByNumberForm).map(([name, of]) => [`as ${name}`, of] as const),
      ]),
    );
  }
  const damaged = TIERS.reduce((sum, tier) => sum + tiers[tier].damaged, 0);
  if (damaged > 0) lines.push(`${plural(damaged, "damaged record")} found; each was a miss`);
  const { failedReads, failedWrites, degraded } = statistics;
  if (failedReads + failedWrites > 0) {
    lines.push(`${plural(failedReads, "read")} and ${plural(failedWrites, "write")} of L3 failed`);
  }
  return [...lines, ...degraded.map((message) => `Without: ${message}`)].join("\n");
}

/** An embedder's figures and its cache's for people. @param name the base's */
export function reportEmbedder(name: string, statistics: EmbedderStatistics): string {
  const { textsAsked, hits, coalesced, misses, requestsMade, requestsFailed, retries, requestsSaved } = statistics;
  const found = hits.L1 + hits.L2 + hits.L3;
  const lines = [
    `${name}: ${plural(textsAsked, "text")} asked, ${formatCount(found)} from the cache (${percent(found, textsAsked)}), ` +
      `${formatCount(coalesced)} shared with another request, ${formatCount(misses)} missed`,
    `${plural(statistics.embeddingsMade, "embedding")} made in ${plural(requestsMade, "request")} ` +
      `(${formatCount(requestsFailed)} failed, ${formatCount(retries)} retried); ${plural(requestsSaved, "request")} saved`,
    `Tokens: ${formatCount(statistics.tokensSent)} sent (${money(statistics.dollarsSent)}), ` +
      `about ${formatCount(statistics.tokensSaved)} saved (${money(statistics.dollarsSaved)})`,
  ];
  for (const [model, { pricePerMillionTokens, priceSource }] of Object.entries(statistics.models)) {
    lines.push(`${model}: ${describePrice(pricePerMillionTokens, priceSource)}`);
  }
  const { same, jitter, changed } = statistics.verified;
  if (same + jitter + changed > 0) {
    lines.push(`Embedded again for comparison: ${same} the same, ${jitter} nearly, ${changed} changed`);
  }
  return [...lines, ...(statistics.cache ? [reportCache(statistics.cache)] : [])].join("\n");
}

/** What all processes did, and what lies on disk now, for people. */
export function reportLifetime(lifetime: LifetimeStatistics, { tiers, models, degraded }: CacheStatistics): string {
  const { L3 } = tiers;
  const { total } = lifetime;
  const lines: string[] = [];
  if (L3.state === "open") {
    const room = `${formatBytes(L3.usedBytes)} of ${formatBytes(L3.maxBytes)} (${percent(L3.usedBytes, L3.maxBytes)})`;
    lines.push(`${plural(L3.entries, "vector")} in ${room}`);
  }
  lines.push(
    ...models.map(
      ({ name, entries, bytes }) => `  ${name || UNNAMED}: ${plural(entries, "vector")}, ${formatBytes(bytes)}`,
    ),
  );
  lines.push(
    "",
    "So far, over all processes",
    ...formatTable([
      ["", "asked", "L1", "L2", "L3", "shared", "embedded", "requests", "saved"],
      ...each(lifetime, ({ textsAsked, hits, coalesced, embeddingsMade, requestsMade, requestsSaved }) =>
        [textsAsked, hits.L1, hits.L2, hits.L3, coalesced, embeddingsMade, requestsMade, requestsSaved].map(
          formatCount,
        ),
      ),
    ]),
    "",
    `${plural(total.tokensSent, "token")} sent, about ${formatCount(total.tokensSaved)} saved`,
    `${money(total.dollarsSent)} spent, about ${money(total.dollarsSaved)} saved, as far as prices are known`,
  );
  if (total.stored.vectors > 0) {
    const stored = Object.entries(lifetime.models).filter(([, model]) => model.stored.vectors > 0);
    lines.push(
      "",
      ...storedTable([
        ...stored.map(([name, model]) => [name || UNNAMED, model.stored] as const),
        ...Object.entries(total.storedByNumberForm).map(([name, of]) => [`as ${name}`, of] as const),
      ]),
    );
  }
  return [...lines, ...degraded.map((message) => `Without: ${message}`)].join("\n");
}

function each({ models, total }: LifetimeStatistics, cells: (figures: LifetimeFigures) => string[]): string[][] {
  const asked = Object.entries(models).filter(([, { textsAsked }]) => textsAsked > 0);
  const rows = asked.map(([name, figures]) => [name || UNNAMED, ...cells(figures)]);
  return asked.length === 1 ? rows : [...rows, ["all", ...cells(total)]];
}

function storedTable(rows: readonly (readonly [string, StoredVectors])[]): string[] {
  return formatTable([
    ["", "stored", "number[]", "float32", "records", "smaller than number[]", "than float32"],
    ...rows.map(([name, of]) => [
      name,
      formatCount(of.vectors),
      formatBytes(of.numberArrayBytes),
      formatBytes(of.float32Bytes),
      formatBytes(of.recordBytes),
      times(of.timesSmallerThanNumberArray),
      times(of.timesSmallerThanFloat32),
    ]),
  ]);
}

function percentiles({ p50Us, p95Us, p99Us }: LatencySummary): string[] {
  return [p50Us, p95Us, p99Us].map((us) => (us === null ? "–" : us.toFixed(1)));
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`;
}

function times(ratio: number | null): string {
  return ratio === null ? "–" : `${ratio.toFixed(2)} ×`;
}

function describePrice(price: number | null, source: string | null): string {
  if (price === null) return "price not known";
  // What costs nothing needs no proof.
  if (price === 0) return source === null ? "free" : `free (${source})`;
  return `$${price} for a million tokens (${source ?? "nobody said since when"})`;
}

function money(dollars: number | null): string {
  return dollars === null ? "price not known" : `$${dollars.toFixed(4)}`;
}
