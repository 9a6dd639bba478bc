import type { FilterCondition } from "./chunk-filter.ts";
import type { Chunk, SymbolKind } from "./chunker.ts";
import { definedNames } from "./definition-lines.ts";
import { languageOf } from "./languages.ts";
import type { Name } from "./lexical.ts";
import { LexicalIndex, type LexicalMatch } from "./lexical-index.ts";
import { isListing } from "./listing.ts";
import { RowSet } from "./row-set.ts";
import {
  change,
  DamagedContentError,
  type DatabaseSync,
  isSound,
  readNumbers,
  type StatementSync,
  snapshot,
  transaction,
} from "./sqlite.ts";
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
  chunkId: number;
  path: string;
  startLine: number;
  endLine: number;
  key: TextKey;
  /** Of the file: SHA-256 of its text. */
  contentHash: string;
  symbolPath: string | undefined;
  kind: SymbolKind | undefined;
  language: string | undefined;
  /** Names that the chunk defines. */
  definitions: readonly string[];
  /** See `isListing`. */
  isListing: boolean;
}

/** The chunks that may answer. */
export interface AllowedChunks {
  ids: readonly number[];
  has(chunkId: number): boolean;
  /** The rows of their vectors, as of the present transaction. A text may also stand where the filter does not let it through. */
  vectorRows(): RowSet;
}

const NO_CONDITION: FilterCondition = { sql: "TRUE", parameters: [], matchesPath: undefined };

export interface IndexCounts {
  files: number;
  filesIncomplete: number;
  chunks: number;
}

/** "yes" while texts may have vectors that no file has any more. */
const UNPRUNED = "unpruned";

