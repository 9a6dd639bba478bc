import type { Database } from "lmdb";
import { FRAME_HEADER_BYTES, frameBytes } from "./entry-frame.ts";

/**
 * The log of an lmdb file: frames one after the other, cut into segments that fill two pages each to the last byte.
 *
 * lmdb gives a value of more than half a page pages of its own, and a value of `SEGMENT_BYTES` fills them exactly, so
 * nothing is lost at the ends of pages, however long the records are; a frame may go on in the next segment. Rows of
 * random keys would leave a third of every page empty. With one page a segment, most records would lie in two; with four,
 * a read would copy more than it saves.
 *
 * A segment is two bytes (where the first frame that begins in it does, so that reading can set in anywhere) and
 * `PAYLOAD_BYTES` of the log. A position in the log is `segment × PAYLOAD_BYTES + offset`.
 */
export const PAGE_BYTES = 4096;
const SEGMENT_PAGES = 2;
/** lmdb's header of the pages of a large value. */
const PAGE_HEADER_BYTES = 24;
export const SEGMENT_BYTES: number = SEGMENT_PAGES * PAGE_BYTES - PAGE_HEADER_BYTES;
const SEGMENT_HEADER_BYTES = 2;
export const PAYLOAD_BYTES: number = SEGMENT_BYTES - SEGMENT_HEADER_BYTES;
const NO_FRAME = 0xffff;

/** No frame is longer; a length beyond it is damage. */
const MAX_FRAME_BYTES = 16_000_000;

/** A segment in the file: its pages, and its row in the table. */
export const SEGMENT_COST_BYTES: number = SEGMENT_PAGES * PAGE_BYTES + 24;

export function segmentOf(position: number): number {
  return Math.floor(position / PAYLOAD_BYTES);
}

export class RecordLog {
  readonly #segments: Database<Buffer, number>;
  /** Holds a frame that lies in several segments; the next read overwrites it. */
  #gathered: Buffer = Buffer.allocUnsafe(2 * SEGMENT_BYTES);

  constructor(segments: Database<Buffer, number>) {
    this.#segments = segments;
  }

  /** The frame at a position, unchecked, as a view that the next read overwrites; `undefined` where there is none. */
  read(position: number): Buffer | undefined {
    const segment = segmentOf(position);
    const page = this.#lent(segment);
    if (!page) return undefined;
    const at = SEGMENT_HEADER_BYTES + position - segment * PAYLOAD_BYTES;
    if (at + FRAME_HEADER_BYTES <= SEGMENT_BYTES) {
      const end = at + frameBytes(page, at);
      if (end <= SEGMENT_BYTES) return page.subarray(at, end);
    }
    return this.#gather(segment, page, at);
  }

  /** Positions of the frames that begin in a segment, as far as their lengths lead. */
  positionsIn(segment: number): number[] {
    const first = this.segment(segment)?.readUInt16LE(0) ?? NO_FRAME;
    if (first >= PAYLOAD_BYTES) return [];
    const positions: number[] = [];
    const end = (segment + 1) * PAYLOAD_BYTES;
    let position = segment * PAYLOAD_BYTES + first;
    while (position < end) {
      const frame = this.read(position);
      // Behind the last frame of the log are zeros; no record is empty.
      if (!frame || frame.length <= FRAME_HEADER_BYTES) break;
      positions.push(position);
      position += frame.length;
    }
    return positions;
  }

