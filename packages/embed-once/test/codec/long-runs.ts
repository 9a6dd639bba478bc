import { decodeVector, encodeVector, recordInfo } from "../../src/codec/index.ts";
import { CorruptRecordError, UnsupportedRecordError } from "../../src/core/errors.ts";
import { bitsOf, gaussian, STRUCTURES, seededRandom, structured, WRITINGS, written } from "./provider-vectors.ts";

/** The properties that the fast suite checks on a sample, for runs of any length. All are seeded. */

/** Encodes random float32 vectors without any structure, and counts the ones in which one was seen. */
export function accidentalFits(vectors: number, seed: number): { vectors: number; fits: number } {
  const random = seededRandom(seed);
  let fits = 0;
  for (let vector = 0; vector < vectors; vector++) {
    const dimensions = 64 + Math.floor(random() * 192);
    const values = Float32Array.from({ length: dimensions }, () => 0.03 * gaussian(random));
    const { precision } = recordInfo(encodeVector(values));
    if (precision === undefined || precision < 23) fits++;
  }
  return { vectors, fits };
}

/** Round-trips vectors of every structure and writing until so many numbers have been compared by bits. */
export function roundTrips(numbers: number, seed: number): { numbers: number; mismatches: number } {
  const random = seededRandom(seed);
  let compared = 0;
  let mismatches = 0;
  while (compared < numbers) {
    const structure = STRUCTURES[Math.floor(random() * STRUCTURES.length)]!;
    const writing = WRITINGS[Math.floor(random() * WRITINGS.length)]!;
    const dimensions = 1 + Math.floor(2 ** (random() * 12));
    const values = written(structured(structure, dimensions, random), writing);
    while (random() < 0.2) values[Math.floor(random() * dimensions)] = 2 ** (random() * 2000 - 1000);
    const before = bitsOf(values);
    const after = bitsOf(decodeVector(encodeVector(values)));
    if (after.length !== before.length) mismatches++;
    for (let i = 0; i < before.length; i++) if (after[i] !== before[i]) mismatches++;
    compared += dimensions;
  }
  return { numbers: compared, mismatches };
}

/** Decodes random bytes for so long. @returns How many gave anything but one of the two errors. */
export function fuzz(milliseconds: number, seed: number): { decoded: number; accepted: number } {
  const random = seededRandom(seed);
  const end = performance.now() + milliseconds;
  let decoded = 0;
  let accepted = 0;
  while (performance.now() < end) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256);
    bytes[0] = 0xe1;
    bytes[1] = 1;
    decoded++;
    try {
      decodeVector(bytes);
      accepted++;
    } catch (error) {
      if (!(error instanceof CorruptRecordError || error instanceof UnsupportedRecordError)) throw error;
    }
  }
  return { decoded, accepted };
}
