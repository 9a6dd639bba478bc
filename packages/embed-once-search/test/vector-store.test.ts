import { createHash } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { gaussian, seededRandom } from "../../embed-once/test/codec/provider-vectors.ts";
import { openIndexFile } from "../src/index-file.ts";
import { RowSet } from "../src/row-set.ts";
import { DamagedContentError, snapshot } from "../src/sqlite.ts";
import { SqliteVectorStore } from "../src/sqlite-vector-store.ts";
import type { Neighbour, VectorEntry, VectorStore } from "../src/vector-store.ts";
import { MemoryVectorStore } from "./support/memory-vector-store.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const key = (name: unknown): string => createHash("sha256").update(String(name)).digest("hex");

function openSqliteStore(): VectorStore {
  const { database } = openIndexFile(join(temporaryFolder(), "index.sqlite"));
  onTestFinished(() => database.close());
  return new SqliteVectorStore(database);
}

const implementations: [string, () => VectorStore][] = [
  ["in memory", () => new MemoryVectorStore()],
  ["in SQLite", openSqliteStore],
];

describe.each(implementations)("a vector store %s", (_name, open) => {
  test("gives every float64 back with the same bits", () => {
    const store = open();
    const vector = [-0, 0, Number.MIN_VALUE, -Number.MAX_VALUE, 0.1, 1 / 3, 2 ** -1074, 1e300];
    store.put([{ key: key("a"), vector }]);
    const bits = (values: readonly number[]): ArrayBuffer => new Float64Array(values).buffer;
    expect(bits(store.get(key("a"))!)).toEqual(bits(vector));
    expect(store.get(key("b"))).toBeUndefined();
  });

  test("says what is missing, and counts", () => {
    const store = open();
    expect([store.count(), store.dimensions(), store.keys()]).toEqual([0, undefined, []]);
    store.put([
      { key: key("a"), vector: [1, 0] },
      { key: key("b"), vector: [0, 1] },
    ]);
    expect(store.missing([key("c"), key("a"), key("d")])).toEqual([key("c"), key("d")]);
    expect([store.count(), store.dimensions(), store.keys().sort()]).toEqual([2, 2, [key("a"), key("b")].sort()]);
  });

  test("puts the last vector of a key in place of an earlier one", () => {
    const store = open();
    store.put([{ key: key("a"), vector: [1, 0] }]);
    store.put([{ key: key("a"), vector: [0, 1] }]);
    expect([store.count(), store.get(key("a"))]).toEqual([1, [0, 1]]);
    expect(store.nearest([0, 1], 5)).toEqual([{ key: key("a"), similarity: 1 }]);
  });

  test("refuses a vector of another length, an empty one and one that is not finite, and stores nothing of the call", () => {
    const store = open();
    store.put([{ key: key("a"), vector: [1, 0] }]);
    for (const vector of [[1], [1, 2, 3], [], [1, Number.NaN], [Number.POSITIVE_INFINITY, 1]]) {
      const entries = [
        { key: key("good"), vector: [1, 1] },
        { key: key("bad"), vector },
      ];
      expect(() => store.put(entries)).toThrow(RangeError);
    }
    expect(store.keys()).toEqual([key("a")]);
  });

  test("is free for another length once it was emptied", () => {
    const store = open();
    store.put([{ key: key("a"), vector: [1, 0] }]);
    store.delete([key("a"), key("never there")]);
    expect(store.dimensions()).toBeUndefined();
    store.put([{ key: key("b"), vector: [1, 2, 3] }]);
    expect(store.dimensions()).toBe(3);
  });

  test("finds by the angle alone, whatever the lengths are", () => {
    const store = open();
    store.put([
      { key: key("same way, tiny"), vector: [1e-200, 1e-200] },
      { key: key("same way, huge"), vector: [1e200, 1e200] },
      { key: key("across"), vector: [5, -5] },
      { key: key("against"), vector: [-1, -1] },
      { key: key("nothing"), vector: [0, 0] },
    ]);
    const found = store.nearest([3, 3], 10);
    expect(found.map(({ similarity }) => Math.round(similarity * 1e6) / 1e6)).toEqual([1, 1, 0, 0, -1]);
    expect(found.slice(0, 2).map((neighbour) => neighbour.key)).toEqual(
      [key("same way, tiny"), key("same way, huge")].sort(),
    );
  });

  test("answers with nothing where it is empty or nothing is asked for, and refuses a query of another length", () => {
    const store = open();
    expect(store.nearest([1, 2, 3], 10)).toEqual([]);
    store.put([{ key: key("a"), vector: [1, 0] }]);
    expect(store.nearest([1, 0], 0)).toEqual([]);
    expect(() => store.nearest([1, 0, 0], 1)).toThrow(RangeError);
  });

  test("keeps nothing of what it was given and gives nothing of what it keeps", () => {
    const store = open();
    const vector = [1, 2];
    store.put([{ key: key("a"), vector }]);
    vector[0] = 99;
    store.get(key("a"))![1] = 99;
    expect(store.get(key("a"))).toEqual([1, 2]);
  });

  test("orders equal similarities by key, those of vectors or queries without length too", () => {
    const store = open();
    const names = ["a", "b", "c", "d", "e"].map(key).sort();
    store.put(names.map((name, index) => ({ key: name, vector: index % 2 === 0 ? [0, 0] : [3, 4] })).reverse());
    const found = (query: number[], limit: number): string[] => store.nearest(query, limit).map((item) => item.key);
    expect(found([3, 4], 9)).toEqual([1, 3, 0, 2, 4].map((index) => names[index]));
    expect(found([3, 4], 1)).toEqual([names[1]]);
    expect(found([-3, -4], 4)).toEqual([0, 2, 4, 1].map((index) => names[index]));
    expect(store.nearest([0, 0], 3)).toEqual(names.slice(0, 3).map((name) => ({ key: name, similarity: 0 })));
  });

  test("refuses a query that is not finite and a limit that is no count", () => {
    const store = open();
    store.put([{ key: key("a"), vector: [1, 0] }]);
    expect(() => store.nearest([1, Number.NaN], 1)).toThrow("must be finite, got NaN at index 1");
    for (const limit of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => store.nearest([1, 0], limit)).toThrow(`limit must be a whole number of at least 0, got ${limit}`);
    }
  });

  test("answers from given rows as if there were no others", () => {
    const store = open();
    const names = Array.from({ length: 600 }, (_, index) => key(index));
    const vectors = names.map((_, index) => [Math.cos(index / 300), Math.sin(index / 300)]);
    store.put(names.map((name, index) => ({ key: name, vector: vectors[index]! })));
    const few = names.filter((_, index) => index % 50 === 49);
    const among = store.rowsOf([...few, key("not there")]);
    expect(among.size).toBe(few.length);
    const expected = few.map((name) => ({ key: name, similarity: Math.fround(vectors[names.indexOf(name)]![0]!) }));
    const found = store.nearest([1, 0], 5, among);
    expect(found.map((item) => item.key)).toEqual(few.slice(0, 5));
    for (const [index, item] of found.entries()) expect(item.similarity).toBeCloseTo(expected[index]!.similarity, 6);
    expect(store.nearest([1, 0], 100, among)).toHaveLength(few.length);
    expect(store.nearest([0, 0], 3, among).map((item) => item.key)).toEqual(few.toSorted().slice(0, 3));
    expect(store.nearest([1, 0], 5, new RowSet())).toEqual([]);
    expect(store.nearest([1, 0], 5, new RowSet([1_000_000]))).toEqual([]);
  });

  test("keeps a vector's row when it is put again and others are deleted", () => {
    const store = open();
    const names = Array.from({ length: 40 }, (_, index) => key(index));
    store.put(names.map((name, index) => ({ key: name, vector: [1, index] })));
    const rows = store.rowsOf([names[7]!, names[30]!]);
    store.delete(names.slice(0, 5));
    store.put([{ key: names[7]!, vector: [-1, 0] }]);
    expect(store.nearest([-1, 0], 5, rows).map((item) => item.key)).toEqual([names[7], names[30]]);
  });
});

