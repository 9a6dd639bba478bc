import { zstdDecompressSync } from "node:zlib";
import { decodeInto, decodeVector, encodeVector } from "../src/codec/index.ts";
import { zstd9 } from "./codec-rivals.ts";

/** Microseconds a vector. */
export interface Times {
  readonly median: number;
  readonly p99: number;
}

export interface SetTimes {
  /** From the array of numbers that a client hands over. */
  readonly encode: Times;
  /** zstd-9 of the vector's float32 bytes, exact or not. */
  readonly zstdCompress: Times;
  /** Into a given Float64Array. */
  readonly decodeInto: Times;
  /** Into a new array of numbers. */
  readonly decodeVector: Times;
  /** Of the zstd-9 frame of the float32 bytes. */
  readonly zstdDecompress: Times;
  /** A fresh copy of the float32 bytes. */
  readonly copy: Times;
}

const MAX_VECTORS = 60;
const WARM_UP_ROUNDS = 8;

/** Times all in turn for each vector, so that whatever else the machine does falls on all alike. */
export function timeSet(vectors: readonly (readonly number[])[]): SetTimes {
  const taken = vectors.slice(0, MAX_VECTORS);
  const records = taken.map((vector) => encodeVector(vector));
  const float32s = taken.map((vector) => new Uint8Array(Float32Array.from(vector).buffer));
  const frames = float32s.map(zstd9);
  const target = new Float64Array(Math.max(...taken.map((vector) => vector.length)));
  const tasks: readonly ((index: number) => unknown)[] = [
    (index) => encodeVector(taken[index]!),
    (index) => zstd9(float32s[index]!),
    (index) => decodeInto(records[index]!, target),
    (index) => decodeVector(records[index]!),
    (index) => zstdDecompressSync(frames[index]!),
    (index) => float32s[index]!.slice(),
  ];
  const micros: number[][] = tasks.map(() => []);
  const rounds = WARM_UP_ROUNDS + Math.ceil(2000 / taken.length);
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < taken.length; index++) {
      tasks.forEach((task, position) => {
        const start = process.hrtime.bigint();
        task(index);
        const end = process.hrtime.bigint();
        if (round >= WARM_UP_ROUNDS) micros[position]!.push(Number(end - start) / 1000);
      });
    }
  }
  const [encode, zstdCompress, into, vector, zstdDecompress, copy] = micros.map(summary) as [
    Times,
    Times,
    Times,
    Times,
    Times,
    Times,
  ];
  return { encode, zstdCompress, decodeInto: into, decodeVector: vector, zstdDecompress, copy };
}

function summary(micros: readonly number[]): Times {
  const sorted = micros.toSorted((left, right) => left - right);
  return { median: sorted[sorted.length >> 1]!, p99: sorted[Math.floor(0.99 * sorted.length)]! };
}
