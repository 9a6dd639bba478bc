/**
 * Writes without waiting, and ends so many milliseconds after the first batch was acknowledged.
 * Arguments: directory, "exit" or "throw", milliseconds.
 */
import { randomBytes } from "node:crypto";
import { openCache } from "../../src/cache/hierarchical-cache.ts";

const [directory, how, delayMs] = process.argv.slice(2);
const cache = await openCache({ directory: directory! });
const batch = () => Array.from({ length: 50 }, (_, i) => ({ key: randomBytes(32), vector: [1, 2, i] }));
process.on("exit", () => process.stdout.write("the program's own listener\n"));
await cache.setMany(batch());
const write = (): Promise<void> => cache.setMany(batch()).then(write);
for (let i = 0; i < 3; i++) void write();
setTimeout(() => {
  if (how === "throw") throw new Error("boom");
  process.exit(3);
}, Number(delayMs));
