import type { Database } from "lmdb";

/** Segments that share a row: 4 MB of the log. */
const BLOCK_SEGMENTS = 512;
const BLOCK_BYTES: number = BLOCK_SEGMENTS / 8;

/**
 * Which segments of the log were read since they were written: one bit each, gathered in memory and merged into the
 * file with the next write. Eviction gives what was read a second chance; a write a read would cost more than it saves.
 */
export class Recency {
  readonly #rows: Database<Buffer, number>;
  #unsaved = new Map<number, Buffer>();
  #unsavedBits = 0;

  constructor(rows: Database<Buffer, number>) {
    this.#rows = rows;
  }

  /** Segments that were marked and are not in the file yet. */
  get unsaved(): number {
    return this.#unsavedBits;
  }

  mark(segment: number): void {
    const block = Math.floor(segment / BLOCK_SEGMENTS);
    let bits = this.#unsaved.get(block);
    if (!bits) {
      bits = Buffer.alloc(BLOCK_BYTES);
      this.#unsaved.set(block, bits);
    }
    const at = (segment % BLOCK_SEGMENTS) >> 3;
    const bit = 1 << (segment & 7);
    if ((bits[at]! & bit) !== 0) return;
    bits[at]! |= bit;
    this.#unsavedBits++;
  }

  has(segment: number): boolean {
    const row = this.#rows.getBinaryFast(Math.floor(segment / BLOCK_SEGMENTS));
    return row?.length === BLOCK_BYTES && (row[(segment % BLOCK_SEGMENTS) >> 3]! & (1 << (segment & 7))) !== 0;
  }

  /** Within a write transaction only. @param firstSegment what lies before it is gone and forgotten */
  save(firstSegment: number): void {
    for (const [block, bits] of this.#unsaved) {
      if ((block + 1) * BLOCK_SEGMENTS <= firstSegment) continue;
      const row = this.#rows.getBinaryFast(block);
      if (row?.length === BLOCK_BYTES) for (let i = 0; i < BLOCK_BYTES; i++) bits[i]! |= row[i]!;
      this.#rows.put(block, bits);
    }
    this.#unsaved = new Map();
    this.#unsavedBits = 0;
  }

  /** Forgets the block that ends before this segment; within a write transaction only. */
  forgetBefore(segment: number): void {
    if (segment > 0 && segment % BLOCK_SEGMENTS === 0) this.#rows.remove(segment / BLOCK_SEGMENTS - 1);
  }
}
