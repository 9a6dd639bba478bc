import type { Problem, SkipCounts } from "./catalogue.ts";
import type { FolderIndex } from "./folder-index.ts";
import { indexBytes } from "./index-location.ts";
import { readLastReading } from "./indexer.ts";
import { type RunningIndex, readRunning } from "./running.ts";

export interface IndexStatus {
  root: string;
  /** The index's file. */
  indexPath: string;
  /** The embedder's name. */
  embedder: string;
  /**
   * "absent": there is no index. "empty": the folder was read, and nothing in it is source text. "partial": not all
   * files were read yet, or some can be found by their words only. "complete": everything that was read has its vectors.
   */
  state: "absent" | "empty" | "partial" | "complete";
  files: number;
  /** Files that can be found by their words only, because some of their texts have no vectors yet. */
  filesIncomplete: number;
  chunks: number;
  /** Distinct texts that have a vector. */
  vectors: number;
  dimensions: number | undefined;
  /** The index's size on disk. */
  bytes: number;
  /** When changes were last looked for, to the end (ISO 8601); `undefined` where they never were. */
  readAt: string | undefined;
  /** What the last reading of the whole folder left out. */
  skipped: SkipCounts;
  /** Files among these that a user might miss, at most 100. */
  problems: Problem[];
  /** The run that is under way, in whichever process. */
  running: RunningIndex | undefined;
  /** Why texts could not be embedded in this process's background; it is tried again. */
  failure: string | undefined;
  /** Why the folder could not be read in this process's background; it is tried again. */
  readingFailure: string | undefined;
}

const NOTHING = { files: 0, filesIncomplete: 0, chunks: 0, vectors: 0, dimensions: undefined, bytes: 0 };

/** What an index holds; one that is not there is not made. */
export async function readStatus(
  root: string,
  indexPath: string,
  embedder: string,
  index: FolderIndex,
): Promise<IndexStatus> {
  const common = { root, indexPath, embedder, failure: index.failure, readingFailure: index.readingFailure };
  const bytes = indexBytes(indexPath);
  if (bytes === undefined) {
    const unread = { readAt: undefined, skipped: {}, problems: [], running: undefined };
    return { ...common, state: "absent", ...NOTHING, ...unread };
  }
  return index.use("read", (store) => {
    const reading = readLastReading(store);
    const counts = store.counts();
    const isPartial = reading === undefined || counts.filesIncomplete > 0;
    return {
      ...common,
      state: isPartial ? "partial" : counts.chunks === 0 ? "empty" : "complete",
      ...counts,
      vectors: store.vectors.count(),
      dimensions: store.vectors.dimensions(),
      bytes,
      readAt: reading?.at,
      skipped: reading?.skipped ?? {},
      problems: reading?.problems ?? [],
      running: readRunning(store),
    };
  });
}
