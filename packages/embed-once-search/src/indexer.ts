import type { Embedder } from "embed-once";
import { type CatalogueReport, catalogueFolder } from "./catalogue.ts";
import { embedMissing } from "./embed-missing.ts";
import type { IndexStore } from "./index-store.ts";

/** How far an index run is: first files are read, as far as they changed, then texts are embedded that are new. */
export interface IndexProgress {
  phase: "reading" | "embedding";
  /** Files or texts of this phase that are done. */
  done: number;
  total: number;
}

export interface IndexRunOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: IndexProgress) => void) | undefined;
  /** See `WalkOptions`. */
  maxFileBytes?: number | undefined;
  exclude?: readonly string[] | undefined;
  /** See `EmbedMissingOptions`. */
  batchSize?: number | undefined;
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/** What one run did and what the index holds after it. */
export interface IndexRunReport extends CatalogueReport {
  /** Files in the index. */
  files: number;
  /** Files of which some text still lacks its vector, because they changed while they were indexed. */
  filesIncomplete: number;
  chunks: number;
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
  const { onProgress, ...common } = options;
  const catalogue = await catalogueFolder(root, store, {
    ...common,
    onProgress: onProgress && ((done, total) => onProgress({ phase: "reading", done, total })),
  });
  const textsAsked = await embedMissing(root, store, embedder, {
    ...common,
    onProgress: onProgress && ((done, total) => onProgress({ phase: "embedding", done, total })),
  });
  if (catalogue.filesChanged > 0 || catalogue.filesRemoved > 0) store.prune();
  const run: LastRun = { at: new Date((options.now ?? Date.now)()).toISOString(), skipped: catalogue.skipped };
  store.setMeta(LAST_RUN, JSON.stringify(run));
  return { ...catalogue, ...store.counts(), textsAsked };
}

/** What the index remembers of the last run that came to its end. */
export interface LastRun {
  /** ISO 8601 */
  at: string;
  skipped: CatalogueReport["skipped"];
}

const LAST_RUN = "lastRun";

export function readLastRun(store: IndexStore): LastRun | undefined {
  const value = store.getMeta(LAST_RUN);
  return value === undefined ? undefined : (JSON.parse(value) as LastRun);
}
