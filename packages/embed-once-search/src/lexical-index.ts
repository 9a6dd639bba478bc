import { characters, type Name, tokenize } from "./lexical.ts";
import { ScoreBoard } from "./score-board.ts";
import { change, type DatabaseSync, readNumbers, type StatementSync } from "./sqlite.ts";

/**
 * The full-text side of an index: which chunk holds which words, and how strongly. No text is stored.
 *
 * A word's weight in a chunk is worked out when the chunk is written, and rounded to one of six grades; the word is then
 * stored with its grade as first character: `5checksum`. So a list of chunks holds equal weights, a question reads the
 * lists that say most first, and long lists only until there are enough chunks: impact-ordered evaluation, Anh and
 * Moffat, Pruned Query Evaluation Using Pre-Computed Impacts, SIGIR 2006. FTS5 stems the words, keeps the lists and merges
 * them; positions it need not keep. Its own bm25() looks at every row of every list, and its totals are not reduced when a
 * row of a contentless table goes.
 */
export const LEXICAL_SCHEMA = `
  CREATE VIRTUAL TABLE word USING fts5(
    graded, content = '', contentless_delete = 1, detail = none, tokenize = 'porter ascii'
  );
`;

/**
 * Grades of a word's weight, written as one digit: to Porter's stemmer, a digit is one more consonant. More would be more
 * lists to open for each word.
 */
const GRADES = 6;

/** Weights of 0 to 1 that are less than this share the lowest grade: single words of very long texts. */
const LOWEST_WEIGHT = 0.25;

/** BM25's usual constants: how soon repetition stops to count, and how much a long text is held against it. */
const SATURATION = 1.2;
const LENGTH_NORMALISATION = 0.75;

/** Tokens of a text of usual length. A constant, not the index's average: weights must not depend on what else it holds. */
const USUAL_LENGTH = 180;

/** A word of these counts as so many in a text of usual length: names say what a thing is about, a body what it uses. */
const DEFINITION_WEIGHT = 5;
const FILE_NAME_WEIGHT = 3;
const SYMBOL_PATH_WEIGHT = 1.5;
const FOLDER_WEIGHT = 1;

/** A longer list takes long: it is only read where the lists that say more have not found enough. */
const MAX_LENGTH = 2000;

/** Words of a question that are looked up, the first ones of a longer text; each takes a bit of an integer. */
const MAX_TERMS = 32;

/** What a chunk is found by. */
export interface LexicalFields {
  text: string;
  /** Of the file, with `/`. */
  path: string;
  symbolPath?: string | undefined;
  definitions: readonly string[];
}

export interface LexicalMatch {
  chunkId: number;
  /** 0 to 1: which part of the score that a text can reach at most for these words. */
  score: number;
}

