import { decodeInto, decodeVector, encodeVector } from "embed-once/codec";
import type { Candidate } from "./candidates.ts";
import { RowSet } from "./row-set.ts";
import { SKETCH_SCHEMA, SketchTable } from "./sketch-table.ts";
import {
  change,
  DamagedContentError,
  type DatabaseSync,
  free,
  type StatementSync,
  snapshot,
  transaction,
} from "./sqlite.ts";
import {
  byNearness,
  checkEntries,
  checkQuery,
  cosine,
  type Neighbour,
  type TextKey,
  unitVector,
  type VectorEntry,
  type VectorStore,
} from "./vector-store.ts";

export const VECTOR_SCHEMA = `
  CREATE TABLE vector (
    row INTEGER PRIMARY KEY,        -- its place among the sketches; from 0 on, without gaps but those in vector_gap
    key BLOB NOT NULL UNIQUE,       -- SHA-256 of the text
    record BLOB NOT NULL            -- the exact float64s, as a codec record
  );
  -- Rows of deleted vectors, to be used again.
  CREATE TABLE vector_gap (row INTEGER PRIMARY KEY);
  ${SKETCH_SCHEMA}
`;

/**
 * Numbers of exact vectors that a search reads at most, but for twice as many vectors as it answers with: 683 vectors of
 * 1,536 numbers. A search for the best ten in a repository mostly stops by itself long before, later where all vectors
 * point much the same way, or a filter leaves few that are near; the limit is for searches that ask for more than there
 * is of what is near.
 */
const MOST_NUMBERS = 2 ** 20;

/**
 * Vectors in a SQLite database that others may share.
 *
 * A search bounds the similarity of every vector by its sketch, held in memory (see `Sketches` of embed-once/kernels), and
 * reads and decodes the exact vectors of those alone that may be among the best. How many that are follows from the
 * bounds, so an easy query costs little and a hard one is answered as well.
 */
export class SqliteVectorStore implements VectorStore {
  readonly #database: DatabaseSync;
  readonly #sketches: SketchTable;
  readonly #count: StatementSync;
  readonly #any: StatementSync;
  readonly #rowOf: StatementSync;
  readonly #takeGap: StatementSync;
  readonly #nextRow: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #get: StatementSync;
  readonly #exact: StatementSync;
  readonly #delete: StatementSync;
  readonly #addGap: StatementSync;
  readonly #clearGaps: StatementSync;
  readonly #keys: StatementSync;
  readonly #rowsByKey: StatementSync;

