import { mkdirSync } from "node:fs";
import { type Contestant, load, placeOf, type VectorFile } from "./contestant.ts";

const BATCH = 5000;
/** Candidates of the index, in answers wanted, whose exact vectors are read. Without, half of the answers are wrong. */
const REFINE = 10;

const { connect, Index } = await load("@lancedb/lancedb");
const arrow = await load("apache-arrow");

/** A batch in its columnar form, without a copy of the numbers. */
function tableOf({ dimensions }: VectorFile, rows: readonly number[], numbers: Float32Array): object {
  const item = arrow.makeData({ type: new arrow.Float32(), data: numbers });
  const type = new arrow.FixedSizeList(dimensions, new arrow.Field("item", new arrow.Float32(), true));
  const vector = arrow.makeData({ type, length: rows.length, child: item, nullCount: 0 });
  const column = (values: readonly number[]) =>
    arrow.makeData({ type: new arrow.Int32(), data: Int32Array.from(values) });
  return new arrow.Table({
    row: new arrow.Vector([column(rows)]),
    place: new arrow.Vector([column(rows.map(placeOf))]),
    vector: new arrow.Vector([vector]),
  });
}

/**
 * A columnar database in files, with its index by partitions and sketches (RaBitQ) as it is built without options. The
 * place has an index of its own.
 */
export const contestant: Contestant = {
  name: "LanceDB, IVF_RQ",
  async build(vectors, path) {
    mkdirSync(path);
    const database = await connect(path);
    // biome-ignore lint/suspicious/noExplicitAny: its types are not installed with the workspace
    let table: any;
    for (const { rows, numbers } of vectors.batches(BATCH)) {
      const batch = tableOf(vectors, rows, numbers);
      if (table === undefined) table = await database.createTable("item", batch);
      else await table.add(batch);
    }
    await table.createIndex("place", { config: Index.bitmap() });
    await table.createIndex("vector", { config: Index.ivfRq({ distanceType: "cosine" }) });
    await table.optimize();
  },
  async open(path) {
    const table = await (await connect(path)).openTable("item");
    return {
      async nearest(query, limit, isConfined) {
        const search = table.query().nearestTo(Array.from(query)).distanceType("cosine").refineFactor(REFINE);
        if (isConfined) search.where("place = 0");
        const found = await search.select(["row", "_distance"]).limit(limit).toArray();
        return found.map(({ row }: { row: number }) => row);
      },
    };
  },
};
