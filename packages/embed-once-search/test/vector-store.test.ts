import { createHash } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { openIndexFile } from "../src/index-file.ts";
import { SqliteVectorStore } from "../src/sqlite-vector-store.ts";
import type { VectorStore } from "../src/vector-store.ts";
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
});

test("the SQLite store finds what a scan in float64 finds, over several blocks and after deletions", () => {
  const vector = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 7, maxLength: 7 });
  fc.assert(
    fc.property(fc.array(vector, { minLength: 1200, maxLength: 1400 }), vector, (vectors, query) => {
      const stores = [new MemoryVectorStore(), openSqliteStore()];
      const [expected, found] = stores.map((store) => {
        store.put(vectors.map((values, index) => ({ key: key(index), vector: values })));
        store.delete(vectors.flatMap((_, index) => (index % 5 === 0 ? [key(index)] : [])));
        return store.nearest(query, 20);
      });
      for (const [index, neighbour] of found!.entries()) {
        expect(neighbour.similarity).toBeCloseTo(expected![index]!.similarity, 5);
      }
      expect(found).toHaveLength(20);
    }),
    { seed: 20_261, numRuns: 4 },
  );
});
