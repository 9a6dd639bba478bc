// Runs in an empty project that has installed the packed library: an embedder of one's own is asked once.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheEmbedder, createServices } from "embed-once";
import { decodeVector, encodeVector } from "embed-once/codec";
import { dotProducts, Sketches } from "embed-once/kernels";

const directory = mkdtempSync(join(tmpdir(), "embed-once-api-"));
try {
  let calls = 0;
  const own = {
    identity: { provider: "own", model: "sine" },
    embedderInfo: { name: "own" },
    validateConfiguration: async () => ({ valid: true }),
    createEmbeddings: async (texts) => {
      calls++;
      return { embeddings: texts.map((text) => [text.length / 3, -0, Math.sin(text.length)]) };
    },
  };
  const bits = (vector) => new BigUint64Array(Float64Array.from(vector).buffer);

  const first = cacheEmbedder(own, { directory });
  const { embeddings } = await first.createEmbeddings(["hello", "world!"]);
  await first.close();
  const second = cacheEmbedder(own, { directory });
  const again = await second.createEmbeddings(["world!", "hello"]);
  await second.close();
  assert.equal(calls, 1);
  assert.deepEqual(bits(again.embeddings[1]), bits(embeddings[0]));
  assert.deepEqual(bits(again.embeddings[0]), bits(embeddings[1]));

  const services = createServices({ provider: "local", directory });
  const { embeddings: local } = await services.embedder.createEmbeddings(["a local embedding"]);
  await services.close();
  assert.deepEqual(decodeVector(encodeVector(local[0])), local[0]);
  const scores = new Float32Array(1);
  dotProducts(Float32Array.of(1, 2), Float32Array.of(3, 4), scores);
  assert.equal(scores[0], 11);
  const sketches = new Sketches(2);
  const segment = sketches.emptySegment();
  sketches.write(segment, 7, [3, 4]);
  sketches.load(0, segment);
  sketches.aim([6, 8]);
  assert.ok(sketches.scan(0)[7] >= 1);
  // Without any framework in this project.
  for (const adapter of ["ai-sdk", "code-index", "langchain", "openai", "prometheus"])
    await import(`embed-once/${adapter}`);
  process.stdout.write(
    "The installed library: an embedder of one's own asked twice was called once, identical bits.\n",
  );
} finally {
  rmSync(directory, { recursive: true });
}
