import type { Database } from "lmdb";
import type { ContentKey } from "../core/content-key.ts";

const FOLDED_BYTES = 8;
const POSITION_BYTES = 6;

/** A row of the index in the file: node header, slot, folded key and position, in pages that are two thirds full. */
export const INDEX_ROW_BYTES = 36;

/**
 * Where each key's frame begins in the log. The key is folded to 64 bits: the frame holds it whole and is compared, so
 * two keys with the same fold (one chance in 10^6 among six million) cost a miss, never a wrong vector.
 */
export class KeyIndex {
  readonly #rows: Database<Buffer, Buffer>;
  readonly #folded: Buffer = Buffer.alloc(FOLDED_BYTES);
  readonly #row: Buffer = Buffer.alloc(POSITION_BYTES);

  constructor(rows: Database<Buffer, Buffer>) {
    this.#rows = rows;
  }

  get(key: ContentKey): number | undefined {
    const shared = this.#rows.getBinaryFast(fold(key, this.#folded));
    return shared?.length === POSITION_BYTES ? shared.readUIntLE(0, POSITION_BYTES) : undefined;
  }

  /** Within a write transaction only, as `remove`: lmdb copies at once what it is given there. */
  put(key: ContentKey, position: number): void {
    this.#row.writeUIntLE(position, 0, POSITION_BYTES);
    this.#rows.put(fold(key, this.#folded), this.#row);
  }

  remove(key: ContentKey): void {
    this.#rows.remove(fold(key, this.#folded));
  }

  /**
   * Removes every row that leads to nothing; within a write transaction only.
   * @returns how many rows are left
   */
  removeLost(leadsSomewhere: (position: number) => boolean): number {
    const lost: Buffer[] = [];
    let left = 0;
    for (const { key, value } of this.#rows.getRange({ snapshot: false })) {
      if (value.length === POSITION_BYTES && leadsSomewhere(value.readUIntLE(0, POSITION_BYTES))) left++;
      else lost.push(key);
    }
    for (const key of lost) this.#rows.remove(key);
    return left;
  }
}

/** Every word of the key decides every byte of the fold, so keys that are no hashes spread as well. */
function fold(key: ContentKey, target: Buffer): Buffer {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < key.length; i += 4) {
    const word = key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24);
    a = Math.imul(a ^ word, 0xcc9e2d51);
    a ^= a >>> 15;
    b = Math.imul(b + word, 0x1b873593);
    b ^= b >>> 13;
  }
  target.writeInt32LE(Math.imul(a, 0x2c1b3c6d) ^ (a >>> 12), 0);
  target.writeInt32LE(Math.imul(b, 0x297a2d39) ^ (b >>> 15), 4);
  return target;
}
