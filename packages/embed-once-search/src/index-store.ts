import type { Chunk } from "./chunker.ts";
import { tokenize } from "./lexical.ts";
import { LexicalIndex, type LexicalMatch } from "./lexical-index.ts";
import { isListing } from "./listing.ts";
import { change, type DatabaseSync, type StatementSync, snapshot, transaction } from "./sqlite.ts";
import { SqliteVectorStore } from "./sqlite-vector-store.ts";
import type { TextKey, VectorStore } from "./vector-store.ts";
import type { SkipReason } from "./walk.ts";

/** What the index remembers of a file. */
export interface KnownFile {
  id: number;
  path: string;
  stamp: string;
  contentHash: string | null;
  skipped: SkipReason | null;
}

/** A file as it was just read. */
export interface ReadFile {
  path: string;
  stamp: string;
  content: { hash: string; chunks: readonly KeyedChunk[] } | { skipped: SkipReason };
}

export interface KeyedChunk extends Chunk {
  key: TextKey;
}

export interface IncompleteFile {
  id: number;
  path: string;
  contentHash: string;
}

/** Where a chunk lies, as of the last time its file was read. */
export interface ChunkPlace {
  path: string;
  startLine: number;
  endLine: number;
  key: TextKey;
  /** See `isListing`. */
  isListing: boolean;
}

export interface IndexCounts {
  files: number;
  filesIncomplete: number;
  chunks: number;
}

/**
 * The rows of one index: files, their chunks, the words of these, and the vectors behind their own contract.
 *
 * Every method that changes something is one short transaction, and says the same thing as often as it is called: two
 * processes that index one root at once only do some work twice.
 */
export class IndexStore {
  readonly vectors: VectorStore;
  readonly #database: DatabaseSync;
  readonly #lexical: LexicalIndex;
  readonly #statements = new Map<string, StatementSync>();

