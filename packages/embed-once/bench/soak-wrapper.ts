/**
 * Random calls, aborts, faults and reopenings from two wrappers on one directory, against a provider server, for as long as
 * is wanted: `npm run soak:wrapper`. Arguments: runs, 2,000 where they are left out; seed, today's date where it is left
 * out. It ends at the first run in which something does not hold, and prints the smallest plan that shows it.
 */
import fc from "fast-check";
import { plans } from "../test/embedder/interleaving-plans.ts";
import { Interleavings } from "../test/embedder/interleavings.ts";

const runs = Number(process.argv[2] ?? 2_000);
const seed = Number(process.argv[3] ?? new Date().toISOString().slice(0, 10).replaceAll("-", ""));
const interleavings = new Interleavings();
process.stdout.write(`${runs} runs with the seed ${seed}\n`);
try {
  const property = fc.asyncProperty(plans, async (plan) => {
    await interleavings.run(plan);
    if (interleavings.happened.runs % 50 === 0) process.stdout.write(`${JSON.stringify(interleavings.happened)}\n`);
  });
  await fc.assert(property, { seed, numRuns: runs });
  process.stdout.write(`all of it holds: ${JSON.stringify(interleavings.happened)}\n`);
} catch (error) {
  const { message, cause } = error as Error;
  process.stdout.write(`${message}\n${cause ?? ""}\n${JSON.stringify(interleavings.happened)}\n`);
  process.exitCode = 1;
} finally {
  interleavings.close();
}
