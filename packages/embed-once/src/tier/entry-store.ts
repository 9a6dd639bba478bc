import type { ContentKey } from "../core/content-key.ts";
import { finishFrame, frameKey, frameModelId, frameStoredMs, frameValue, hasKey, isSound } from "./entry-frame.ts";
import type { KeyIndex } from "./key-index.ts";
import type { Recency } from "./recency.ts";
import { type LogWriter, PAYLOAD_BYTES, type RecordLog, segmentOf } from "./record-log.ts";
import { costBytes, count, lastSegment, maxBytes, modelId, type TierState, usedBytes } from "./tier-state.ts";

export interface EntryStoreParts {
  log: RecordLog;
  index: KeyIndex;
  recency: Recency;
  ttlMs: number | undefined;
}

/** An entry to be stored. */
export interface NewEntry {
  /** Of which the id of its model and the checksum are written when it is stored. */
  frame: Buffer;
  model: string;
}

/** A write gives second chances to at most so many times the bytes that it brings, or to the least if that is more. */
const SECOND_CHANCE_FACTOR = 4;
const MIN_SECOND_CHANCE_BYTES = 65_536;

/**
 * How log, index and state change together. Everything here is part of a write transaction, and leaves the three in
 * step.
 */
export class EntryStore {
  readonly #log: RecordLog;
  readonly #index: KeyIndex;
  readonly #recency: Recency;
  readonly #ttlMs: number | undefined;

  constructor({ log, index, recency, ttlMs }: EntryStoreParts) {
    this.#log = log;
    this.#index = index;
    this.#recency = recency;
    this.#ttlMs = ttlMs;
  }

  /** Stores a batch in which no key stands twice, and makes room for it. */
  append(state: TierState, entries: readonly NewEntry[], nowMs: number): void {
    const writer = this.#log.writer(state.end);
    let incomingBytes = 0;
    for (const { frame, model } of entries) {
      const key = frameKey(frame);
      if (costBytes(frame.length) > maxBytes(state)) {
        this.remove(state, key);
        state.evictions++;
        continue;
      }
      const position = this.#index.get(key);
      if (position !== undefined) {
        if (this.#isStored(position, frame)) {
          this.#recency.mark(segmentOf(position));
          continue;
        }
        this.#removeAt(state, key, position);
      }
      const id = modelId(state, model);
      finishFrame(frame, id);
      this.#index.put(key, writer.append(frame));
      count(state, id, frame.length, 1);
      incomingBytes += frame.length;
    }
    this.finish(state, writer);
    if (usedBytes(state) > maxBytes(state)) this.#makeRoom(state, writer, incomingBytes);
    if (this.#ttlMs !== undefined) this.#dropExpired(state, nowMs - this.#ttlMs);
  }

  remove(state: TierState, key: ContentKey): void {
    this.#remove(state, key);
    this.#startAnewIfEmpty(state);
  }

  /** A copy of the sound frame at a position, if the index leads to it. */
  liveFrame(position: number): Buffer | undefined {
    const frame = this.#log.read(position);
    if (!frame || !isSound(frame)) return undefined;
    const copy = Buffer.from(frame);
    return this.#index.get(frameKey(copy)) === position ? copy : undefined;
  }

  /** Appends a frame as it is and has the index lead to it. */
  move(writer: LogWriter, frame: Buffer): void {
    this.#index.put(frameKey(frame), writer.append(frame));
  }

  /** @param isFirst whether nothing lies before it */
  dropSegment(state: TierState, segment: number, isFirst = true): void {
    this.#log.remove(segment);
    state.segments--;
    if (!isFirst) return;
    state.firstSegment = segment + 1;
    this.#recency.forgetBefore(segment + 1);
  }

  /** Removes what the index says of segments that are gone: their entries were damaged. */
  tidy(state: TierState): void {
    state.entries = this.#index.removeLost((position) => this.#log.read(position) !== undefined);
    this.#startAnewIfEmpty(state);
  }

  /** Writes what the writer still holds, and keeps the state in step. */
  finish(state: TierState, writer: LogWriter): void {
    writer.finish();
    state.end = writer.end;
    state.segments += writer.added;
    writer.added = 0;
  }

  /** Makes room until the budget holds. */
  #makeRoom(state: TierState, writer: LogWriter, incomingBytes: number): void {
    let chanceBytes = Math.max(MIN_SECOND_CHANCE_BYTES, SECOND_CHANCE_FACTOR * incomingBytes);
    chanceBytes = Math.min(chanceBytes, maxBytes(state) / 2);
    while (usedBytes(state) > maxBytes(state) && state.segments > 0) {
      const segment = this.#log.nextSegment(state.firstSegment);
      if (segment === undefined) break;
      const spare = chanceBytes > 0 && segment < lastSegment(state) && this.#recency.has(segment);
      for (const position of this.#log.positionsIn(segment)) {
        const frame = this.liveFrame(position);
        if (!frame) continue;
        if (spare && frame.length <= chanceBytes) {
          chanceBytes -= frame.length;
          this.move(writer, frame);
        } else {
          this.#index.remove(frameKey(frame));
          count(state, frameModelId(frame), frame.length, -1);
          state.evictions++;
        }
      }
      this.dropSegment(state, segment);
      if (spare) this.finish(state, writer);
    }
    this.#startAnewIfEmpty(state);
  }

  /** Two processes that embed the same text need the room of one. */
  #isStored(position: number, frame: Buffer): boolean {
    if (this.#ttlMs !== undefined) return false;
    const stored = this.#log.read(position);
    if (!stored || !isSound(stored)) return false;
    return hasKey(stored, frameKey(frame)) && frameValue(stored).equals(frameValue(frame));
  }

  #remove(state: TierState, key: ContentKey): void {
    const position = this.#index.get(key);
    if (position !== undefined) this.#removeAt(state, key, position);
  }

  #removeAt(state: TierState, key: ContentKey, position: number): void {
    this.#index.remove(key);
    const frame = this.#log.read(position);
    if (frame && isSound(frame)) count(state, frameModelId(frame), frame.length, -1);
    // Which model's it was is lost with the frame.
    else state.entries--;
  }

  /**
   * Whole segments of entries that are too old, at the log's old end. What seems to be stored ahead stays: it may be this
   * process's clock that is wrong, and it must not remove what is fresh for the others.
   */
  #dropExpired(state: TierState, oldestMs: number): void {
    for (;;) {
      const segment = this.#log.nextSegment(state.firstSegment);
      if (segment === undefined || segment >= lastSegment(state)) break;
      const frames = this.#log.positionsIn(segment).flatMap((position) => this.liveFrame(position) ?? []);
      if (frames.some((frame) => frameStoredMs(frame) >= oldestMs)) break;
      for (const frame of frames) {
        this.#index.remove(frameKey(frame));
        count(state, frameModelId(frame), frame.length, -1);
        state.expired++;
      }
      this.dropSegment(state, segment);
    }
  }

  /** Without entries the whole log is waste. */
  #startAnewIfEmpty(state: TierState): void {
    if (state.entries > 0 || state.segments === 0) return;
    for (;;) {
      const segment = this.#log.nextSegment(state.firstSegment);
      if (segment === undefined) break;
      this.dropSegment(state, segment);
    }
    state.segments = 0;
    state.end = Math.ceil(state.end / PAYLOAD_BYTES) * PAYLOAD_BYTES;
    for (const model of state.models) model.entries = model.bytes = 0;
  }
}