describe("the SQLite store", () => {
  /** Of every kind that a code could stumble over; integers make ties. */
  const forms: Record<string, (random: () => number) => number> = {
    "small integers": (random) => Math.floor(random() * 7) - 3,
    sparse: (random) => (random() < 0.03 ? gaussian(random) : 0),
    Gaussian: gaussian,
    "all positive": (random) => 1 + random() / 10,
  };

  test.each(
    [1, 2, 7, 16, 17, 64, 130, 384, 700, 1536].flatMap((dimensions) =>
      Object.keys(forms).map((form) => [form, dimensions] as const),
    ),
  )("finds what a scan in float64 finds: %s, %i dimensions", (form, dimensions) => {
    const random = seededRandom(20_261 + dimensions);
    const [store, model] = [openSqliteStore(), new MemoryVectorStore()];
    const count = dimensions < 200 ? 700 : 300;
    const make = (): number[] => {
      const length = 10 ** Math.floor(random() * 300 - 150);
      return Array.from({ length: dimensions }, () => forms[form]!(random) * length);
    };
    const entries = Array.from({ length: count }, (_, index) => ({ key: key(index), vector: make() }));
    const few = entries.map((entry) => entry.key).filter(() => random() < 0.05);
    for (const each of [store, model]) {
      each.put(entries);
      each.delete(entries.flatMap((entry, index) => (index % 7 === 0 ? [entry.key] : [])));
    }
    for (let round = 0; round < 4; round++) {
      const query = make();
      expectSame(store.nearest(query, 10), model.nearest(query, 10));
      expectSame(store.nearest(query, 10, store.rowsOf(few)), model.nearest(query, 10, model.rowsOf(few)));
    }
  });

  test("and another connection's see the same after any changes, also those that were rolled back", () => {
    const dimensions = 3;
    const change = fc.record({
      by: fc.nat(1),
      isRolledBack: fc.boolean(),
      isAsked: fc.boolean(),
      deleted: fc.array(fc.nat(600), { maxLength: 40 }),
      put: fc.array(fc.tuple(fc.nat(600), fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 })), {
        maxLength: 300,
      }),
    });
    const query = [1, 2, -3];
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const path = join(temporaryFolder(), "index.sqlite");
        const connections = [0, 1].map(() => openIndexFile(path).database);
        const stores = connections.map((database) => new SqliteVectorStore(database));
        const model = new MemoryVectorStore();
        for (const { by, isRolledBack, isAsked, deleted, put } of changes) {
          const entries = put.map(([name, vector]) => ({ key: key(name), vector }));
          const apply = (store: VectorStore): void => {
            store.delete(deleted.map(key));
            store.put(entries);
          };
          const tried = new MemoryVectorStore();
          tried.put(model.keys().map((name) => ({ key: name, vector: model.get(name)! })));
          apply(tried);
          connections[by]!.exec("BEGIN IMMEDIATE");
          apply(stores[by]!);
          if (isAsked) {
            expectSame(stores[by]!.nearest(query, 20), tried.nearest(query, 20));
            expectSame(stores[1 - by]!.nearest(query, 20), model.nearest(query, 20));
          }
          connections[by]!.exec(isRolledBack ? "ROLLBACK" : "COMMIT");
          if (!isRolledBack) apply(model);
          for (const store of stores) {
            expect([store.count(), store.dimensions()]).toEqual([
              model.count(),
              model.count() ? dimensions : undefined,
            ]);
            expectSame(store.nearest(query, 20), model.nearest(query, 20));
          }
        }
        for (const database of connections) database.close();
      }),
      { seed: 20_261, numRuns: 25 },
    );
  });

  test("sees in a snapshot what it held, whatever others write meanwhile", () => {
    const path = join(temporaryFolder(), "index.sqlite");
    const [reading, writing] = [openIndexFile(path).database, openIndexFile(path).database];
    const [reader, writer] = [new SqliteVectorStore(reading), new SqliteVectorStore(writing)];
    writer.put([{ key: key("old"), vector: [1, 0] }]);
    snapshot(reading, () => {
      expect(reader.nearest([1, 0], 5)).toHaveLength(1);
      writer.delete([key("old")]);
      writer.put([
        { key: key("new"), vector: [1, 0, 0] },
        { key: key("newer"), vector: [0, 1, 0] },
      ]);
      expect(reader.nearest([1, 0], 5).map((item) => item.key)).toEqual([key("old")]);
    });
    expect(reader.nearest([1, 0, 0], 5).map((item) => item.key)).toEqual([key("new"), key("newer")]);
    for (const database of [reading, writing]) database.close();
  });

  test("takes the rows of deleted vectors for new ones", () => {
    const { database } = openIndexFile(join(temporaryFolder(), "index.sqlite"));
    onTestFinished(() => database.close());
    const store = new SqliteVectorStore(database);
    const entries = (from: number, count: number): VectorEntry[] =>
      Array.from({ length: count }, (_, index) => ({ key: key(from + index), vector: [from + index, 1] }));
    store.put(entries(0, 300));
    for (let round = 1; round < 20; round++) {
      store.delete(entries(300 * (round - 1), 299).map((entry) => entry.key));
      store.put(entries(300 * round, 299));
    }
    const { rows } = database.prepare("SELECT max(row) + 1 AS rows FROM vector").get() as { rows: number };
    expect([store.count(), rows]).toEqual([300, 300]);
  });

  test.each([
    ["a record that cannot be decoded", "UPDATE vector SET record = zeroblob(length(record)) WHERE row = 1"],
    ["a record that is none", "UPDATE vector SET record = 'text' WHERE row = 1"],
    ["a sketch without a vector", "DELETE FROM vector WHERE row = 1"],
    ["a vector without a sketch", "DELETE FROM vector_sketch; UPDATE vector_state SET stamp = stamp + 1"],
    [
      "sketches of another length",
      "UPDATE vector_sketch SET sketches = x'00', stamp = 1; UPDATE vector_state SET stamp = 1",
    ],
    ["no length", "UPDATE vector_state SET dimensions = 0"],
  ])("says that it is damaged where it meets %s", (_name, damage) => {
    const { database } = openIndexFile(join(temporaryFolder(), "index.sqlite"));
    onTestFinished(() => database.close());
    const store = new SqliteVectorStore(database);
    store.put([0, 1, 2].map((index) => ({ key: key(index), vector: [index, 1] })));
    database.exec(damage);
    expect(() => store.nearest([1, 1], 3)).toThrow(DamagedContentError);
  });

  test("answers among thousands that are all the same, in the order of their keys", () => {
    const store = openSqliteStore();
    const names = Array.from({ length: 3000 }, (_, index) => key(index)).sort();
    store.put(names.map((name) => ({ key: name, vector: [1, 2, 3] })).reverse());
    expect(store.nearest([1, 2, 3], 4)).toEqual(names.slice(0, 4).map((name) => ({ key: name, similarity: 1 })));
  });
});

/** The same similarities; the same keys but where two differ by less than float32 tells. */
function expectSame(found: readonly Neighbour[], expected: readonly Neighbour[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [index, { key: name, similarity }] of found.entries()) {
    const wanted = expected[index]!;
    expect(Math.abs(similarity - wanted.similarity)).toBeLessThan(1e-6);
    const isTied = [expected[index - 1], expected[index + 1]].some(
      (other) => other !== undefined && Math.abs(other.similarity - wanted.similarity) < 1e-6,
    );
    // The last one may be as near as the first one that is out.
    if (!isTied && index < expected.length - 1) expect(name).toBe(wanted.key);
  }
}
