/** Who searches for the nearest vectors: the same job for all, each in processes of its own. */
import { closeSync, openSync, readSync, writeSync } from "node:fs";

export interface Contestant {
  name: string;
  /** Stores the vectors at a path where nothing is yet, with whatever finds them again. Their rows are their names. */
  build(vectors: VectorFile, path: string): void | Promise<void>;
  open(path: string, vectors: VectorFile): OpenIndex | Promise<OpenIndex>;
}

export interface OpenIndex {
  /** Rows of the vectors with the largest cosines, the largest first; of those that `mayAnswer` only, if it is confined. */
  nearest(query: readonly number[], limit: number, isConfined: boolean): number[] | Promise<number[]>;
  /** Puts a vector in the place of another one. */
  put?(row: number, vector: number[]): void;
  /** Learns which rows may answer, where that is not part of every search. */
  confine?(): void;
}

/** One vector in so many may answer a confined search. */
export const PLACES = 20;

/** A text's place, such as its folder: a column that others filter by. */
export function placeOf(row: number): number {
  return row % PLACES;
}

export function mayAnswer(row: number): boolean {
  return placeOf(row) === 0;
}

const NUMBERS_A_WRITE = 2 ** 24;

/** Vectors in a file, one float32 after the other. */
export class VectorFile {
  readonly path: string;
  readonly count: number;
  readonly dimensions: number;

  constructor(path: string, count: number, dimensions: number) {
    this.path = path;
    this.count = count;
    this.dimensions = dimensions;
  }

  write(numbers: Float32Array): void {
    const file = openSync(this.path, "w");
    // One call writes less than 2 GB.
    for (let first = 0; first < numbers.length; first += NUMBERS_A_WRITE) {
      writeSync(file, numbers.subarray(first, first + NUMBERS_A_WRITE));
    }
    closeSync(file);
  }

  /** All vectors in batches. */
  *batches(size: number): Generator<{ rows: number[]; numbers: Float32Array }> {
    const file = openSync(this.path, "r");
    try {
      for (let first = 0; first < this.count; first += size) {
        const rows = Array.from({ length: Math.min(size, this.count - first) }, (_, i) => first + i);
        const numbers = new Float32Array(rows.length * this.dimensions);
        readSync(file, numbers, 0, numbers.byteLength, first * this.dimensions * Float32Array.BYTES_PER_ELEMENT);
        yield { rows, numbers };
      }
    } finally {
      closeSync(file);
    }
  }

  /** The vector at an index of a batch. */
  vector(numbers: Float32Array, index: number): Float32Array {
    return numbers.subarray(index * this.dimensions, (index + 1) * this.dimensions);
  }
}

/** A rival's package. They have a package.json of their own beside the benchmarks, and no types here. */
// biome-ignore lint/suspicious/noExplicitAny: their types are not installed with the workspace
export async function load(specifier: string): Promise<any> {
  return import(specifier);
}
