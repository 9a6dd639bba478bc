import { CorruptRecordError } from "../core/errors.ts";
import { PROBABILITY_SCALE } from "./octave-tables.ts";

/**
 * One lane of rANS (Duda, arXiv 1311.2540) with 12-bit probabilities, a 32-bit state and words of 16 bits, for what no
 * kernel codes. What is put last is taken first.
 */

/** States are kept in [2^16, 2^32). */
export const STATE_FLOOR = 0x10000;

export class RansWriter {
  readonly #output: Uint8Array;
  state: number;
  /** Where the next word goes. */
  position: number;

  constructor(output: Uint8Array, position: number, state: number) {
    this.#output = output;
    this.position = position;
    this.state = state;
  }

  /** Puts a symbol that owns `frequency` slots from `start` on. */
  put(start: number, frequency: number): void {
    if (this.state >>> 20 >= frequency) {
      this.#output[this.position++] = this.state;
      this.#output[this.position++] = this.state >>> 8;
      this.state >>>= 16;
    }
    this.state = Math.floor(this.state / frequency) * PROBABILITY_SCALE + (this.state % frequency) + start;
  }
}

export class RansReader {
  readonly #payload: Uint8Array;
  readonly #floor: number;
  state: number;
  /** The next word lies before this position. */
  end: number;

  /** @param floor No word lies below this position. */
  constructor(payload: Uint8Array, floor: number, end: number, state: number) {
    this.#payload = payload;
    this.#floor = floor;
    this.end = end;
    this.state = state;
  }

  /** The slot of the next symbol, 0 to 4095. */
  get slot(): number {
    return this.state & (PROBABILITY_SCALE - 1);
  }

  /** Goes on behind the symbol that owns the slot. @throws {CorruptRecordError} when the words have ended before. */
  advance(start: number, frequency: number): void {
    this.state = frequency * Math.floor(this.state / PROBABILITY_SCALE) + this.slot - start;
    if (this.state >= STATE_FLOOR) return;
    this.end -= 2;
    if (this.end < this.#floor) throw new CorruptRecordError("A grid record ends inside its symbols.");
    this.state = this.state * 0x10000 + this.#payload[this.end]! + 256 * this.#payload[this.end + 1]!;
  }
}
