import assert from "node:assert/strict";
import type { Embedder } from "../core/embedder.ts";
import type { TestFunction } from "./test-function.ts";

export interface EmbedderUnderTest {
  embedder: Embedder;
  /** Requests made so far, where the embedder makes any: `[]` must make none. */
  requestCount?: (() => number) | undefined;
  /** The texts sent so far, in order, where any are sent: they must be the caller's to the last code unit. */
  sentTexts?: (() => readonly string[]) | undefined;
  /** The longest text that it takes. @default longer than 100,000 */
  maxTextBytes?: number | undefined;
  close?: (() => Promise<void> | void) | undefined;
}

/** Texts that break what trims, normalises, truncates or joins. */
const AWKWARD_TEXTS: readonly string[] = [
  "",
  " ",
  "\n",
  "}",
  "\0",
  "a\0b",
  "caf\u00e9",
  "cafe\u0301",
  "\ud83d\ude00",
  "\ud83d",
  "\ude00\ud83d",
  "\ufffd",
  "\ufeffmark",
  " padded ",
  "padded",
  '"quoted" \\ back',
  "日本語のテキスト",
];
const LONG_TEXT = "long ".repeat(20_000);

/**
 * The tests that every embedder must pass: the law of the `Embedder` contract as far as it can be seen from outside.
 *
 * @param test registers a test with the framework in use
 * @param create makes a fresh embedder for each test
 */
