import { questionTokens, tokenize } from "./lexical.ts";
import { change, type DatabaseSync, type StatementSync } from "./sqlite.ts";

/**
 * The full-text side of an index: which chunk holds which words, in its text and in its file's path. No text is stored.
 *
 * FTS5 keeps the postings (with Porter's stemmer); the ranking is ours, because the totals that FTS5's own bm25() uses
 * are not reduced when a row of a contentless table goes, so that its scores would depend on the index's history.
 */
export const LEXICAL_SCHEMA = `
  CREATE VIRTUAL TABLE word USING fts5(
    body, path, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
  );
  CREATE VIRTUAL TABLE word_instance USING fts5vocab(word, instance);
`;

/** A question's words, put through the same stemmer by the same code. One connection's own, in memory. */
const QUESTION_SCHEMA = `
  CREATE VIRTUAL TABLE temp.question USING fts5(
    body, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
  );
  CREATE VIRTUAL TABLE temp.question_word USING fts5vocab(temp, question, row);
`;

/** BM25's usual constants: how soon repetition stops to count, and how much a long text is held against it. */
const SATURATION = 1.2;
const LENGTH_NORMALISATION = 0.75;

/** A word of the path counts as so many in the text: a file's name says what it is about. */
const PATH_WEIGHT = 3;

export interface LexicalMatch {
  chunkId: number;
  /** 0 to 1: which part of the score that a text can reach at most for these words; 0 only without any of them. */
  score: number;
}

export class LexicalIndex {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #clearQuestion: StatementSync;
  readonly #setQuestion: StatementSync;
  readonly #totals: StatementSync;
  readonly #occurrences: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec(QUESTION_SCHEMA);
    this.#insert = database.prepare("INSERT INTO word (rowid, body, path) VALUES (?, ?, ?)");
    this.#delete = database.prepare("DELETE FROM word WHERE rowid = ?");
    this.#clearQuestion = database.prepare("DELETE FROM temp.question WHERE rowid = 1");
    this.#setQuestion = database.prepare("INSERT INTO temp.question (rowid, body) VALUES (1, ?)");
    this.#totals = database.prepare("SELECT count(*) AS chunks, total(words) AS words FROM chunk");
    this.#occurrences = database.prepare(`
      SELECT term, chunk.id AS chunkId, words, sum(col = 'body') AS inBody, sum(col = 'path') AS inPath
      FROM temp.question_word
      CROSS JOIN word_instance USING (term)
      CROSS JOIN chunk ON chunk.id = word_instance.doc
      GROUP BY term, chunk.id
      ORDER BY term
    `);
  }

  /** @param tokens of the chunk's text; their number lies in `chunk.words` */
  insert(chunkId: number, tokens: readonly string[], path: string): void {
    change(this.#insert, chunkId, tokens.join(" "), tokenize(path).join(" "));
  }

  delete(chunkId: number): void {
    change(this.#delete, chunkId);
  }

  /**
   * All chunks with at least one of the question's words, in no order. Scored by BM25F, which weighs the fields before
   * it saturates: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, section 3.6.
   */
  match(question: string): LexicalMatch[] {
    change(this.#clearQuestion);
    change(this.#setQuestion, questionTokens(question).join(" "));
    const totals = this.#totals.get() as unknown as { chunks: number; words: number };
    const averageWords = Math.max(1, totals.words / Math.max(1, totals.chunks));

    const scores = new Map<number, number>();
    let highest = 0;
    for (const occurrences of groupedByTerm(this.#occurrences.all() as unknown as Occurrence[])) {
      const documents = occurrences.length;
      const rarity = Math.log(1 + (totals.chunks - documents + 0.5) / (documents + 0.5));
      highest += rarity;
      for (const { chunkId, words, inBody, inPath } of occurrences) {
        const length = 1 - LENGTH_NORMALISATION + (LENGTH_NORMALISATION * words) / averageWords;
        const frequency = inBody / length + PATH_WEIGHT * inPath;
        scores.set(chunkId, (scores.get(chunkId) ?? 0) + (rarity * frequency) / (frequency + SATURATION));
      }
    }
    return Array.from(scores, ([chunkId, score]) => ({ chunkId, score: score / highest }));
  }
}

interface Occurrence {
  term: string;
  chunkId: number;
  words: number;
  inBody: number;
  inPath: number;
}

function groupedByTerm(occurrences: readonly Occurrence[]): Occurrence[][] {
  const groups: Occurrence[][] = [];
  for (const occurrence of occurrences) {
    const group = groups.at(-1);
    if (group?.[0]?.term === occurrence.term) group.push(occurrence);
    else groups.push([occurrence]);
  }
  return groups;
}
