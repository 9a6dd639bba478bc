import { hash } from "node:crypto";
import { openIndexFile } from "../../src/index-file.ts";
import { SqliteVectorStore } from "../../src/sqlite-vector-store.ts";
import { type Contestant, mayAnswer } from "./contestant.ts";

/** As an indexer does. */
const BATCH = 64;
const ROW_DIGITS = 8;

/** A hash, as the keys of texts are, with the row at its end. */
function keyOf(row: number): string {
  return hash("sha256", `text ${row}`).slice(ROW_DIGITS) + row.toString(16).padStart(ROW_DIGITS, "0");
}

function rowOf(key: string): number {
  return Number.parseInt(key.slice(-ROW_DIGITS), 16);
}

export const contestant: Contestant = {
  name: "embed-once",
  build(vectors, path) {
    const { database } = openIndexFile(path);
    const store = new SqliteVectorStore(database);
    for (const { rows, numbers } of vectors.batches(BATCH)) {
      store.put(rows.map((row, i) => ({ key: keyOf(row), vector: Array.from(vectors.vector(numbers, i)) })));
    }
    database.close();
  },
  open(path, { count }) {
    const store = new SqliteVectorStore(openIndexFile(path).database);
    let confined: ReturnType<typeof store.rowsOf> | undefined;
    return {
      nearest(query, limit, isConfined) {
        const found = store.nearest(query, limit, isConfined ? confined : undefined);
        return found.map(({ key }) => rowOf(key));
      },
      confine() {
        confined = store.rowsOf(
          Array.from({ length: count }, (_, row) => row)
            .filter(mayAnswer)
            .map(keyOf),
        );
      },
      put: (row, vector) => store.put([{ key: keyOf(row), vector }]),
    };
  },
};
