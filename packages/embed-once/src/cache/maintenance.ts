import { decodeVector } from "../codec/index.ts";
import { frameModelId, frameValue } from "../tier/entry-frame.ts";
import { liveFrames, type Progress } from "../tier/maintenance.ts";
import type { MappedTier } from "../tier/mapped-tier.ts";
import { type PackEntry, readPack, writePack } from "../tier/pack-file.ts";

export interface ImportReport {
  imported: number;
  /** Bytes of the pack that are damaged and were left out. */
  damagedBytes: number;
  /** Sound entries whose record this version cannot read; left out. */
  unreadable: number;
}

const ENTRIES_AT_ONCE = 500;

/** Whether a record can be decoded. */
export function isReadable(frame: Buffer): boolean {
  try {
    decodeVector(frameValue(frame));
    return true;
  } catch {
    return false;
  }
}

/** Writes all sound entries into a pack. @returns how many */
export function exportPack(tier: MappedTier, path: string, progress: Progress): Promise<number> {
  const { models } = tier.state();
  async function* entries(): AsyncGenerator<PackEntry> {
    for await (const frame of liveFrames(tier, progress)) {
      yield { frame, model: models[frameModelId(frame)]?.name ?? "" };
    }
  }
  return writePack(path, entries());
}

/** Stores what is sound in a pack. */
export async function importPack(tier: MappedTier, path: string): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, damagedBytes: 0, unreadable: 0 };
  let batch: PackEntry[] = [];
  const store = async () => {
    if (batch.length > 0) await tier.setFrames(batch);
    report.imported += batch.length;
    batch = [];
  };
  const onSkipped = (bytes: number) => {
    report.damagedBytes += bytes;
  };
  for (const entry of readPack(path, onSkipped)) {
    if (!isReadable(entry.frame)) {
      report.unreadable++;
      continue;
    }
    batch.push(entry);
    if (batch.length === ENTRIES_AT_ONCE) await store();
  }
  await store();
  return report;
}