  /** @param database holds the tables of `VECTOR_SCHEMA`, and stays the caller's to close */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#sketches = new SketchTable(database);
    this.#count = database.prepare("SELECT count(*) AS count FROM vector");
    this.#any = database.prepare("SELECT 1 FROM vector LIMIT 1");
    this.#rowOf = database.prepare("SELECT row FROM vector WHERE key = ?");
    this.#takeGap = database.prepare(
      "DELETE FROM vector_gap WHERE row = (SELECT min(row) FROM vector_gap) RETURNING row",
    );
    this.#nextRow = database.prepare("SELECT coalesce(max(row) + 1, 0) AS row FROM vector");
    this.#insert = database.prepare("INSERT INTO vector (row, key, record) VALUES (?, ?, ?)");
    this.#update = database.prepare("UPDATE vector SET record = ? WHERE row = ?");
    this.#get = database.prepare("SELECT record FROM vector WHERE key = ?");
    this.#exact = database.prepare("SELECT key, record FROM vector WHERE row = ?");
    this.#exact.setReturnArrays(true); // an object a row costs a quarter of the read
    this.#delete = database.prepare("DELETE FROM vector WHERE key = ? RETURNING row");
    this.#addGap = database.prepare("INSERT INTO vector_gap (row) VALUES (?)");
    this.#clearGaps = database.prepare("DELETE FROM vector_gap");
    this.#keys = database.prepare("SELECT key FROM vector");
    this.#rowsByKey = database.prepare("SELECT row, key FROM vector ORDER BY key");
  }

  count(): number {
    return (this.#count.get() as { count: number }).count;
  }

  dimensions(): number | undefined {
    return this.#sketches.dimensions();
  }

  missing(keys: readonly TextKey[]): TextKey[] {
    return keys.filter((key) => this.#findRow(toBytes(key)) === undefined);
  }

  put(entries: readonly VectorEntry[]): void {
    transaction(this.#database, () => {
      checkEntries(entries, this.dimensions());
      const changes = new Map<number, readonly number[]>();
      for (const { key, vector } of entries) changes.set(this.#putExact(toBytes(key), encodeVector(vector)), vector);
      if (entries.length > 0) this.#sketches.update(changes, entries[0]!.vector.length);
    });
  }

  /** @returns the row that the vector has now */
  #putExact(key: Uint8Array, record: Uint8Array): number {
    const known = this.#findRow(key);
    if (known !== undefined) {
      change(this.#update, record, known);
      return known;
    }
    const { row } = (this.#takeGap.get() ?? this.#nextRow.get()) as { row: number };
    change(this.#insert, row, key, record);
    return row;
  }

  get(key: TextKey): number[] | undefined {
    const found = this.#get.get(toBytes(key)) as { record: Uint8Array } | undefined;
    return found && sound(() => decodeVector(found.record));
  }

  delete(keys: readonly TextKey[]): void {
    transaction(this.#database, () => {
      const dimensions = this.dimensions();
      const changes = new Map<number, undefined>();
      for (const key of keys) {
        const found = this.#delete.get(toBytes(key)) as { row: number } | undefined;
        if (found === undefined) continue;
        change(this.#addGap, found.row);
        changes.set(found.row, undefined);
      }
      if (changes.size === 0) return;
      if (this.#any.get() !== undefined) {
        this.#sketches.update(changes, dimensions!);
      } else {
        this.#sketches.clear();
        change(this.#clearGaps);
      }
    });
  }

  keys(): TextKey[] {
    return (this.#keys.all() as { key: Uint8Array }[]).map(({ key }) => toKey(key));
  }

  rowsOf(keys: Iterable<TextKey>): RowSet {
    const rows = new RowSet();
    for (const key of keys) {
      const row = this.#findRow(toBytes(key));
      if (row !== undefined) rows.add(row);
    }
    return rows;
  }

  nearest(query: readonly number[], limit: number, among?: RowSet): Neighbour[] {
    return snapshot(this.#database, () => {
      const dimensions = this.dimensions();
      if (dimensions === undefined) return [];
      checkQuery(query, limit, dimensions);
      if (limit === 0 || among?.size === 0) return [];
      if (query.every((value) => value === 0)) return this.#firstByKey(limit, among);
      const mostReads = Math.max(2 * limit, Math.ceil(MOST_NUMBERS / dimensions));
      const candidates = this.#sketches.scan(query, among, mostReads);
      return this.#best(unitVector(query), limit, candidates);
    });
  }

  /** Reads exact vectors, the most promising ones first, until no other one can be among the best. */
  #best(query: Float64Array, limit: number, candidates: readonly Candidate[]): Neighbour[] {
    const best: Neighbour[] = [];
    const vector = new Float64Array(query.length);
    for (const { row, highest } of candidates) {
      if (best.length === limit && highest < best[limit - 1]!.similarity) break;
      const found = this.#exact.get(row) as unknown as [Uint8Array, Uint8Array] | undefined;
      if (found === undefined) throw new DamagedContentError(`There is a sketch of row ${row}, and no vector`);
      const [key, record] = found;
      sound(() => {
        decodeInto(record, vector);
        insertSorted(best, { key: toKey(key), similarity: cosine(query, vector) }, limit);
        free(key, record);
      });
    }
    return best;
  }

  /** A query without length is equally near to everything. */
  #firstByKey(limit: number, among: RowSet | undefined): Neighbour[] {
    const first: Neighbour[] = [];
    for (const { row, key } of this.#rowsByKey.iterate() as Iterable<{ row: number; key: Uint8Array }>) {
      if (among === undefined || among.has(row)) first.push({ key: toKey(key), similarity: 0 });
      if (first.length === limit) break;
    }
    return first;
  }

  #findRow(key: Uint8Array): number | undefined {
    return (this.#rowOf.get(key) as { row: number } | undefined)?.row;
  }
}

/**
 * Records carry a checksum, so one that cannot be decoded tells of damage. Others may have none that shows, so all of the
 * index is in doubt, and is built again; behind a cache that embeds nothing.
 */
function sound<Result>(decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    throw new DamagedContentError(`A vector cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Keeps the best `limit` in their order. */
function insertSorted(best: Neighbour[], neighbour: Neighbour, limit: number): void {
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byNearness(best[middle]!, neighbour) < 0) low = middle + 1;
    else high = middle;
  }
  if (low === limit) return;
  best.splice(low, 0, neighbour);
  if (best.length > limit) best.pop();
}

function toBytes(key: TextKey): Uint8Array {
  return Buffer.from(key, "hex");
}

function toKey(bytes: Uint8Array): TextKey {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