/** Doubts that come sooner after each other have the same reason, as a rule, and looking a large index over takes long. */
const LOOKED_OVER_MS = 60_000;

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
  #lookedOverAt = Number.NEGATIVE_INFINITY;
  /** What `matches_path` in a statement stands for. */
  #matchesPath: (path: string) => boolean = () => true;

  /** @param database as `openIndexFile` gives it; belongs to the store from here on */
  constructor(database: DatabaseSync) {
    this.#database = database;
    database.function("matches_path", (path) => (this.#matchesPath(String(path)) ? 1 : 0));
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
      WHERE path = ? OR (path > ? || '/' AND path < ? || '0') -- "0" follows "/"
    `;
    // Three times: node:sqlite of Node 22.18 does not know numbered parameters.
    return this.#prepare(sql).all(path, path, path) as unknown as KnownFile[];
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
      INSERT INTO file (path, stamp, content_hash, skipped, language, complete) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (path) DO UPDATE SET
        stamp = excluded.stamp, content_hash = excluded.content_hash, skipped = excluded.skipped,
        language = excluded.language, complete = excluded.complete
      RETURNING id
    `).get(
      path,
      stamp,
      "skipped" in content ? null : content.hash,
      skipped,
      languageOf(path) ?? null,
      isComplete ? 1 : 0,
    ) as { id: number };
    this.#deleteChunks(id);
    for (const chunk of chunks) this.#writeChunk(id, path, chunk);
  }

  #writeChunk(fileId: number, path: string, chunk: KeyedChunk): void {
    const { startLine, endLine, key, text, symbolPath, kind, definitions = definedNames(text) } = chunk;
    const insert = this.#prepare(`
      INSERT INTO chunk (file_id, start_line, end_line, key, symbol_path, kind, definitions, listing)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    `);
    const { lastInsertRowid } = change(
      insert,
      fileId,
      startLine,
      endLine,
      Buffer.from(key, "hex"),
      symbolPath ?? null,
      kind ?? null,
      definitions.join("\n"),
      isListing(text) ? 1 : 0,
    );
    this.#lexical.insert(Number(lastInsertRowid), { text, path, symbolPath, definitions });
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
    const sql = "SELECT id, path, content_hash AS contentHash, complete FROM file WHERE NOT complete ORDER BY path";
    const rows = this.#prepare(sql).all() as unknown as (IncompleteFile & { complete: number })[];
    return rows.map(({ complete, ...file }) => {
      // They are listed in an index of their own.
      if (complete !== 0) throw new DamagedContentError(`${file.path} is among the incomplete files, and complete`);
      return file;
    });
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

  /** Whether each vector's text is in some file, but for what is being written just now. */
  isPruned(): boolean {
    return this.getMeta(UNPRUNED) !== "yes";
  }

  notePruned(isPruned: boolean): void {
    this.setMeta(UNPRUNED, isPruned ? "no" : "yes");
  }

  isEmpty(): boolean {
    return this.#prepare("SELECT 1 FROM chunk LIMIT 1").get() === undefined;
  }

  counts(): IndexCounts {
    return this.#prepare(`
      SELECT
        (SELECT count(*) FROM file WHERE skipped IS NULL) AS files,
        (SELECT count(*) FROM file WHERE NOT complete) AS filesIncomplete,
        (SELECT count(*) FROM chunk) AS chunks
    `).get() as unknown as IndexCounts;
  }

  /**
   * Looks the whole index over where something in it is odd, which may be damage or have another reason.
   *
   * @throws DamagedContentError where it is damage
   */
  doubt(oddity: string): void {
    if (performance.now() - this.#lookedOverAt >= LOOKED_OVER_MS) this.lookOver(oddity);
  }

  /** Reads the whole index. @throws DamagedContentError where it contradicts itself */
  lookOver(why = "The index contradicts itself"): void {
    if (!isSound(this.#database)) throw new DamagedContentError(why);
    this.#lookedOverAt = performance.now();
  }

  /** @throws DamagedContentError where all files are called complete, and there are fewer vectors than they have texts */
  checkComplete(): void {
    const counts = this.#prepare(`
      SELECT (SELECT count(DISTINCT key) FROM chunk) AS texts, (SELECT count(*) FROM vector) AS vectors
      WHERE NOT EXISTS (SELECT 1 FROM file WHERE NOT complete)
    `).get() as { texts: number; vectors: number } | undefined;
    if (counts !== undefined && counts.vectors < counts.texts) {
      throw new DamagedContentError(`There are ${counts.vectors} vectors of ${counts.texts} texts that all have one`);
    }
  }

  /** See `LexicalIndex.match`. */
  matchWords(words: readonly string[], limit: number, allowed?: AllowedChunks): LexicalMatch[] {
    return this.#lexical.match(words, limit, allowed && ((id) => allowed.has(id)));
  }

  /** The chunks that the condition lets through and that hold all of these names. */
  allowedChunks(condition: FilterCondition | undefined, names: readonly Name[] = []): AllowedChunks {
    if (names.length === 0) return this.theseChunks(this.#filteredChunks(condition));
    const filtered = condition && new RowSet(this.#filteredChunks(condition));
    return this.theseChunks(this.#lexical.holdingAll(names).filter((id) => filtered?.has(id) ?? true));
  }

  /** A set of chunks that was made up elsewhere. */
  theseChunks(ids: readonly number[]): AllowedChunks {
    const set = new RowSet(ids);
    return { ids, has: (id) => set.has(id), vectorRows: () => this.#vectorRows(ids) };
  }

  #filteredChunks({ sql, parameters, matchesPath }: FilterCondition = NO_CONDITION): number[] {
    this.#matchesPath = matchesPath ?? (() => true);
    const glob = matchesPath === undefined ? "" : "AND matches_path(path)";
    const { ids } = this.#prepare(`
      SELECT group_concat(chunk.id) AS ids FROM file CROSS JOIN chunk ON file_id = file.id WHERE ${sql} ${glob}
    `).get(...parameters) as { ids: string | null };
    return readNumbers(ids);
  }

  /** By their keys it would take a look-up each, from outside of the database. */
  #vectorRows(chunkIds: readonly number[]): RowSet {
    const { rows } = this.#prepare(`
      SELECT group_concat(vector.row) AS rows
      FROM json_each(?) CROSS JOIN chunk ON chunk.id = value JOIN vector ON vector.key = chunk.key
    `).get(JSON.stringify(chunkIds)) as { rows: string | null };
    return new RowSet(readNumbers(rows));
  }

  /** The chunks with these texts. */
  chunksOf(keys: readonly TextKey[]): Map<TextKey, number[]> {
    const rows = this.#prepare(`
      SELECT value AS key, chunk.id AS chunkId FROM json_each(?) CROSS JOIN chunk ON chunk.key = unhex(value)
    `).all(JSON.stringify(keys)) as { key: TextKey; chunkId: number }[];
    return new Map(
      Array.from(
        Map.groupBy(rows, ({ key }) => key),
        ([key, group]) => [key, group.map(({ chunkId }) => chunkId)],
      ),
    );
  }

  /** Where these chunks of the present transaction or snapshot lie, in no order. */
  places(chunkIds: Iterable<number>): ChunkPlace[] {
    const columns = `
      SELECT chunk.id AS chunkId, file.path, start_line AS startLine, end_line AS endLine, lower(hex(chunk.key)) AS key,
        content_hash AS contentHash, symbol_path AS symbolPath, kind, language, definitions, listing
    `;
    const ids = [...chunkIds];
    const rows = this.#rows<PlaceRow>(columns, ids);
    if (rows.length !== ids.length) throw new DamagedContentError(`${rows.length} of ${ids.length} chunks are there`);
    return rows.map(({ listing, definitions, ...row }) => ({
      ...row,
      symbolPath: row.symbolPath ?? undefined,
      kind: row.kind ?? undefined,
      language: row.language ?? undefined,
      definitions: definitions === "" ? [] : definitions.split("\n"),
      isListing: listing === 1,
    }));
  }

  #rows<Row>(select: string, chunkIds: Iterable<number>): Row[] {
    return this.#prepare(`
      ${select} FROM json_each(?) CROSS JOIN chunk ON chunk.id = value JOIN file ON file.id = file_id
    `).all(JSON.stringify([...chunkIds])) as Row[];
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

interface PlaceRow {
  chunkId: number;
  path: string;
  startLine: number;
  endLine: number;
  key: TextKey;
  contentHash: string;
  symbolPath: string | null;
  kind: SymbolKind | null;
  language: string | null;
  definitions: string;
  listing: number;
}