export function embedderSuite(test: TestFunction, create: () => Promise<EmbedderUnderTest>): void {
  const check = (name: string, body: (subject: EmbedderUnderTest) => Promise<void>) =>
    test(name, async () => {
      const subject = await create();
      try {
        await body(subject);
      } finally {
        await subject.close?.();
      }
    });

  check("gives one vector of finite numbers a text, all of one length", async ({ embedder }) => {
    const { embeddings } = await embedder.createEmbeddings(["one", "two", "three words here"]);
    assert.equal(embeddings.length, 3);
    for (const vector of embeddings) {
      assert.ok(Array.isArray(vector) && vector.length > 0, "a vector is a number[] that is not empty");
      assert.equal(vector.length, embeddings[0]!.length);
      for (const value of vector) assert.ok(Number.isFinite(value), `${value} is no finite number`);
    }
  });

  check("keeps the order of the texts, whatever is asked beside them", async ({ embedder }) => {
    const texts = Array.from({ length: 150 }, (_, i) => `text number ${i} about subject ${i * 7}`);
    const together = await embed(embedder, texts);
    const reversed = await embed(embedder, texts.toReversed());
    assertSameBits(reversed.toReversed(), together);
    for (const i of [0, 1, 77, 149]) assertSameBits(await embed(embedder, [texts[i]!]), [together[i]!]);
  });

  check("gives different texts different vectors", async ({ embedder }) => {
    const [first, second] = await embed(embedder, ["parse a configuration file", "draw a triangle"]);
    assert.notDeepEqual(first, second);
  });

  check("gives the same bits again for the same text", async ({ embedder }) => {
    const texts = ["first text", "second text"];
    assertSameBits(await embed(embedder, texts), await embed(embedder, texts));
  });

  check("gives equal texts of one call equal vectors in arrays of their own", async ({ embedder }) => {
    const embeddings = await embed(embedder, ["twice", "once", "twice"]);
    assertSameBits([embeddings[0]!], [embeddings[2]!]);
    assert.notEqual(embeddings[0], embeddings[2]);
    const before = [...embeddings[2]!];
    embeddings[0]!.fill(7);
    assertSameBits([embeddings[2]!], [before]);
  });

  check("gives the arrays away: a caller who changes them changes no later answer", async ({ embedder }) => {
    const [vector] = await embed(embedder, ["mine"]);
    const before = [...vector!];
    vector!.fill(0.5);
    vector!.length = 1;
    assertSameBits(await embed(embedder, ["mine"]), [before]);
  });

  check("is not disturbed by a caller who changes the texts while it works", async ({ embedder }) => {
    // So many that an embedder with a small limit makes several requests.
    const texts = Array.from({ length: 100 }, (_, i) => `text ${i}`);
    const expected = await embed(embedder, [...texts]);
    const pending = embed(embedder, texts);
    texts.fill("changed");
    texts.push("added");
    assertSameBits(await pending, expected);
  });

  check("answers calls at the same time, each with its own vectors", async ({ embedder }) => {
    const calls = Array.from({ length: 8 }, (_, i) => [`call ${i}`, "shared", `more of ${i}`]);
    const answers = await Promise.all(calls.map((texts) => embed(embedder, texts)));
    for (const [i, texts] of calls.entries()) assertSameBits(answers[i]!, await embed(embedder, texts));
  });

  check("answers no texts with no vectors, without a request", async ({ embedder, requestCount }) => {
    const before = requestCount?.();
    const { embeddings } = await embedder.createEmbeddings([]);
    assert.deepEqual(embeddings, []);
    assert.equal(requestCount?.(), before);
  });

  check("takes awkward texts as they are", async ({ embedder, sentTexts, maxTextBytes }) => {
    const texts = [...AWKWARD_TEXTS, LONG_TEXT.slice(0, maxTextBytes)];
    const together = await embed(embedder, [...texts]);
    if (sentTexts !== undefined) assert.deepEqual(sentTexts(), texts);
    assert.equal(together.length, texts.length);
    for (const [i, text] of texts.entries()) {
      assert.ok(together[i]!.every(Number.isFinite), `the vector of ${JSON.stringify(text.slice(0, 20))} is finite`);
      assertSameBits(await embed(embedder, [text]), [together[i]!]);
    }
  });

  check("refuses what is no string with a TypeError that names its index", async ({ embedder, requestCount }) => {
    const before = requestCount?.();
    for (const wrong of [undefined, null, 7, {}, ["a"]]) {
      const texts = ["fine", "fine too", wrong] as string[];
      await assert.rejects(embedder.createEmbeddings(texts), (error) => {
        assert.ok(error instanceof TypeError, `expected a TypeError, got ${error}`);
        assert.match(error.message, /\b2\b/);
        return true;
      });
    }
    await assert.rejects(embedder.createEmbeddings("text" as unknown as string[]), TypeError);
    assert.equal(requestCount?.(), before);
  });

  check("rejects with the signal's reason when aborted before the start", async ({ embedder, requestCount }) => {
    const before = requestCount?.();
    const reason = new Error("not any more");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(embedder.createEmbeddings(["text"], undefined, { signal }), (error) => error === reason);
    assert.equal(requestCount?.(), before);
  });

  check("goes on working after an abort", async ({ embedder }) => {
    const expected = await embed(embedder, ["text"]);
    const controller = new AbortController();
    const aborted = embedder.createEmbeddings(["text"], undefined, { signal: controller.signal });
    controller.abort();
    await aborted.catch(() => {});
    assertSameBits(await embed(embedder, ["text"]), expected);
  });

  check("reports usage as counts, if at all", async ({ embedder }) => {
    const { usage } = await embedder.createEmbeddings(["some text"]);
    if (usage === undefined) return;
    for (const tokens of [usage.promptTokens, usage.totalTokens]) {
      assert.ok(Number.isSafeInteger(tokens) && tokens >= 0, `${tokens} is no count of tokens`);
    }
  });

  check("says that a working configuration is valid", async ({ embedder }) => {
    const { valid, error } = await embedder.validateConfiguration();
    assert.equal(error, undefined);
    assert.equal(valid, true);
  });

  check("has a name, and an identity of plain data", async ({ embedder }) => {
    assert.ok(embedder.embedderInfo.name.length > 0);
    const { identity } = embedder;
    if (identity === undefined) return;
    assert.ok(identity.provider.length > 0 && identity.model.length > 0);
    assert.deepEqual(JSON.parse(JSON.stringify(identity)), identity);
  });
}

async function embed(embedder: Embedder, texts: string[]): Promise<number[][]> {
  return (await embedder.createEmbeddings(texts)).embeddings;
}

/** Compares bits: `===` takes −0 for 0 and no NaN for itself. */
function assertSameBits(actual: readonly number[][], expected: readonly number[][]): void {
  const bytes = (vectors: readonly number[][]) =>
    vectors.map((vector) => Buffer.from(Float64Array.from(vector).buffer).toString("hex"));
  assert.deepEqual(bytes(actual), bytes(expected));
}
