import { join } from "node:path";
import { expect, test } from "vitest";
import { openIndexFile } from "../src/index-file.ts";
import { DamagedContentError, isDamage, parseStored } from "../src/sqlite.ts";
import { overwrite } from "./support/damage.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail");
}

test("what a caller asks too much of is no damage, missing tables and columns are", () => {
  const { database } = openIndexFile(join(temporaryFolder(), "index.sqlite"));
  const ask = (sql: string, ...parameters: string[]) => errorOf(() => database.prepare(sql).all(...parameters));
  const tooMany = `SELECT 1 WHERE 'a' IN (${new Array(40_000).fill("?").join(", ")})`;
  expect(isDamage(ask(tooMany), database)).toBe(false);
  expect(isDamage(ask(`SELECT 1${" + 1".repeat(5000)}`), database)).toBe(false);
  expect(isDamage(ask("SELECT rowid FROM word WHERE word MATCH ?", '"'), database)).toBe(false);
  expect(isDamage(ask("SELECT 1 FROM gone"))).toBe(true);
  expect(isDamage(ask("SELECT gone FROM file"))).toBe(true);
  database.close();
});

test("where an error may come from either side, the database is asked whether it is sound", () => {
  const path = join(temporaryFolder(), "index.sqlite");
  const { database } = openIndexFile(path);
  database.exec("INSERT INTO meta VALUES ('a', 'b'); PRAGMA wal_checkpoint(TRUNCATE)");
  const error = Object.assign(new Error("too many SQL variables"), { errcode: 1 });
  expect(isDamage(error, database)).toBe(false);
  overwrite(path);
  expect(isDamage(error, database)).toBe(true);
  database.close();
});

test("a stored text that is no JSON any more is damage", () => {
  expect(parseStored('{"a":1}')).toEqual({ a: 1 });
  expect(() => parseStored('{"a":')).toThrow(DamagedContentError);
});
