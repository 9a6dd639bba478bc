import type { Command } from "commander";
import type { CacheStatistics } from "../../cache/statistics.ts";
import type { LifetimeCounters } from "../../tier/mapped-tier.ts";
import { formatBytes, formatCount, type Output, plural } from "../output.ts";
import { type GlobalOptions, servicesFor } from "../services.ts";

export function registerStatsCommand(program: Command, output: Output): void {
  program
    .command("stats")
    .description("show what the cache holds and what it saved so far, over all processes")
    .option("--json", "as JSON")
    .action(async (_options: object, command: Command) => {
      const options: GlobalOptions & { json?: boolean } = command.optsWithGlobals();
      const { services, directory } = servicesFor(options, output);
      try {
        const cache = await services.cache();
        const { tiers, models, degraded } = cache.statistics();
        const lifetime = cache.lifetime();
        if (options.json)
          output.result(JSON.stringify({ directory, stored: tiers.L3, models, lifetime, degraded }, null, 2));
        else output.result(describe(directory, tiers.L3, models, lifetime));
      } finally {
        await services.close();
      }
    });
}

function describe(
  directory: string,
  stored: CacheStatistics["tiers"]["L3"],
  models: CacheStatistics["models"],
  lifetime: LifetimeCounters,
): string {
  const count = (name: string) => lifetime[name] ?? 0;
  const hits = count("hitsL1") + count("hitsL2") + count("hitsL3");
  const lines = [`Cache in ${directory}`];
  if (stored) {
    const share = ((100 * stored.usedBytes) / stored.maxBytes).toFixed(1);
    lines.push(
      `  ${plural(stored.entries, "vector")} in ${formatBytes(stored.usedBytes)} of ${formatBytes(stored.maxBytes)} (${share} %)`,
    );
  }
  for (const { name, entries, bytes } of models) {
    lines.push(`  ${name || "model not named"}: ${plural(entries, "vector")}, ${formatBytes(bytes)}`);
  }
  lines.push(
    "So far, over all processes",
    `  ${plural(count("textsAsked"), "text")} asked`,
    `  ${formatCount(hits)} from the cache: L1 ${formatCount(count("hitsL1"))}, L2 ${formatCount(count("hitsL2"))}, L3 ${formatCount(count("hitsL3"))}`,
    `  ${formatCount(count("coalesced"))} shared with a request for the same text`,
    `  ${formatCount(count("embeddingsMade"))} embedded in ${plural(count("requestsMade"), "call")}; ${plural(count("requestsSaved"), "call")} saved`,
    `  ${plural(count("tokensSent"), "token")} sent${dollars(lifetime.dollarsSent)}, about ${formatCount(count("tokensSaved"))} saved${dollars(lifetime.dollarsSaved)}`,
  );
  if (count("recordBytesStored") > 0) {
    const ratio = (count("numberBytesStored") / count("recordBytesStored")).toFixed(2);
    lines.push(
      `  vectors compressed from ${formatBytes(count("numberBytesStored"))} to ${formatBytes(count("recordBytesStored"))} (${ratio} times smaller)`,
    );
  }
  return lines.join("\n");
}

/** What was known to cost something; what had no known price is not in it. */
function dollars(amount: number | undefined): string {
  return amount === undefined ? "" : ` ($${amount.toFixed(4)} as far as prices are known)`;
}
