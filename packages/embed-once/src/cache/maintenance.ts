import { decodeVector } from "../codec/index.ts";
import { frameKey, frameModelId, frameValue } from "../tier/entry-frame.ts";
import { liveFrames, type Progress } from "../tier/maintenance.ts";
import type { MappedTier } from "../tier/mapped-tier.ts";
import { type PackEntry, readPack, writePack } from "../tier/pack-file.ts";

export interface ImportReport {
  /** Different keys that were stored. */
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
  let { models } = tier.state();
  async function* entries(): AsyncGenerator<PackEntry> {
    for await (const frame of liveFrames(tier, progress)) {
      const id = frameModelId(frame);
      // Models come while the export goes on; ids never change.
      if (!models[id]) models = tier.state().models;
      yield { frame, model: models[id]?.name ?? "" };
    }
  }
  return writePack(path, entries());
}

/** Stores what is sound in a pack; where a key stands in it several times, the last one. */
export async function importPack(tier: MappedTier, path: string): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, damagedBytes: 0, unreadable: 0 };
  const imported = new KeySet();
  /** By key: what is stored at once has each only once. */
  let batch = new Map<string, PackEntry>();
  const store = async () => {
    if (batch.size > 0) await tier.setFrames([...batch.values()]);
    for (const { frame } of batch.values()) if (imported.add(frameKey(frame))) report.imported++;
    batch = new Map();
  };
  const onSkipped = (bytes: number) => {
    report.damagedBytes += bytes;
  };
  for (const entry of readPack(path, onSkipped)) {
    if (!isReadable(entry.frame)) {
      report.unreadable++;
      continue;
    }
    batch.set(frameKey(entry.frame).toString("latin1"), entry);
    if (batch.size === ENTRIES_AT_ONCE) await store();
  }
  await store();
  return report;
}

/**
 * Which keys there were, for a count: told apart by 56 bits of each, which millions of hashes have as good as never in
 * common. A Set has room for 16 million only, so there is one for each first byte.
 */
class KeySet {
  readonly #sets: readonly Set<number>[] = Array.from({ length: 256 }, () => new Set());

  /** @returns whether it is new */
  add(key: Buffer): boolean {
    const set = this.#sets[key[0]!]!;
    const { size } = set;
    return set.add(key.readUIntLE(1, 6)).size > size;
  }
}
