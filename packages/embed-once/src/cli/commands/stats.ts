import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { EmbeddingCache } from "../../cache/hierarchical-cache.ts";
import { reportLifetime } from "../../statistics/report.ts";
import { UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { cacheFor, type GlobalOptions, wholeNumber } from "../services.ts";

const DEFAULT_INTERVAL_SECONDS = 2;
const MAX_INTERVAL_SECONDS = 86_400;

interface StatsOptions extends GlobalOptions {
  json?: boolean;
  watch?: boolean;
  interval?: string;
}

export function registerStatsCommand(program: Command, output: Output, signal: AbortSignal): void {
  program
    .command("stats")
    .description("show what the cache holds and what it saved so far, over all processes")
    .option("--json", "as JSON, one line each time with --watch")
    .option("--watch", "again and again, until it is interrupted")
    .option("--interval <seconds>", `between two looks of --watch (default: ${DEFAULT_INTERVAL_SECONDS})`)
    .action(async (_options: object, command: Command) => {
      const options: StatsOptions = command.optsWithGlobals();
      const intervalSeconds = intervalOf(options);
      const { cache, directory } = await cacheFor(options, output, true);
      try {
        if (!options.watch) {
          output.result(options.json ? JSON.stringify(figures(directory, cache), null, 2) : text(directory, cache));
          return;
        }
        while (!signal.aborted) {
          if (options.json) output.result(JSON.stringify(figures(directory, cache)));
          else output.redraw(text(directory, cache));
          await sleep(1_000 * intervalSeconds, undefined, { signal }).catch(() => {});
        }
      } finally {
        await cache.close();
      }
    });
}

function intervalOf({ interval, watch }: StatsOptions): number {
  if (interval === undefined) return DEFAULT_INTERVAL_SECONDS;
  if (!watch) throw new UsageError("--interval goes with --watch");
  const seconds = wholeNumber("--interval", interval);
  if (seconds < 1 || seconds > MAX_INTERVAL_SECONDS) {
    throw new UsageError(`--interval takes 1 to ${MAX_INTERVAL_SECONDS} seconds, got ${interval}`);
  }
  return seconds;
}

function figures(directory: string, cache: EmbeddingCache): object {
  const { tiers, models, degraded } = cache.statistics();
  const { state, entries, usedBytes, maxBytes } = tiers.L3;
  return {
    directory,
    stored: { state, entries, usedBytes, maxBytes },
    models,
    lifetime: cache.lifetime(),
    degraded,
  };
}

function text(directory: string, cache: EmbeddingCache): string {
  return `Cache in ${directory}\n${reportLifetime(cache.lifetime(), cache.statistics())}`;
}