  /** The first segment at or behind this one. */
  nextSegment(from: number): number | undefined {
    for (const segment of this.#segments.getKeys({ start: from, limit: 1 })) return segment;
    return undefined;
  }

  remove(segment: number): void {
    this.#segments.remove(segment);
  }

  /** A writer that goes on at this position; within a write transaction only. */
  writer(end: number): LogWriter {
    return new LogWriter(this.#segments, this, end);
  }

  /** A segment's bytes, lent until the next read. */
  segment(segment: number): Buffer | undefined {
    return this.#lent(segment)?.subarray(0, SEGMENT_BYTES);
  }

  /** The same in lmdb's whole read buffer, of which only the property `length` is the value's. Saves a view a read. */
  #lent(segment: number): Buffer | undefined {
    const shared = this.#segments.getBinaryFast(segment);
    return shared?.length === SEGMENT_BYTES ? shared : undefined;
  }

  #gather(firstSegment: number, firstPage: Buffer, at: number): Buffer | undefined {
    let filled = firstPage.copy(this.#gathered, 0, at, SEGMENT_BYTES);
    let needed = FRAME_HEADER_BYTES;
    for (let segment = firstSegment + 1; ; segment++) {
      if (filled >= FRAME_HEADER_BYTES && needed === FRAME_HEADER_BYTES) {
        needed = frameBytes(this.#gathered, 0);
        if (needed > MAX_FRAME_BYTES) return undefined;
        this.#reserve(needed + SEGMENT_BYTES, filled);
      }
      if (filled >= needed) return this.#gathered.subarray(0, needed);
      const page = this.#lent(segment);
      if (!page) return undefined;
      filled += page.copy(this.#gathered, filled, SEGMENT_HEADER_BYTES, SEGMENT_BYTES);
    }
  }

  #reserve(bytes: number, filled: number): void {
    if (bytes <= this.#gathered.length) return;
    const larger = Buffer.allocUnsafe(bytes);
    this.#gathered.copy(larger, 0, 0, filled);
    this.#gathered = larger;
  }
}

/** Appends to the log. What was appended can be read once `finish` was called. */
export class LogWriter {
  readonly #segments: Database<Buffer, number>;
  #segment: number;
  readonly #page: Buffer;
  #offset: number;
  #isNew: boolean;
  /** Segments that were added. */
  added = 0;

  constructor(segments: Database<Buffer, number>, log: RecordLog, end: number) {
    this.#segments = segments;
    this.#segment = segmentOf(end);
    this.#offset = end - this.#segment * PAYLOAD_BYTES;
    const last = this.#offset > 0 ? log.segment(this.#segment) : undefined;
    this.#page = Buffer.allocUnsafeSlow(SEGMENT_BYTES);
    if (last) this.#page.set(last);
    else clear(this.#page);
    this.#isNew = !last;
    if (!last && this.#offset > 0) {
      // The last segment is lost; nothing may follow in its place.
      this.#segment++;
      this.#offset = 0;
    }
  }

  /** Where the next frame begins. */
  get end(): number {
    return this.#segment * PAYLOAD_BYTES + this.#offset;
  }

  /** @returns the frame's position */
  append(frame: Buffer): number {
    const position = this.end;
    if (this.#page.readUInt16LE(0) === NO_FRAME) this.#page.writeUInt16LE(this.#offset, 0);
    for (let copied = 0; copied < frame.length; ) {
      const count = frame.copy(this.#page, SEGMENT_HEADER_BYTES + this.#offset, copied);
      copied += count;
      this.#offset += count;
      if (this.#offset === PAYLOAD_BYTES) {
        this.#put();
        this.#segment++;
        this.#offset = 0;
        // Within a transaction lmdb has copied it already.
        clear(this.#page);
        this.#isNew = true;
      }
    }
    return position;
  }

  finish(): void {
    if (this.#offset === 0) return;
    this.#put();
    this.#isNew = false;
  }

  #put(): void {
    if (this.#isNew) this.added++;
    // In key order lmdb fills its pages; without the flag it would halve them. It refuses where a row has that key or a
    // higher one, which a lost write may have left.
    const isAppended = this.#isNew && this.#segments.putSync(this.#segment, this.#page, { append: true } as never);
    if (!isAppended) this.#segments.putSync(this.#segment, this.#page);
  }
}

function clear(page: Buffer): void {
  page.fill(0);
  page.writeUInt16LE(NO_FRAME, 0);
}
