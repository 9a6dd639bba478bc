import type { LifetimeCounters } from "../tier/mapped-tier.ts";
import type { LifetimeFigures, LifetimeStatistics } from "./statistics.ts";
import { StoredLedger, type StoredTally } from "./stored-vectors.ts";

/** What is counted over all processes, by model. A counter's name on disk is the figure's, a space and the model's. */
const FIGURES = [
  "textsAsked",
  "hitsL1",
  "hitsL2",
  "hitsL3",
  "coalesced",
  "misses",
  "embeddingsMade",
  "requestsMade",
  "requestsFailed",
  "retries",
  "requestsSaved",
  "tokensSent",
  "tokensSaved",
  "unitsSent",
  "dollarsSent",
  "dollarsSaved",
] as const;

export type LifetimeFigureName = (typeof FIGURES)[number];

/** What is stored is counted by number form as well: `vectors:float32 model`. */
const STORED_FIGURES = ["vectors", "numbers", "recordBytes"] as const;

/** Puts one model's figures among the counters. */
export function countModel(
  counters: LifetimeCounters,
  model: string,
  figures: Readonly<Partial<Record<LifetimeFigureName, number>>>,
): void {
  for (const name of FIGURES) counters[`${name} ${model}`] = figures[name] ?? 0;
}

export function countStored(counters: LifetimeCounters, stored: StoredLedger): void {
  for (const { model, numberForm, ...tally } of stored.entries()) {
    for (const name of STORED_FIGURES) counters[`${name}:${numberForm} ${model}`] = tally[name];
  }
}

/** Reads the counters; what is none of these figures is left out. */
export function readLifetime(counters: Readonly<LifetimeCounters>): LifetimeStatistics {
  const counts = new Map<string, Record<LifetimeFigureName, number>>();
  const stored = new Map<string, StoredLedger>();
  const total = { counts: noCounts(), stored: new StoredLedger() };
  for (const [name, count] of Object.entries(counters)) {
    const space = name.indexOf(" ");
    if (space === -1) continue;
    const [figure, numberForm] = name.slice(0, space).split(":") as [string, string | undefined];
    const model = name.slice(space + 1);
    if (numberForm !== undefined && isOneOf(STORED_FIGURES, figure)) {
      const tally: StoredTally = { vectors: 0, numbers: 0, recordBytes: 0, [figure]: count };
      for (const ledger of [total.stored, get(stored, model, () => new StoredLedger())]) {
        ledger.add({ model, numberForm }, tally);
      }
    } else if (numberForm === undefined && isOneOf(FIGURES, figure)) {
      total.counts[figure] += count;
      get(counts, model, noCounts)[figure] += count;
    }
  }
  const names = new Set([...counts.keys(), ...stored.keys()]);
  const models = [...names].map((model) => [
    model,
    figuresOf(counts.get(model) ?? noCounts(), stored.get(model) ?? new StoredLedger()),
  ]);
  return { total: figuresOf(total.counts, total.stored), models: Object.fromEntries(models) };
}

function figuresOf(counts: Record<LifetimeFigureName, number>, stored: StoredLedger): LifetimeFigures {
  const { hitsL1: L1, hitsL2: L2, hitsL3: L3, ...rest } = counts;
  return { ...rest, hits: { L1, L2, L3 }, stored: stored.total(), storedByNumberForm: stored.by("numberForm") };
}

function noCounts(): Record<LifetimeFigureName, number> {
  return Object.fromEntries(FIGURES.map((name) => [name, 0])) as Record<LifetimeFigureName, number>;
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name);
}

function get<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
