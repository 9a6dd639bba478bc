/** Vectors to search in, and queries near to them. Seeded, or of a folder's files: the same in every run. */
import { LocalEmbedder } from "../../embed-once/src/provider/local.ts";
import { gaussian, roundSignificand, seededRandom } from "../../embed-once/test/codec/provider-vectors.ts";
import { readSourceFile } from "../src/source-file.ts";
import { walk } from "../src/walk.ts";

export interface VectorSet {
  readonly name: string;
  readonly dimensions: number;
  readonly count: number;
  /** One vector after the other; all numbers are float32s. */
  readonly numbers: Float32Array;
  readonly queries: number[][];
}

export function vectorOf({ numbers, dimensions }: VectorSet, row: number): Float32Array {
  return numbers.subarray(row * dimensions, (row + 1) * dimensions);
}

const SEED = 20_261_124;
/** Vectors around one centre, as texts are that speak of the same. */
const CLUSTER_SIZE = 50;
/** How far they are scattered: with 1, the cosine of two of them is about 1/2. */
const SCATTER = 0.9;

/**
 * Gaussian clusters, each vector in the number form of OpenAI's: half precision, scaled to length 1 in float32. Queries
 * come from the same clusters.
 */
export function clusteredVectors(count: number, dimensions: number, queries: number): VectorSet {
  const random = seededRandom(SEED);
  // Gaussian numbers are drawn from a pool, at random places: a tenth of the time, and nobody sees the difference.
  const pool = Float32Array.from({ length: 1 << 20 }, () => gaussian(random));
  const clusters = Math.ceil(count / CLUSTER_SIZE);
  const centreAt = Uint32Array.from({ length: clusters }, () => random() * (pool.length - dimensions));
  const fill = (target: Float32Array): void => {
    const centre = centreAt[Math.floor(random() * clusters)]!;
    const scatter = Math.floor(random() * (pool.length - dimensions));
    let squares = 0;
    for (let i = 0; i < dimensions; i++) {
      const value = roundSignificand((pool[centre + i]! + SCATTER * pool[scatter + i]!) / 32, 11);
      target[i] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let i = 0; i < dimensions; i++) target[i]! /= length;
  };
  const numbers = new Float32Array(count * dimensions);
  for (let row = 0; row < count; row++) fill(numbers.subarray(row * dimensions, (row + 1) * dimensions));
  const asked = Array.from({ length: queries }, () => {
    const query = new Float32Array(dimensions);
    fill(query);
    return Array.from(query);
  });
  return { name: "clustered", dimensions, count, numbers, queries: asked };
}

const PIECE_LINES = 40;
const QUESTION_LINES = 3;

/**
 * The `local` embedder's vectors of the pieces of 40 lines of a folder's files, at most `limit` of them. Some pieces are
 * held back; three lines of each are the queries.
 */
export async function repositoryVectors(
  folder: string,
  limit: number,
  dimensions: number,
  queries: number,
): Promise<VectorSet> {
  const random = seededRandom(SEED);
  const pieces = shuffled([...new Set(readPieces(folder))], random);
  const asked = pieces.slice(0, queries).map((piece) => {
    const lines = piece.split("\n").filter((line) => line.trim() !== "");
    const first = Math.floor(random() * Math.max(1, lines.length - QUESTION_LINES));
    return lines.slice(first, first + QUESTION_LINES).join("\n");
  });
  const kept = pieces.slice(queries, queries + limit);
  if (kept.length === 0) throw new Error(`${folder} holds too little text: expected more than ${queries} pieces.`);
  const embedder = new LocalEmbedder({ dimensions });
  const numbers = new Float32Array(kept.length * dimensions);
  for (const [row, piece] of kept.entries()) {
    numbers.set((await embedder.createEmbeddings([piece])).embeddings[0]!, row * dimensions);
  }
  const { embeddings } = await embedder.createEmbeddings(asked);
  return { name: "local", dimensions, count: kept.length, numbers, queries: embeddings };
}

function* readPieces(folder: string): Generator<string> {
  for (const step of walk(folder)) {
    if ("skipped" in step) continue;
    const source = readSourceFile(folder, step.file.path);
    if ("skipped" in source) continue;
    const lines = source.text.split("\n");
    for (let first = 0; first < lines.length; first += PIECE_LINES) {
      const piece = lines.slice(first, first + PIECE_LINES).join("\n");
      if (piece.trim() !== "") yield piece;
    }
  }
}

/** Fisher and Yates. */
function shuffled<Item>(items: Item[], random: () => number): Item[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}
