import { decodeVector, encodeVector } from "embed-once/codec";
import { dotProducts } from "embed-once/kernels";
import { change, type DatabaseSync, type StatementSync, transaction } from "./sqlite.ts";
import {
  byNearness,
  checkEntries,
  type Neighbour,
  type TextKey,
  unitVector,
  type VectorEntry,
  type VectorStore,
} from "./vector-store.ts";

/** `unit` is what a scan reads, so it lies before the exact record: SQLite then need not pass over that one. */
export const VECTOR_SCHEMA = `
  CREATE TABLE vector (
    key BLOB PRIMARY KEY,   -- SHA-256 of the text
    unit BLOB NOT NULL,     -- length 1, float32s in the machine's byte order
    record BLOB NOT NULL    -- the exact float64s, as a codec record
  );
`;

/** Rows that are scanned at once: enough to make a call of the kernel cheap, a few megabytes at most. */
const BLOCK_ROWS = 512;

const BYTES_PER_FLOAT32 = 4;

/**
 * Vectors in a SQLite database that others may share. A search reads every row and multiplies blocks of them; nothing is
 * kept in memory, so what another process wrote is found at once.
 */
export class SqliteVectorStore implements VectorStore {
  readonly #database: DatabaseSync;
  readonly #count: StatementSync;
  readonly #unitBytes: StatementSync;
  readonly #has: StatementSync;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #delete: StatementSync;
  readonly #keys: StatementSync;
  readonly #scan: StatementSync;

  /** @param database holds the tables of `VECTOR_SCHEMA`, and stays the caller's to close */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#count = database.prepare("SELECT count(*) AS count FROM vector");
    this.#unitBytes = database.prepare("SELECT length(unit) AS bytes FROM vector LIMIT 1");
    this.#has = database.prepare("SELECT 1 FROM vector WHERE key = ?");
    this.#put = database.prepare("INSERT OR REPLACE INTO vector (key, unit, record) VALUES (?, ?, ?)");
    this.#get = database.prepare("SELECT record FROM vector WHERE key = ?");
    this.#delete = database.prepare("DELETE FROM vector WHERE key = ?");
    this.#keys = database.prepare("SELECT key FROM vector");
    this.#scan = database.prepare("SELECT key, unit FROM vector");
  }

  count(): number {
    return (this.#count.get() as { count: number }).count;
  }

  dimensions(): number | undefined {
    const row = this.#unitBytes.get() as { bytes: number } | undefined;
    return row && row.bytes / BYTES_PER_FLOAT32;
  }

  missing(keys: readonly TextKey[]): TextKey[] {
    return keys.filter((key) => this.#has.get(toBytes(key)) === undefined);
  }

  put(entries: readonly VectorEntry[]): void {
    transaction(this.#database, () => {
      checkEntries(entries, this.dimensions());
      for (const { key, vector } of entries) {
        change(this.#put, toBytes(key), new Uint8Array(unitVector(vector).buffer), encodeVector(vector));
      }
    });
  }

  get(key: TextKey): number[] | undefined {
    const row = this.#get.get(toBytes(key)) as { record: Uint8Array } | undefined;
    return row && decodeVector(row.record);
  }

  delete(keys: readonly TextKey[]): void {
    transaction(this.#database, () => {
      for (const key of keys) change(this.#delete, toBytes(key));
    });
  }

  keys(): TextKey[] {
    return (this.#keys.all() as { key: Uint8Array }[]).map((row) => toKey(row.key));
  }

  nearest(query: readonly number[], limit: number): Neighbour[] {
    const dimensions = this.dimensions();
    if (dimensions === undefined || limit === 0) return [];
    if (query.length !== dimensions) {
      throw new RangeError(
        `The query must have the vectors' length: expected ${dimensions} numbers, got ${query.length}`,
      );
    }
    const unitQuery = unitVector(query);
    const best = new BestNeighbours(limit);
    const rows = new Float32Array(BLOCK_ROWS * dimensions);
    const rowBytes = new Uint8Array(rows.buffer);
    const scores = new Float32Array(BLOCK_ROWS);
    let keys: Uint8Array[] = [];
    const scoreBlock = (): void => {
      const blockScores = scores.subarray(0, keys.length);
      dotProducts(unitQuery, rows.subarray(0, keys.length * dimensions), blockScores);
      for (const [index, similarity] of blockScores.entries()) best.offer(keys[index]!, similarity);
      keys = [];
    };
    for (const row of this.#scan.iterate() as Iterable<{ key: Uint8Array; unit: Uint8Array }>) {
      rowBytes.set(row.unit, keys.length * dimensions * BYTES_PER_FLOAT32);
      if (keys.push(row.key) === BLOCK_ROWS) scoreBlock();
    }
    if (keys.length > 0) scoreBlock();
    return best.sorted();
  }
}

/** The best `limit` of all that were offered, without sorting all of them. */
class BestNeighbours {
  readonly #limit: number;
  #kept: Neighbour[] = [];
  /** What is less similar than this cannot be among the best any more. */
  #threshold = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(key: Uint8Array, similarity: number): void {
    if (similarity < this.#threshold) return;
    this.#kept.push({ key: toKey(key), similarity });
    // Sorted once for every `limit` accepted ones.
    if (this.#kept.length >= 2 * this.#limit) {
      this.#kept = this.sorted();
      this.#threshold = this.#kept.at(-1)!.similarity;
    }
  }

  sorted(): Neighbour[] {
    return this.#kept.sort(byNearness).slice(0, this.#limit);
  }
}

function toBytes(key: TextKey): Uint8Array {
  return Buffer.from(key, "hex");
}

function toKey(bytes: Uint8Array): TextKey {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
