import { crc32 } from "node:zlib";
import { INDEX_ROW_BYTES } from "./key-index.ts";
import { PAYLOAD_BYTES, SEGMENT_COST_BYTES, segmentOf } from "./record-log.ts";

/** What is kept of a model: its name once, here. */
export interface ModelUsage {
  name: string;
  entries: number;
  /** Of its frames in the log. */
  bytes: number;
}

/** The row `state`: what the file holds as a whole. It changes in the same transaction as the rest. */
export interface TierState {
  entries: number;
  /** Where the next frame begins. */
  end: number;
  /** Segments before this one are gone. */
  firstSegment: number;
  segments: number;
  evictions: number;
  expired: number;
  /** By id; id 0 is the model that nobody named. */
  models: ModelUsage[];
  /** The budget in bytes that somebody gave last; absent where nobody ever did. */
  budgetBytes?: number | undefined;
}

/** The budget where nobody gives one. */
export const DEFAULT_MAX_BYTES = 10_000_000_000;

const MAX_MODELS = 65_535;

export function emptyState(): TierState {
  const unnamed = { name: "", entries: 0, bytes: 0 };
  return { entries: 0, end: 0, firstSegment: 0, segments: 0, evictions: 0, expired: 0, models: [unnamed] };
}

/** The row as it is stored: the state as JSON and the CRC-32 of that. */
export interface StateRow {
  json: string;
  checksum: number;
}

export function stateRow(state: TierState): StateRow {
  const json = JSON.stringify(state);
  return { json, checksum: crc32(json) };
}

/**
 * The state of a row, or an empty one where there is no row.
 * @throws where the row is damaged: going on with a wrong end of the log would overwrite entries that were acknowledged
 */
export function readState(row: unknown): TierState {
  if (row === undefined) return emptyState();
  const { json, checksum } = row as StateRow;
  if (typeof json !== "string" || crc32(json) !== checksum) throw new Error("the row of L3's state is corrupt");
  return JSON.parse(json) as TierState;
}

/** The budget, in bytes of whole pages. */
export function maxBytes({ budgetBytes = DEFAULT_MAX_BYTES }: TierState): number {
  return budgetBytes;
}

/** What the entries take in the file, index and ends of pages included. */
export function usedBytes({ segments, entries }: TierState): number {
  return segments * SEGMENT_COST_BYTES + entries * INDEX_ROW_BYTES;
}

/** What an entry takes at least in a file of its own. */
export function costBytes(frameBytes: number): number {
  return Math.ceil(frameBytes / PAYLOAD_BYTES) * SEGMENT_COST_BYTES + INDEX_ROW_BYTES;
}

/** Share of the log that no entry occupies any more, 0 to 1. */
export function deadShare({ segments, models }: TierState): number {
  if (segments === 0) return 0;
  const liveBytes = models.reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.max(0, 1 - liveBytes / (segments * PAYLOAD_BYTES));
}

/** The id of a model, new where it has none; 0 once there are too many. */
export function modelId(state: TierState, name: string): number {
  const known = state.models.findIndex((model) => model.name === name);
  if (known >= 0) return known;
  if (state.models.length > MAX_MODELS) return 0;
  return state.models.push({ name, entries: 0, bytes: 0 }) - 1;
}

/** Counts an entry in (`sign` 1) or out (−1). */
export function count(state: TierState, id: number, frameBytes: number, sign: 1 | -1): void {
  const model = state.models[id] ?? state.models[0]!;
  model.entries += sign;
  model.bytes += sign * frameBytes;
  state.entries += sign;
}

export function lastSegment({ end }: TierState): number {
  return segmentOf(Math.max(0, end - 1));
}
