import { DatabaseSync } from "node:sqlite";
import { type Contestant, load, placeOf } from "./contestant.ts";

const BATCH = 1000;

const { load: loadInto } = await load("sqlite-vec");

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { allowExtension: true });
  loadInto(database);
  return database;
}

const bytesOf = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);

/** It compares the question with every vector: exact, and in time with their number. The place is a metadata column. */
export const contestant: Contestant = {
  name: "sqlite-vec",
  build(vectors, path) {
    const database = openDatabase(path);
    database.exec(
      `CREATE VIRTUAL TABLE item USING vec0(place INTEGER, vector FLOAT[${vectors.dimensions}] distance_metric=cosine)`,
    );
    const insert = database.prepare("INSERT INTO item (rowid, place, vector) VALUES (?, ?, ?)");
    for (const { rows, numbers } of vectors.batches(BATCH)) {
      database.exec("BEGIN");
      rows.forEach((row, i) => {
        insert.run(BigInt(row), BigInt(placeOf(row)), bytesOf(vectors.vector(numbers, i)));
      });
      database.exec("COMMIT");
    }
    database.close();
  },
  open(path) {
    const database = openDatabase(path);
    const all = database.prepare("SELECT rowid FROM item WHERE vector MATCH ? AND k = ?");
    const confined = database.prepare("SELECT rowid FROM item WHERE vector MATCH ? AND k = ? AND place = 0");
    return {
      nearest(query, limit, isConfined) {
        const found = (isConfined ? confined : all).all(bytesOf(Float32Array.from(query)), BigInt(limit));
        return found.map(({ rowid }) => Number(rowid));
      },
    };
  },
};
