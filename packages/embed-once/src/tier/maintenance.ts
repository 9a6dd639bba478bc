import { statSync } from "node:fs";
import { frameKey, frameModelId } from "./entry-frame.ts";
import type { MappedTier } from "./mapped-tier.ts";
import { PAYLOAD_BYTES } from "./record-log.ts";
import { count, deadShare, lastSegment, type TierState } from "./tier-state.ts";

export interface Progress {
  /** Told now and then how many of the tier's segments are done. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface VerifyReport {
  /** Entries whose checksum over key and record is right. */
  sound: number;
  /** Entries that the index names and that are not. Each is a miss, and is stored anew when it is asked for. */
  damaged: number;
}

export interface CompactReport {
  bytesBefore: number;
  bytesAfter: number;
  /** Entries that were found damaged and dropped. */
  damaged: number;
}

const SEGMENTS_AT_ONCE = 256;
/** Less waste than this is not worth a copy of the log. */
const MIN_DEAD_SHARE = 0.02;

/** All sound entries in the order in which they were stored, as copies. Other work goes on in between. */
export async function* liveFrames(tier: MappedTier, { onProgress }: Progress = {}): AsyncGenerator<Buffer> {
  const { log, store } = tier.parts;
  const { segments: total, firstSegment } = tier.state();
  let done = 0;
  for (let from = firstSegment; ; ) {
    const segment = log.nextSegment(from);
    if (segment === undefined) return;
    for (const position of log.positionsIn(segment)) {
      const frame = store.liveFrame(position);
      if (frame) yield frame;
    }
    from = segment + 1;
    if (++done % SEGMENTS_AT_ONCE === 0) {
      onProgress?.(done, total);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Reads every record that the index names. @param isReadable whether a sound record decodes */
export async function verify(
  tier: MappedTier,
  isReadable: (frame: Buffer) => boolean,
  progress: Progress = {},
): Promise<VerifyReport> {
  let sound = 0;
  for await (const frame of liveFrames(tier, progress)) if (isReadable(frame)) sound++;
  return { sound, damaged: Math.max(0, tier.state().entries - sound) };
}

/**
 * Removes the entries of one model, or all.
 * @returns how many
 */
export async function clear(tier: MappedTier, model: string | undefined, progress: Progress = {}): Promise<number> {
  let removed = 0;
  await overLog(tier, progress, (state, frame) => {
    if (model !== undefined && state.models[frameModelId(frame)]?.name !== model) return "keep";
    removed++;
    return "remove";
  });
  return removed;
}

/**
 * Writes the log anew without what nobody can read any more, and gives the free pages back to the file system.
 * @throws where another process or another cache of this one has the directory open: it would go on in the old file
 */
export async function compact(tier: MappedTier, progress: Progress = {}): Promise<CompactReport> {
  const { path } = tier;
  const bytesBefore = statSync(path).size;
  let damaged = 0;
  if (deadShare(tier.state()) > MIN_DEAD_SHARE) {
    const before = tier.state().entries;
    await overLog(tier, progress, () => "move");
    damaged = before - tier.state().entries;
  }
  await tier.exchange(async (target) => {
    await tier.parts.root.backup(target, true);
  });
  return { bytesBefore, bytesAfter: statSync(path).size, damaged };
}

type Fate = "keep" | "move" | "remove";

/** Goes over the whole log, some segments a transaction, and drops each segment in which nothing is kept. */
async function overLog(
  tier: MappedTier,
  { onProgress }: Progress,
  fate: (state: TierState, frame: Buffer) => Fate,
): Promise<void> {
  const { log, index, store } = tier.parts;
  const last = lastSegment(tier.state());
  const total = tier.state().segments;
  let from: number | undefined = tier.state().firstSegment;
  let dropsAll = true;
  /** Up to here the log holds what is kept. */
  let keptUntil = 0;
  for (let done = 0; from !== undefined; done += SEGMENTS_AT_ONCE) {
    const start: number = from;
    from = await tier.change((state) => {
      const writer = log.writer(state.end);
      let next: number | undefined = start;
      for (let i = 0; i < SEGMENTS_AT_ONCE; i++) {
        const segment = log.nextSegment(next!);
        if (segment === undefined || segment > last) {
          next = undefined;
          break;
        }
        for (const position of log.positionsIn(segment)) {
          const frame = store.liveFrame(position);
          if (!frame) continue;
          const what = fate(state, frame);
          if (what === "keep") keptUntil = position + frame.length;
          else if (what === "move") store.move(writer, frame);
          else {
            index.remove(frameKey(frame));
            count(state, frameModelId(frame), frame.length, -1);
          }
        }
        // The last segment of the log goes on being written.
        if (keptUntil <= segment * PAYLOAD_BYTES && segment < last) store.dropSegment(state, segment, dropsAll);
        else dropsAll = false;
        next = segment + 1;
      }
      store.finish(state, writer);
      return next;
    });
    onProgress?.(Math.min(done, total), total);
  }
  await tier.change((state) => store.tidy(state));
}
