/**
 * What a cached text costs, everything included, beside other caches that do the same job: `npm run bench:embedder`.
 * Options: `--vectors 20000`, `--calls 200`, `--json FILE`.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Embedder } from "../src/core/embedder.ts";
import { makeVector } from "../src/testing/vector-forms.ts";
import { type Contestant, directoryOf, embedOnce, type Open, rivals } from "./embedder-rivals.ts";
import { writeReport } from "./report.ts";

const BATCH = 100;
const DIMENSIONS = 1536;
const TEXT_CHARACTERS = 1_000;
const DISTINCT_VECTORS = 500;
const RIVAL_PACKAGES = ["@langchain/classic", "keyv", "@keyv/sqlite", "cacheable", "bentocache"];
/** Calls before any is timed. */
const WARM_UP = 50;

const { values } = parseArgs({
  options: {
    vectors: { type: "string", default: "20000" },
    calls: { type: "string", default: "200" },
    json: { type: "string" },
  },
});
const textCount = Number(values.vectors);
const calls = Number(values.calls);

// Vectors repeat, keys do not: making 20,000 would take longer than measuring.
const vectors = Array.from({ length: DISTINCT_VECTORS }, (_, i) =>
  makeVector(`vector ${i}`, "bench", DIMENSIONS, "scaled-float16").map(Math.fround),
);
const texts = Array.from({ length: textCount }, (_, i) => `text ${i} `.padEnd(TEXT_CHARACTERS, "lorem ipsum dolor "));
const vectorOf = (text: string) => vectors[Number(text.slice(5, text.indexOf(" ", 5))) % DISTINCT_VECTORS]!;
const base: Embedder = {
  identity: { provider: "bench", model: "bench" },
  embedderInfo: { name: "bench" },
  validateConfiguration: async () => ({ valid: true }),
  createEmbeddings: async (batch) => ({ embeddings: batch.map((text) => vectorOf(text).slice()) }),
};

/** A seeded generator (mulberry32), so that everybody reads the same texts. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Measured {
  name: string;
  medianUs: number;
  p99Us: number;
  diskBytesAVector: number;
}

async function measure(
  contestant: Contestant,
  draw: () => string[],
  directory: string,
  name: string,
): Promise<Measured> {
  for (let warm = 0; warm < WARM_UP; warm++) check(await contestant.embed(draw()));
  const samples: number[] = [];
  for (let call = 0; call < calls; call++) {
    const batch = draw();
    const startedMs = performance.now();
    const result = await contestant.embed(batch);
    samples.push(((performance.now() - startedMs) * 1000) / batch.length);
    if (result.length !== batch.length) throw new Error(`${name} gave ${result.length} vectors`);
  }
  samples.sort((a, b) => a - b);
  return {
    name,
    medianUs: samples[samples.length >> 1]!,
    p99Us: samples[Math.floor(samples.length * 0.99)]!,
    diskBytesAVector: diskBytes(directory) / textCount,
  };

  function check(result: number[][]): void {
    for (const vector of result) if (vector.length !== DIMENSIONS) throw new Error(`${name} gave a wrong vector`);
  }
}

function diskBytes(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
}

async function fillAndCheck(contestant: Contestant): Promise<void> {
  for (let start = 0; start < textCount; start += BATCH) await contestant.embed(texts.slice(start, start + BATCH));
  for (let start = 0; start < textCount; start += 10 * BATCH) {
    const batch = texts.slice(start, start + BATCH);
    const result = await contestant.embed(batch);
    for (const [i, text] of batch.entries()) {
      const expected = vectorOf(text);
      if (!result[i]!.every((value, d) => value === expected[d]))
        throw new Error(`${contestant.name} gave other numbers`);
    }
  }
}

const root = mkdtempSync(join(tmpdir(), "embed-once-bench-"));
const results: Measured[] = [];
try {
  for (const open of [embedOnce, ...rivals] as Open[]) {
    const name = open === embedOnce ? "embed-once" : (open.name || "rival") + rivals.indexOf(open);
    const directory = directoryOf(root, name);
    const contestant = await open(base, directory);
    process.stderr.write(`filling ${contestant.name} …\n`);
    await fillAndCheck(contestant);
    const next = random(1);
    const anywhere = () => Array.from({ length: BATCH }, () => texts[Math.floor(next() * textCount)]!);
    if (open === embedOnce) {
      results.push(await measure(contestant, anywhere, directory, "embed-once, from L3"));
      const hot = texts.slice(0, BATCH);
      for (let i = 0; i < 3; i++) await contestant.embed(hot);
      results.push(await measure(contestant, () => hot, directory, "embed-once, from L1"));
    } else {
      results.push(await measure(contestant, anywhere, directory, contestant.name));
    }
    await contestant.close();
    rmSync(directory, { recursive: true });
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}

const [fromL3] = results;
process.stdout.write(
  `${textCount} texts of ${TEXT_CHARACTERS} characters, ${DIMENSIONS} dimensions, ${BATCH} a call\n`,
);
process.stdout.write(
  `${"".padEnd(28)}${"µs a text".padStart(10)}${"p99".padStart(10)}${"× L3".padStart(8)}${"disk".padStart(10)}\n`,
);
for (const { name, medianUs, p99Us, diskBytesAVector } of results) {
  const ratio = (medianUs / fromL3!.medianUs).toFixed(2);
  process.stdout.write(
    `${name.padEnd(28)}${medianUs.toFixed(1).padStart(10)}${p99Us.toFixed(1).padStart(10)}${ratio.padStart(8)}${diskBytesAVector.toFixed(0).padStart(10)}\n`,
  );
}
writeReport(
  values.json,
  { textCount, dimensions: DIMENSIONS, contestants: results },
  { folder: import.meta.dirname, packages: RIVAL_PACKAGES },
);
