import { setTimeout as sleep } from "node:timers/promises";
import { startProviderServer } from "../../src/testing/provider-server.ts";
import { Cast, type Told } from "./cast.ts";
import { PaymentLedger } from "./ledger.ts";
import { describeEvent, type PlannedEvent } from "./plan.ts";
import type { Repository } from "./repository.ts";
import type { SmallDisk } from "./small-disk.ts";

export interface StormOptions {
  plan: readonly PlannedEvent[];
  seed: number;
  durationMs: number;
  repository: Repository;
  cacheDirectory: string;
  indexDirectory: string;
  smallDisk: SmallDisk | undefined;
  /** Vectors that the writer stores. */
  vectors: number;
  log: (line: string) => void;
  onProgress: (line: string) => void;
}

export interface StormOutcome {
  told: Told;
  ledger: PaymentLedger;
  /** Where the provider was: the cache's keys know it. */
  baseURL: string;
  /** Events of the plan that were carried out, and the most milliseconds that one was late. */
  carriedOut: number;
  latestMs: number;
}

/** Everything at once: starts all processes, carries out the plan, and waits until everybody has come to an end. */
export async function runStorm(options: StormOptions): Promise<StormOutcome> {
  const { plan, seed, durationMs, repository, smallDisk, log, onProgress, ...places } = options;
  const ledger = new PaymentLedger();
  const server = await startProviderServer({ onServed: (request, isSent) => ledger.served(request, isSent) });
  const task = {
    ...places,
    baseURL: server.url,
    folder: repository.folder,
    startedAt: Date.now(),
    durationMs,
    smallDisk: smallDisk?.path,
  };
  const cast = new Cast(ledger, task, (state) => {
    if (state !== "full") return;
    smallDisk?.makeRoom();
    cast.say("small disk", "room");
  });
  const outcome = { told: cast.told, ledger, baseURL: server.url, carriedOut: 0, latestMs: 0 };
  try {
    const roles = [
      ["indexer", "indexer.ts"],
      ["team-1", "team.ts"],
      ["team-2", "team.ts"],
      ["searcher-1", "searcher.ts"],
      ["searcher-2", "searcher.ts"],
      ["mcp", "mcp.ts"],
      ["writer", "writer.ts"],
    ] as const;
    for (const [i, [name, script]] of roles.entries()) cast.start(name, script, seed + 1_000 * (i + 1));
    const startedMs = performance.now();
    const { told } = cast;
    // Kills follow each other, and so do edits: whoever is killed is back before the next one is.
    const begun = { keeper: Promise.resolve(), editor: Promise.resolve() };
    for (const event of plan) {
      await sleep(Math.max(0, startedMs + event.atMs - performance.now()));
      outcome.latestMs = Math.max(outcome.latestMs, performance.now() - startedMs - event.atMs);
      log(describeEvent(event));
      if (event.actor === "keeper" || event.actor === "editor") {
        const before = begun[event.actor];
        begun[event.actor] = before.then(() =>
          event.do === "kill" ? cast.kill(event.victim) : repository.carryOut(event),
        );
        begun[event.actor].catch(() => {}); // heard in the end
      } else if (event.do === "fault") server.failNext(event.fault);
      else cast.start("small disk", "full-disk.ts", seed);
      outcome.carriedOut++;
      onProgress(
        `${told.embedded} calls embedded, ${told.searched} searches, ${told.called} MCP calls, ${told.written} vectors written`,
      );
    }
    await sleep(Math.max(0, startedMs + durationMs - performance.now()));
    await Promise.all([begun.keeper, begun.editor]);
    onProgress("the storm is over; everybody comes to an end");
    await cast.stop();
    return outcome;
  } finally {
    cast.abandon();
    await server.close();
  }
}
