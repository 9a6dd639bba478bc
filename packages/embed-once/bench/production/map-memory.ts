/** Private memory of so many vectors as `number[]` in a Map, bytes. Argument: how many. Prints JSON. */
import { anonymousBytes, benchVector, settle } from "../tiers-data.ts";
import { DIMENSIONS } from "./witness.ts";

const count = Number(process.argv[2]);
benchVector(0, DIMENSIONS);
await settle("last-resort");
const before = anonymousBytes();
const map = new Map<string, number[]>();
for (let i = 0; i < count; i++) map.set(`text ${i}`, benchVector(i, DIMENSIONS).slice());
await settle("last-resort");
process.stdout.write(JSON.stringify({ bytes: anonymousBytes() - before, vectors: map.size }));
