import { hash } from "node:crypto";
import { chunkSource, isPreparedToChunk, prepareToChunk } from "./chunker.ts";
import type { IndexStore, KeyedChunk, KnownFile, ReadFile } from "./index-store.ts";
import { readSourceFile } from "./source-file.ts";
import { TimeSlice } from "./time-slice.ts";
import { type SkipReason, type WalkedFile, type WalkOptions, type WalkStep, walk, walkPath } from "./walk.ts";

/** A file that a reader of the folder might expect to find and does not. */
export interface Problem {
  file: string;
  reason: "too-large" | "unreadable";
}

export type SkipCounts = Partial<Record<SkipReason, number>>;

export interface CatalogueReport {
  /** Files whose content is new or another than before, deleted ones not among them. */
  filesChanged: number;
  /** Files that the index knew and that are no longer there, or no longer to be indexed. */
  filesRemoved: number;
  skipped: SkipCounts;
  problems: Problem[];
}

export interface CatalogueOptions extends WalkOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
  /**
   * Looks at these places only: files and folders, relative to the root, with `/`, each of them there or gone. The counts
   * of the report are then theirs. @default the whole folder
   */
  paths?: readonly string[] | undefined;
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/**
 * A file that changed so recently may change again within the same tick of the file system's clock (2 s on FAT), with no
 * trace in its stamp. Such a file is read again next time.
 */
const STAMP_SETTLES_MS = 2000;

/** What was read is written before others get their turn, and that takes longer. */
const READING_SHARE = 1 / 3;

/**
 * Brings the index's files, chunks and words up to what lies in the folder. Unchanged files are not read. What lies in a
 * folder that cannot be listed stays as it is known.
 *
 * @throws Error where the root itself cannot be listed
 */
export async function catalogueFolder(
  root: string,
  store: IndexStore,
  options: CatalogueOptions = {},
): Promise<CatalogueReport> {
  const { signal, onProgress, paths, now = Date.now } = options;
  const report: CatalogueReport = { filesChanged: 0, filesRemoved: 0, skipped: {}, problems: [] };
  const skip = (path: string, reason: SkipReason): void => {
    report.skipped[reason] = (report.skipped[reason] ?? 0) + 1;
    if (reason === "too-large" || reason === "unreadable") report.problems.push({ file: path, reason });
  };

  // What is left of the known files at the end was not found again. Files that another process adds from here on are
  // not among them, so they stay.
  const gone = paths === undefined ? store.knownFiles() : knownFilesAt(store, paths);
  const toRead: { file: WalkedFile; known: KnownFile | undefined }[] = [];
  /** Places that the system refuses to show: what is known of them and below may be there as before. */
  const unseen = new Set<string>();
  const slice = new TimeSlice(signal);
  for (const step of paths === undefined ? walk(root, options) : walkPaths(root, paths, options)) {
    if ("skipped" in step) {
      if (step.path === "." && step.skipped === "unreadable") {
        throw new Error(`The folder ${root} cannot be read: ${step.cause?.message}`, { cause: step.cause });
      }
      skip(step.path, step.skipped);
      if (step.skipped === "unreadable") unseen.add(step.path);
    } else {
      const known = gone.get(step.file.path);
      gone.delete(step.file.path);
      if (known?.stamp !== step.file.stamp) toRead.push({ file: step.file, known });
      else if (known.skipped !== null) skip(known.path, known.skipped);
    }
    if (slice.isOver()) await slice.rest();
  }

  await slice.rest();
  let changed: ReadFile[] = [];
  let touched: { path: string; stamp: string }[] = [];
  const write = (): void => {
    store.transaction(() => {
      store.writeFiles(changed);
      store.touchFiles(touched);
    });
    changed = [];
    touched = [];
  };
  for (const [index, { file, known }] of toRead.entries()) {
    const stamp = now() - file.changedAtMs > STAMP_SETTLES_MS ? file.stamp : "";
    const content = await readContent(root, file.path, options.maxFileBytes);
    if ("skipped" in content) {
      skip(file.path, content.skipped);
      // Permissions may come back without a trace in the file itself, so what was refused is tried every time.
      if (content.skipped === "unreadable") {
        if (known !== undefined) gone.set(file.path, known);
      } else if (known?.skipped === content.skipped) touched.push({ path: file.path, stamp });
      else changed.push({ path: file.path, stamp, content });
    } else if (known?.contentHash === content.hash) {
      touched.push({ path: file.path, stamp });
    } else {
      report.filesChanged++;
      changed.push({ path: file.path, stamp, content });
    }
    if (index + 1 < toRead.length && slice.isOver(READING_SHARE)) {
      write();
      onProgress?.(index + 1, toRead.length);
      await slice.rest();
    }
  }
  write();
  if (toRead.length > 0) onProgress?.(toRead.length, toRead.length);

  if (unseen.size > 0) for (const path of gone.keys()) if (isIn(unseen, path)) gone.delete(path);
  // Only now: a file that was renamed is there under its new name before the old one goes.
  store.removeFiles([...gone.values()]);
  report.filesRemoved = [...gone.values()].filter((file) => file.skipped === null).length;
  return report;
}

function knownFilesAt(store: IndexStore, paths: readonly string[]): Map<string, KnownFile> {
  return new Map(paths.flatMap((path) => store.knownFilesAt(path)).map((file) => [file.path, file]));
}

/** A place that lies in another one of them is walked with that one. */
function* walkPaths(root: string, paths: readonly string[], options: WalkOptions): Generator<WalkStep> {
  const walked = new Set<string>();
  for (const path of paths.toSorted((a, b) => a.length - b.length)) {
    if (isIn(walked, path)) continue;
    walked.add(path);
    yield* walkPath(root, path, options);
  }
}

/** Whether a path, or a folder that it lies in, is one of these places. */
function isIn(places: ReadonlySet<string>, path: string): boolean {
  return places.has(path) || (path.includes("/") && isIn(places, path.slice(0, path.lastIndexOf("/"))));
}

/** A file's chunks with the names of their texts, or why it has none; see `readSourceFile`. */
export async function readContent(
  root: string,
  path: string,
  maxFileBytes: number | undefined,
): Promise<ReadFile["content"]> {
  const source = readSourceFile(root, path, maxFileBytes);
  if ("skipped" in source) return source;
  // Again where another file, of whoever else reads some in this process, took the grammars with it meanwhile.
  while (!isPreparedToChunk(path)) await prepareToChunk([path]);
  const chunks = chunkSource(source.text, path).map(
    (chunk): KeyedChunk => ({ ...chunk, key: hash("sha256", chunk.text) }),
  );
  return { hash: hash("sha256", source.text), chunks };
}