  /** @param database as `openIndexFile` gives it; belongs to the store from here on */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#lexical = new LexicalIndex(database);
    this.vectors = new SqliteVectorStore(database);
  }

  /** All files that the index knows, by path. */
  knownFiles(): Map<string, KnownFile> {
    const sql = "SELECT id, path, stamp, content_hash AS contentHash, skipped FROM file";
    const rows = this.#prepare(sql).all() as unknown as KnownFile[];
    return new Map(rows.map((row) => [row.path, row]));
  }

  /** The known files at one place: the file of this path, or those in the folder of this path. */
  knownFilesAt(path: string): KnownFile[] {
    const sql = `
      SELECT id, path, stamp, content_hash AS contentHash, skipped FROM file
      WHERE path = ?1 OR (path > ?1 || '/' AND path < ?1 || '0') -- "0" follows "/"
    `;
    return this.#prepare(sql).all(path) as unknown as KnownFile[];
  }

  /** Replaces what the index says of these files. Their chunks can be found by words at once. */
  writeFiles(files: readonly ReadFile[]): void {
    transaction(this.#database, () => {
      for (const file of files) this.#writeFile(file);
    });
  }

  #writeFile({ path, stamp, content }: ReadFile): void {
    const skipped = "skipped" in content ? content.skipped : null;
    const chunks = "skipped" in content ? [] : content.chunks;
    // A renamed file, or one of another branch, often brings no new text.
    const isComplete = this.vectors.missing(chunks.map(({ key }) => key)).length === 0;
    const { id } = this.#prepare(`
      INSERT INTO file (path, stamp, content_hash, skipped, complete) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (path) DO UPDATE SET
        stamp = excluded.stamp, content_hash = excluded.content_hash, skipped = excluded.skipped, complete = excluded.complete
      RETURNING id
    `).get(path, stamp, "skipped" in content ? null : content.hash, skipped, isComplete ? 1 : 0) as { id: number };
    this.#deleteChunks(id);
    const insert = this.#prepare(
      "INSERT INTO chunk (file_id, start_line, end_line, key, words, listing) VALUES (?, ?, ?, ?, ?, ?)",
    );
    for (const { startLine, endLine, key, text } of chunks) {
      const tokens = tokenize(text);
      const { lastInsertRowid } = change(
        insert,
        id,
        startLine,
        endLine,
        Buffer.from(key, "hex"),
        tokens.length,
        isListing(text) ? 1 : 0,
      );
      this.#lexical.insert(Number(lastInsertRowid), tokens, path);
    }
  }

  #deleteChunks(fileId: number): void {
    const rows = this.#prepare("SELECT id FROM chunk WHERE file_id = ?").all(fileId) as { id: number }[];
    for (const { id } of rows) this.#lexical.delete(id);
    change(this.#prepare("DELETE FROM chunk WHERE file_id = ?"), fileId);
  }

  /** Notes that files have other stamps and the same content. */
  touchFiles(files: readonly { path: string; stamp: string }[]): void {
    transaction(this.#database, () => {
      const update = this.#prepare("UPDATE file SET stamp = ? WHERE path = ?");
      for (const { path, stamp } of files) change(update, stamp, path);
    });
  }

  removeFiles(files: readonly { id: number }[]): void {
    transaction(this.#database, () => {
      for (const { id } of files) {
        this.#deleteChunks(id);
        change(this.#prepare("DELETE FROM file WHERE id = ?"), id);
      }
    });
  }

  /** Files of which some chunk may lack its vector, by path. */
  incompleteFiles(): IncompleteFile[] {
    const sql = "SELECT id, path, content_hash AS contentHash FROM file WHERE NOT complete ORDER BY path";
    return this.#prepare(sql).all() as unknown as IncompleteFile[];
  }

  /** The texts of a file's chunks. */
  keysOf(file: { id: number }): TextKey[] {
    const sql = "SELECT DISTINCT lower(hex(key)) AS key FROM chunk WHERE file_id = ?";
    const rows = this.#prepare(sql).all(file.id) as { key: TextKey }[];
    return rows.map((row) => row.key);
  }

  /** Notes that all chunks of these files have vectors, where the files were not written again meanwhile. */
  markComplete(files: readonly IncompleteFile[]): void {
    transaction(this.#database, () => {
      const update = this.#prepare("UPDATE file SET complete = 1 WHERE id = ? AND content_hash = ?");
      for (const { id, contentHash } of files) change(update, id, contentHash);
    });
  }

  /** Deletes those of these texts' vectors that belong to no file any more. */
  prune(keys: readonly TextKey[]): void {
    transaction(this.#database, () => {
      const isUsed = this.#prepare("SELECT 1 FROM chunk WHERE key = ? LIMIT 1");
      this.vectors.delete(keys.filter((key) => isUsed.get(Buffer.from(key, "hex")) === undefined));
    });
  }

  counts(): IndexCounts {
    return this.#prepare(`
      SELECT
        (SELECT count(*) FROM file WHERE skipped IS NULL) AS files,
        (SELECT count(*) FROM file WHERE NOT complete) AS filesIncomplete,
        (SELECT count(*) FROM chunk) AS chunks
    `).get() as unknown as IndexCounts;
  }

  matchWords(question: string): LexicalMatch[] {
    return this.#lexical.match(question);
  }

  /** The chunks with this text. */
  chunksOf(key: TextKey): number[] {
    const rows = this.#prepare("SELECT id FROM chunk WHERE key = ?").all(Buffer.from(key, "hex")) as { id: number }[];
    return rows.map((row) => row.id);
  }

  place(chunkId: number): ChunkPlace | undefined {
    const row = this.#prepare(`
      SELECT path, start_line AS startLine, end_line AS endLine, lower(hex(key)) AS key, listing
      FROM chunk JOIN file ON file.id = file_id WHERE chunk.id = ?
    `).get(chunkId) as unknown as (Omit<ChunkPlace, "isListing"> & { listing: number }) | undefined;
    if (row === undefined) return undefined;
    const { listing, ...place } = row;
    return { ...place, isListing: listing === 1 };
  }

  getMeta(name: string): string | undefined {
    const row = this.#prepare("SELECT value FROM meta WHERE name = ?").get(name) as { value: string } | undefined;
    return row?.value;
  }

  setMeta(name: string, value: string): void {
    change(this.#prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"), name, value);
  }

  /** Several reads of one state, whatever other processes write meanwhile. `work` must not await. */
  snapshot<Result>(work: () => Result): Result {
    return snapshot(this.#database, work);
  }

  /** Several changes, all of them or none. `work` must not await. */
  transaction<Result>(work: () => Result): Result {
    return transaction(this.#database, work);
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
