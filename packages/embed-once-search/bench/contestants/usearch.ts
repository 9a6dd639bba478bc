import { availableParallelism } from "node:os";
import { type Contestant, load, mayAnswer, PLACES } from "./contestant.ts";

const BATCH = 1000;

const { Index, MetricKind, ScalarKind } = await load("usearch");

/** The library's own defaults, but for half precision: half of the memory and of the time, recall all but the same. */
// biome-ignore lint/suspicious/noExplicitAny: its types are not installed with the workspace
function newIndex(dimensions: number): any {
  return new Index({
    dimensions,
    metric: MetricKind.Cos,
    quantization: ScalarKind.F16,
    connectivity: 16,
    expansion_add: 128,
    expansion_search: 64,
    multi: false,
  });
}

/**
 * A graph (HNSW), searched in the mapped file. Its interface for JavaScript has no filter: a confined search asks for as
 * many more as it will drop.
 */
export const contestant: Contestant = {
  name: "usearch, HNSW",
  build(vectors, path) {
    const index = newIndex(vectors.dimensions);
    for (const { rows, numbers } of vectors.batches(BATCH)) {
      index.add(BigUint64Array.from(rows, BigInt), numbers, availableParallelism());
    }
    index.save(path);
  },
  open(path, { count, dimensions }) {
    const index = newIndex(dimensions);
    index.view(path);
    return {
      nearest(query, limit, isConfined) {
        const asked = Math.min(count, isConfined ? limit * PLACES : limit);
        const rows = Array.from(index.search(Float32Array.from(query), asked, 1).keys as BigUint64Array, Number);
        return isConfined ? rows.filter(mayAnswer).slice(0, limit) : rows;
      },
    };
  },
};
