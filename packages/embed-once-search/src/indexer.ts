import type { Embedder } from "embed-once";
import { type CatalogueReport, catalogueFolder } from "./catalogue.ts";
import { embedMissing } from "./embed-missing.ts";
import type { IndexCounts, IndexStore } from "./index-store.ts";
import { type IndexProgress, noteNotRunning, noteRunning } from "./running.ts";
import { parseStored } from "./sqlite.ts";
import { TimeSlice } from "./time-slice.ts";
import type { WalkOptions } from "./walk.ts";

export interface IndexRunOptions extends WalkOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: IndexProgress) => void) | undefined;
  /** See `CatalogueOptions`. Where the folder was never read as a whole, it is now. */
  paths?: readonly string[] | undefined;
  /** See `EmbedMissingOptions`. */
  batchSize?: number | undefined;
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/** What one run did and what the index holds after it. */
export interface IndexRunReport extends CatalogueReport, IndexCounts {
  /** Texts given to the embedder. */
  textsAsked: number;
}

/**
 * Brings an index up to what lies in the folder. What is unchanged is neither read nor embedded; what an interrupted run
 * has done is kept, and the next one goes on from there.
 */
export async function indexFolder(
  root: string,
  store: IndexStore,
  embedder: Embedder,
  options: IndexRunOptions = {},
): Promise<IndexRunReport> {
  const catalogue = await readChanges(root, store, options);
  const textsAsked = await embedChanges(root, store, embedder, options);
  return { ...catalogue, ...store.counts(), textsAsked };
}

/** The first half: files, chunks and words. What it has read can be found by words at once. */
export async function readChanges(
  root: string,
  store: IndexStore,
  options: IndexRunOptions = {},
): Promise<CatalogueReport> {
  const { onProgress, now = Date.now, ...common } = options;
  // Places that changed are all there is to read only where the rest was read before.
  const paths = readLastReading(store) === undefined ? undefined : options.paths;
  return saysHowFarItIs(store, async (say) => {
    const report = await catalogueFolder(root, store, {
      ...common,
      paths,
      now,
      onProgress: (done, total) => {
        const progress: IndexProgress = { phase: "reading", done, total };
        say(progress);
        onProgress?.(progress);
      },
    });
    const isWhole = paths === undefined;
    if (isWhole) store.checkComplete();
    store.transaction(() => {
      if (report.filesChanged > 0 || report.filesRemoved > 0) store.notePruned(false);
      const at = new Date(now()).toISOString();
      const { skipped, problems } = isWhole ? report : (readLastReading(store) ?? report);
      const reading: LastReading = { at, skipped, problems: problems.slice(0, MAX_PROBLEMS_KEPT) };
      store.setMeta(LAST_READING, JSON.stringify(reading));
    });
    // A look at every vector is too much after every edit of a file, and not urgent.
    if (isWhole && !store.isPruned()) {
      await prune(store, options.signal);
    }
    return report;
  });
}

/** Texts whose vectors are looked at between two chances for others. */
const PRUNED_AT_ONCE = 1000;

/** Deletes the vectors of texts that no file has any more. */
async function prune(store: IndexStore, signal: AbortSignal | undefined): Promise<void> {
  const slice = new TimeSlice(signal);
  const keys = store.vectors.keys();
  for (let from = 0; from < keys.length; from += PRUNED_AT_ONCE) {
    store.prune(keys.slice(from, from + PRUNED_AT_ONCE));
    if (slice.isOver()) await slice.rest();
  }
  store.notePruned(true);
}

/** The second half: the vectors of what the first one has found. @returns texts given to the embedder */
export async function embedChanges(
  root: string,
  store: IndexStore,
  embedder: Embedder,
  options: Pick<IndexRunOptions, "signal" | "onProgress" | "batchSize" | "maxFileBytes"> = {},
): Promise<number> {
  const { onProgress, ...common } = options;
  return saysHowFarItIs(store, (say) =>
    embedMissing(root, store, embedder, {
      ...common,
      onProgress: (done, total) => {
        const progress: IndexProgress = { phase: "embedding", done, total };
        say(progress);
        onProgress?.(progress);
      },
    }),
  );
}

async function saysHowFarItIs<Result>(
  store: IndexStore,
  work: (say: (progress: IndexProgress) => void) => Promise<Result>,
): Promise<Result> {
  let hasSpoken = false;
  try {
    return await work((progress) => {
      hasSpoken = true;
      noteRunning(store, progress);
    });
  } finally {
    if (hasSpoken && store.isOpen) noteNotRunning(store);
  }
}

/** What the index remembers of the last reading that came to its end. */
export interface LastReading {
  /** ISO 8601 */
  at: string;
  /** As of the last reading of the whole folder. */
  skipped: CatalogueReport["skipped"];
  problems: CatalogueReport["problems"];
}

const LAST_READING = "lastReading";
const MAX_PROBLEMS_KEPT = 100;

export function readLastReading(store: IndexStore): LastReading | undefined {
  const value = store.getMeta(LAST_READING);
  return value === undefined ? undefined : parseStored<LastReading>(value);
}
