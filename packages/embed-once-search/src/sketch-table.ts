import { randomInt } from "node:crypto";
import { SEGMENT_ROWS, Sketches } from "embed-once/kernels";
import { type Candidate, Candidates } from "./candidates.ts";
import type { RowSet } from "./row-set.ts";
import { change, DamagedContentError, type DatabaseSync, free, type StatementSync } from "./sqlite.ts";

/**
 * A stamp is drawn anew with every change, so that equal stamps mean equal bytes, whatever was written, rolled back and
 * written by somebody else meanwhile. A counter could not tell a change that was rolled back from the next one.
 */
export const SKETCH_SCHEMA = `
  -- Short codes of the vectors, 256 rows in a segment: see Sketches in embed-once/kernels.
  CREATE TABLE vector_sketch (
    segment INTEGER PRIMARY KEY,    -- row / 256; all segments up to the last row's are there
    stamp INTEGER NOT NULL,
    sketches BLOB NOT NULL
  );
  CREATE INDEX vector_sketch_stamp ON vector_sketch (segment, stamp);

  -- One row, or none while there are no vectors.
  CREATE TABLE vector_state (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    dimensions INTEGER NOT NULL,
    stamp INTEGER NOT NULL          -- of the last change of any segment
  );
`;

const STAMPS = 2 ** 48 - 1;

/**
 * The sketches of all vectors in the database, and a copy in memory that scans read.
 *
 * The database alone is written to. What changed there, by whomever, is read again before the next scan: a copy is
 * right for whatever state the connection sees, in the middle of a transaction and after it was rolled back.
 */
export class SketchTable {
  readonly #state: StatementSync;
  readonly #setState: StatementSync;
  readonly #stamps: StatementSync;
  readonly #read: StatementSync;
  readonly #lastRow: StatementSync;
  readonly #write: StatementSync;
  readonly #clear: StatementSync[];
  #sketches: Sketches | undefined;
  /** Of the copy in memory, as a whole and by segment. */
  #loadedStamp: number | undefined;
  #loadedStamps: number[] = [];

  /** @param database holds the tables of `VECTOR_SCHEMA` */
  constructor(database: DatabaseSync) {
    this.#state = database.prepare("SELECT dimensions, stamp FROM vector_state");
    this.#setState = database.prepare("INSERT OR REPLACE INTO vector_state (id, dimensions, stamp) VALUES (0, ?, ?)");
    this.#stamps = database.prepare("SELECT segment, stamp FROM vector_sketch ORDER BY segment");
    this.#read = database.prepare("SELECT sketches FROM vector_sketch WHERE segment = ?");
    this.#lastRow = database.prepare("SELECT max(row) AS row FROM vector");
    this.#write = database.prepare("INSERT OR REPLACE INTO vector_sketch (segment, stamp, sketches) VALUES (?, ?, ?)");
    this.#clear = ["vector_sketch", "vector_state"].map((table) => database.prepare(`DELETE FROM ${table}`));
  }

  /** The vectors' length; `undefined` while there are none. */
  dimensions(): number | undefined {
    return this.#readState()?.dimensions;
  }

  /** Sets the sketches of rows, `undefined` for a row that is empty from now on. Belongs into a transaction. */
  update(changes: ReadonlyMap<number, readonly number[] | undefined>, dimensions: number): void {
    if (changes.size === 0) return;
    const sketches = this.#sketchesOf(dimensions);
    const segments = new Map<number, Uint8Array>();
    for (const [row, vector] of changes) {
      const number = Math.floor(row / SEGMENT_ROWS);
      const segment = segments.get(number) ?? this.#readSegment(number, sketches) ?? sketches.emptySegment();
      segments.set(number, segment);
      if (vector === undefined) sketches.erase(segment, row % SEGMENT_ROWS);
      else sketches.write(segment, row % SEGMENT_ROWS, vector);
    }
    for (const [number, segment] of segments) change(this.#write, number, randomInt(STAMPS), segment);
    change(this.#setState, dimensions, randomInt(STAMPS));
  }

  /** Belongs into a transaction. */
  clear(): void {
    for (const statement of this.#clear) change(statement);
  }

  /**
   * The rows, or those of them that are in `among`, that may be the most similar to the query, which is not all zeros; at
   * most so many, the most promising one first. Belongs into a transaction or snapshot.
   */
  scan(query: readonly number[], among: RowSet | undefined, most: number): Candidate[] {
    const sketches = this.#upToDate();
    if (sketches === undefined) return [];
    sketches.aim(query);
    const candidates = new Candidates(Math.min(most, this.#loadedStamps.length * SEGMENT_ROWS));
    for (let segment = 0; segment < this.#loadedStamps.length; segment++) {
      const first = segment * SEGMENT_ROWS;
      if (among !== undefined && !among.hasAnyOf(first, first + SEGMENT_ROWS)) continue;
      const highest = sketches.scan(segment);
      for (let row = 0; row < SEGMENT_ROWS; row++) {
        if (among === undefined || among.has(first + row)) candidates.offer(first + row, highest[row]!);
      }
    }
    return candidates.sorted();
  }

  /** The copy, after reading the segments that it does not have as they are now. */
  #upToDate(): Sketches | undefined {
    const state = this.#readState();
    if (state === undefined) return undefined;
    const sketches = this.#sketchesOf(state.dimensions);
    if (state.stamp === this.#loadedStamp) return sketches;
    const segments = this.#stamps.all() as { segment: number; stamp: number }[];
    this.#checkComplete(segments);
    for (const { segment, stamp } of segments) {
      if (stamp === this.#loadedStamps[segment]) continue;
      const bytes = this.#readSegment(segment, sketches);
      if (bytes === undefined) throw new DamagedContentError(`Segment ${segment} has a stamp, and no sketches`);
      sketches.load(segment, bytes);
      this.#loadedStamps[segment] = stamp;
      free(bytes);
    }
    this.#loadedStamps.length = segments.length;
    this.#loadedStamp = state.stamp;
    return sketches;
  }

  /** A vector without a sketch would never be found, and nobody would know. */
  #checkComplete(segments: readonly { segment: number }[]): void {
    const { row } = this.#lastRow.get() as { row: number | null };
    const expected = Math.ceil(((row ?? -1) + 1) / SEGMENT_ROWS);
    if (segments.length < expected || segments.some(({ segment }, index) => segment !== index)) {
      throw new DamagedContentError(`Sketches of ${expected} segments were expected, ${segments.length} are there`);
    }
  }

  #readState(): { dimensions: number; stamp: number } | undefined {
    const state = this.#state.get() as { dimensions: number; stamp: number } | undefined;
    if (state !== undefined && !(Number.isInteger(state.dimensions) && state.dimensions >= 1)) {
      throw new DamagedContentError(`Vectors have a length, got ${state.dimensions}`);
    }
    return state;
  }

  #readSegment(segment: number, sketches: Sketches): Uint8Array | undefined {
    const bytes = (this.#read.get(segment) as { sketches: Uint8Array } | undefined)?.sketches;
    if (bytes !== undefined && bytes.length !== sketches.segmentBytes) {
      throw new DamagedContentError(`The sketches of segment ${segment} have another length than others`);
    }
    return bytes;
  }

  #sketchesOf(dimensions: number): Sketches {
    if (this.#sketches?.dimensions !== dimensions) {
      this.#sketches = new Sketches(dimensions);
      this.#loadedStamp = undefined;
      this.#loadedStamps = [];
    }
    return this.#sketches;
  }
}
