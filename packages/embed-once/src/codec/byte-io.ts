import { CorruptRecordError } from "../core/errors.ts";

/** Reads the small fields of a record; every read past the end raises `CorruptRecordError`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  position: number;
  #bitBuffer = 0;
  #bitCount = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.position = start;
  }

  byte(): number {
    if (this.position >= this.#end) throw new CorruptRecordError("The record ends inside a field.");
    return this.#bytes[this.position++]!;
  }

  /** LEB128, at most 28 bits: no count or length in a record is larger. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new CorruptRecordError("A variable-length integer in the record has more than four bytes.");
  }

  uint32(): number {
    const low = this.byte() | (this.byte() << 8) | (this.byte() << 16);
    return (low | (this.byte() << 24)) >>> 0;
  }

  /** The next `count` (0 to 24) bits, lowest first; `alignToByte` ends a run of bits. */
  bits(count: number): number {
    while (this.#bitCount < count) {
      this.#bitBuffer |= this.byte() << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bitBuffer & ((1 << count) - 1);
    this.#bitBuffer >>>= count;
    this.#bitCount -= count;
    return value;
  }

  alignToByte(): void {
    this.#bitBuffer = 0;
    this.#bitCount = 0;
  }
}

/** Appends the small fields of a record to a growing array. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(256);
  length = 0;
  #bitBuffer = 0;
  #bitCount = 0;

  /** A view of what was written; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.length++] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  uint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 255);
  }

  /** Appends the low `count` (0 to 24) bits of `value`, lowest first; `alignToByte` ends a run of bits. */
  bits(value: number, count: number): void {
    this.#bitBuffer |= value << this.#bitCount;
    this.#bitCount += count;
    while (this.#bitCount >= 8) {
      this.byte(this.#bitBuffer & 255);
      this.#bitBuffer >>>= 8;
      this.#bitCount -= 8;
    }
  }

  alignToByte(): void {
    if (this.#bitCount > 0) this.byte(this.#bitBuffer & 255);
    this.#bitBuffer = 0;
    this.#bitCount = 0;
  }
}
