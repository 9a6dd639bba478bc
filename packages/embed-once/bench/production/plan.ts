import type { ProviderFault } from "../../src/testing/provider-server.ts";
import { randomNumbers } from "../tiers-data.ts";

/** Who can be killed. */
export const VICTIMS = ["indexer", "team-1", "team-2", "searcher-1", "searcher-2", "writer", "mcp server"] as const;
export type Victim = (typeof VICTIMS)[number];

export type Act =
  | { do: "fault"; fault: ProviderFault }
  | { do: "kill"; victim: Victim }
  /** Puts the text at the end of a file, which is made where it does not exist. */
  | { do: "append"; path: string; text: string }
  | { do: "remove"; path: string }
  | { do: "switch"; commit: string }
  | { do: "fill disk" };

/** What happens when: milliseconds since the start of the storm, and who does it. */
export type PlannedEvent = { atMs: number; actor: "provider" | "keeper" | "editor" | "disk" } & Act;

export interface PlanOptions {
  seed: number;
  durationMs: number;
  /** Files of the repository that may be edited. */
  files: readonly string[];
  /** Commits that may be switched to, the newest first. */
  commits: readonly string[];
}

/** Mean milliseconds between two of a kind; the shortest of storms still has some of each. */
const FAULT_EVERY_MS = 1_500;
const KILL_EVERY_MS = 5_000;
const EDIT_EVERY_MS = 2_500;
const SWITCH_EVERY_MS = 15_000;
const LEAST_OF_A_KIND = 4;
/** Nobody is killed at the very end: whoever comes back has work to go on with. */
const LAST_KILL = 0.9;
const FILL_DISK_AT = 0.25;

const RATE_LIMIT: ProviderFault = { status: 429, headers: { "retry-after": "1" }, message: "Rate limit reached" };
const SERVER_ERROR: ProviderFault = { status: 500, message: "The server had an error" };
/** A hanging answer, which keeps a process and whoever waits for its lease busy for seconds, is rarer than the others. */
const FAULTS: readonly ProviderFault[] = [RATE_LIMIT, SERVER_ERROR, "cut", "hang", RATE_LIMIT, SERVER_ERROR, "cut"];
/** The first so many are one of each kind. */
const KINDS = 4;

/** Draws all that will happen from the seed; the same repository and options give the same plan. */
export function drawPlan({ seed, durationMs, files, commits }: PlanOptions): PlannedEvent[] {
  const random = randomNumbers(seed);
  const events: PlannedEvent[] = [];
  /** The n-th of so many that are spread over the storm, each at a random moment of its own part. */
  const times = (everyMs: number, end: number) => {
    const count = Math.max(LEAST_OF_A_KIND, Math.round((end * durationMs) / everyMs));
    return Array.from({ length: count }, (_, i) =>
      Math.round(((i + random(1_000) / 1_000) / count) * end * durationMs),
    );
  };
  for (const [i, atMs] of times(FAULT_EVERY_MS, 1).entries()) {
    // Each kind at least once, then any.
    const fault = FAULTS[i < KINDS ? i : random(FAULTS.length)]!;
    events.push({ atMs, actor: "provider", do: "fault", fault });
  }
  for (const [i, atMs] of times(KILL_EVERY_MS, LAST_KILL).entries()) {
    const victim = VICTIMS[i % VICTIMS.length === 0 ? 0 : random(VICTIMS.length)]!;
    events.push({ atMs, actor: "keeper", do: "kill", victim });
  }
  for (const [i, atMs] of times(EDIT_EVERY_MS, 1).entries()) {
    const text = `\nexport function productionEdit${i}(): number {\n  return ${random(1_000_000)};\n}\n`;
    const fresh = `production/edit${i}.ts`;
    const path = i % 3 === 0 ? fresh : files[random(files.length)]!;
    const edit = i % 7 === 6 ? ({ do: "remove", path } as const) : ({ do: "append", path, text } as const);
    events.push({ atMs, actor: "editor", ...edit });
  }
  for (const [i, atMs] of times(SWITCH_EVERY_MS, 1).entries()) {
    const commit = i % 2 === 1 ? commits[0]! : commits[random(commits.length)]!;
    events.push({ atMs, actor: "editor", do: "switch", commit });
  }
  events.push({ atMs: Math.round(FILL_DISK_AT * durationMs), actor: "disk", do: "fill disk" });
  return events.sort((a, b) => a.atMs - b.atMs);
}

/** One line of the log: seconds since the start, who, what. */
export function describeEvent(event: PlannedEvent): string {
  return `${(event.atMs / 1_000).toFixed(2).padStart(8)} s  ${event.actor.padEnd(8)}  ${describeAct(event)}`;
}

function describeAct(act: Act): string {
  switch (act.do) {
    case "fault":
      return `the next request fails: ${typeof act.fault === "string" ? act.fault : JSON.stringify(act.fault)}`;
    case "kill":
      return `SIGKILL for ${act.victim}`;
    case "append":
      return `appends ${act.text.length} characters to ${act.path}`;
    case "remove":
      return `removes ${act.path}`;
    case "switch":
      return `switches to ${act.commit.slice(0, 12)}`;
    case "fill disk":
      return "a small disk is filled while it is written to";
  }
}