export class LexicalIndex {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #chunks: StatementSync;
  readonly #dataVersion: StatementSync;
  /** How many chunks there are; `undefined` until it is needed, as counting reads the whole table. */
  #chunkCount: number | undefined;
  #countedVersion = -1;
  readonly #board = new ScoreBoard();
  readonly #lists: StatementSync;
  readonly #list: StatementSync;
  readonly #settle: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare("INSERT INTO word (rowid, graded) VALUES (?, ?)");
    this.#delete = database.prepare("DELETE FROM word WHERE rowid = ?");
    this.#chunks = database.prepare("SELECT count(*) AS count FROM chunk");
    // Another number after each commit of another connection.
    this.#dataVersion = database.prepare("PRAGMA data_version");
    // Ids as one string: a row for each would take longer.
    this.#lists = database.prepare(`
      SELECT (
        SELECT group_concat(rowid) FROM (SELECT rowid FROM word WHERE word MATCH value LIMIT ${MAX_LENGTH})
      ) AS ids FROM json_each(?) ORDER BY key
    `);
    this.#list = database.prepare("SELECT group_concat(rowid) AS ids FROM word WHERE word MATCH ?");
    this.#settle = database.prepare(`
      SELECT chunk.id FROM json_each(?) CROSS JOIN chunk ON chunk.id = value JOIN file ON file.id = file_id
      ORDER BY listing, length(file.path), file.path, start_line LIMIT ?
    `);
  }

  insert(chunkId: number, fields: LexicalFields): void {
    this.#chunkCount = undefined;
    change(this.#insert, chunkId, gradedTokens(fields).join(" "));
  }

  delete(chunkId: number): void {
    this.#chunkCount = undefined;
    change(this.#delete, chunkId);
  }

  /**
   * The `limit` chunks that hold these words best, in no order. Of those that are as good as the last of them, the ones
   * in the shortest paths: which ones must not depend on the index's history, as the ids do.
   *
   * A chunk scores for each word the word's rarity (BM25's) times the weight of its grade. A long list that comes when
   * `limit` chunks are found already is passed over: it could only add to the scores of what it shares with others.
   *
   * @param words tokens of `tokenize`, distinct
   * @param isAllowed asked before anything is counted, so that chunks that may not answer are never taken for enough
   */
  match(words: readonly string[], limit: number, isAllowed?: (chunkId: number) => boolean): LexicalMatch[] {
    const board = this.#board;
    board.clear();
    for (const { query, chunkIds, term, score } of this.#listsOf(words.slice(0, MAX_TERMS))) {
      const isLong = chunkIds.length === MAX_LENGTH;
      if (isLong && board.size >= limit) continue;
      board.add(isLong ? this.#read(query) : chunkIds, term, score, isAllowed);
    }
    const best = board.best(limit).map(({ id, score }) => ({ chunkId: id, score }));
    if (best.length <= limit) return best;
    const last = best[limit - 1]!.score;
    const sure = best.filter(({ score }) => score > last);
    const tied = best.slice(sure.length).map(({ chunkId }) => chunkId);
    const settled = this.#settle.all(JSON.stringify(tied), limit - sure.length) as { id: number }[];
    return [...sure, ...settled.map(({ id }) => ({ chunkId: id, score: last }))];
  }

  /** The chunks that hold each of these names, as one or in its parts, in ascending order. */
  holdingAll(names: readonly Name[]): number[] {
    const anyGrade = (word: string): string => `(${gradesOf(word).join(" OR ")})`;
    const anyForm = ({ parts, whole }: Name): string => {
      const inParts = parts.map(anyGrade).join(" AND ");
      return whole === undefined ? inParts : `(${anyGrade(whole)} OR (${inParts}))`;
    };
    return names.length === 0 ? [] : this.#read(names.map(anyForm).join(" AND "));
  }

  /** The lists of all words and grades that are not empty, those that add most to a score first. */
  #listsOf(words: readonly string[]): List[] {
    const chunks = this.#countChunks();
    const queries = words.flatMap(gradesOf);
    const rows = this.#lists.all(JSON.stringify(queries)) as { ids: string | null }[];
    const lists = rows.map(({ ids }) => readNumbers(ids));
    const rarities = words.map((_, term) => {
      const ofTerm = lists.slice(term * GRADES, (term + 1) * GRADES);
      const holding = Math.min(
        chunks,
        ofTerm.reduce((sum, { length }) => sum + length, 0),
      );
      return Math.log(1 + (chunks - holding + 0.5) / (holding + 0.5));
    });
    // A word that no chunk holds counts, too: what answers the other words answers only a part of the question.
    const highest = rarities.reduce((sum, rarity) => sum + rarity, 0);
    return lists
      .map((chunkIds, index) => {
        const [term, grade] = [Math.floor(index / GRADES), index % GRADES];
        const score = (rarities[term]! * weightOf(grade)) / highest;
        return { query: queries[index]!, chunkIds, term, score };
      })
      .filter(({ chunkIds }) => chunkIds.length > 0)
      .sort((a, b) => b.score - a.score);
  }

  #countChunks(): number {
    const { data_version: version } = this.#dataVersion.get() as { data_version: number };
    if (this.#chunkCount === undefined || version !== this.#countedVersion) {
      this.#chunkCount = (this.#chunks.get() as { count: number }).count;
      this.#countedVersion = version;
    }
    return this.#chunkCount;
  }

  #read(query: string): number[] {
    return readNumbers((this.#list.get(query) as { ids: string | null }).ids);
  }
}

interface List {
  /** As FTS5 takes it. */
  query: string;
  /** In ascending order, `MAX_LENGTH` at most. */
  chunkIds: readonly number[];
  /** 0 to 31 */
  term: number;
  /** What it adds to the score of a chunk. */
  score: number;
}

/** The words of a chunk, each once, with its grade before it. */
function gradedTokens({ text, path, symbolPath = "", definitions }: LexicalFields): string[] {
  const frequencies = new Map<string, number>();
  const count = (tokens: readonly string[], weight: number): void => {
    for (const token of tokens) frequencies.set(token, (frequencies.get(token) ?? 0) + weight);
  };
  const body = tokenize(text);
  const bodyWeight = 1 / (1 - LENGTH_NORMALISATION + (LENGTH_NORMALISATION * body.length) / USUAL_LENGTH);
  count(body, bodyWeight);
  count(characters(text), bodyWeight);
  const slash = path.lastIndexOf("/");
  count([...new Set(tokenize(path.slice(slash + 1)))], FILE_NAME_WEIGHT);
  count([...new Set(tokenize(path.slice(0, slash + 1)))], FOLDER_WEIGHT);
  count([...new Set(tokenize(symbolPath))], SYMBOL_PATH_WEIGHT);
  count([...new Set(definitions.flatMap(tokenize))], DEFINITION_WEIGHT);
  return Array.from(frequencies, ([token, frequency]) => `${gradeOf(frequency / (frequency + SATURATION))}${token}`);
}

function gradeOf(weight: number): number {
  return Math.max(0, Math.floor((GRADES * (weight - LOWEST_WEIGHT)) / (1 - LOWEST_WEIGHT)));
}

/** The middle of a grade's weights. */
function weightOf(grade: number): number {
  return LOWEST_WEIGHT + ((grade + 0.5) * (1 - LOWEST_WEIGHT)) / GRADES;
}

/** A word in all its grades, quoted as FTS5 wants it. */
function gradesOf(word: string): string[] {
  return Array.from({ length: GRADES }, (_, grade) => `"${grade}${word}"`);
}
