/**
 * One contestant of `embedder.ts`, in a process of its own: no other's memory is collected in its time. Arguments: its
 * place among the contestants, its directory, count of texts. Each message asks for one thing and is answered by one.
 */
import type { Embedder } from "../src/core/embedder.ts";
import { makeVector } from "../src/testing/vector-forms.ts";
import { seededRandom } from "../test/codec/provider-vectors.ts";
import { contestants } from "./embedder-rivals.ts";

export const BATCH = 100;
export const DIMENSIONS = 1536;
export const TEXT_CHARACTERS = 1_000;
const DISTINCT_VECTORS = 500;

/** Fills the cache and checks what comes back; or times calls, for any of the texts or always the same ones. */
export type Request =
  | { do: "fill" }
  | { do: "time"; texts: "any" | "hot"; calls: number; warmUpMs: number }
  | { do: "close" };
/** Microseconds a text, one number a call. */
export type Answer = { name: string; samples: number[] };

if (process.send !== undefined) {
  const [place = "0", directory = "", count = "0"] = process.argv.slice(2);
  await compete(Number(place), directory, Number(count));
}

async function compete(place: number, directory: string, textCount: number): Promise<void> {
  // Vectors repeat, keys do not: making 20,000 would take longer than measuring.
  const vectors = Array.from({ length: DISTINCT_VECTORS }, (_, i) =>
    makeVector(`vector ${i}`, "bench", DIMENSIONS, "scaled-float16").map(Math.fround),
  );
  const texts = Array.from({ length: textCount }, (_, i) => `text ${i} `.padEnd(TEXT_CHARACTERS, "lorem ipsum dolor "));
  const hot = texts.slice(0, BATCH);
  const vectorOf = (text: string) => vectors[Number(text.slice(5, text.indexOf(" ", 5))) % DISTINCT_VECTORS]!;
  const base: Embedder = {
    identity: { provider: "bench", model: "bench" },
    embedderInfo: { name: "bench" },
    validateConfiguration: async () => ({ valid: true }),
    createEmbeddings: async (batch) => ({ embeddings: batch.map((text) => vectorOf(text).slice()) }),
  };
  const contestant = await contestants[place]!(base, directory);
  // Everybody reads the same texts.
  const next = seededRandom(1);

  process.on("message", async (request: Request) => {
    const samples: number[] = [];
    if (request.do === "fill") await fillAndCheck();
    if (request.do === "close") await contestant.close();
    if (request.do === "time") {
      const warmAtMs = performance.now() + request.warmUpMs;
      while (samples.length < request.calls) {
        const batch =
          request.texts === "hot" ? hot : Array.from({ length: BATCH }, () => texts[Math.floor(next() * textCount)]!);
        const startedMs = performance.now();
        const result = await contestant.embed(batch);
        if (startedMs > warmAtMs) samples.push(((performance.now() - startedMs) * 1000) / batch.length);
        if (result.length !== batch.length || result.some(({ length }) => length !== DIMENSIONS)) {
          throw new Error(`${contestant.name} gave a wrong answer`);
        }
      }
    }
    process.send!({ name: contestant.name, samples } satisfies Answer);
    if (request.do === "close") process.disconnect();
  });

  async function fillAndCheck(): Promise<void> {
    for (let start = 0; start < textCount; start += BATCH) await contestant.embed(texts.slice(start, start + BATCH));
    for (let start = 0; start < textCount; start += 10 * BATCH) {
      const batch = texts.slice(start, start + BATCH);
      const result = await contestant.embed(batch);
      for (const [i, text] of batch.entries()) {
        const expected = vectorOf(text);
        if (!result[i]!.every((value, d) => value === expected[d])) {
          throw new Error(`${contestant.name} gave other numbers`);
        }
      }
    }
  }
}
