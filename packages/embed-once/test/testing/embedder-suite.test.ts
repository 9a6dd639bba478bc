import { describe, expect, test } from "vitest";
import type { Embedder, EmbeddingResponse, EmbedOptions } from "../../src/core/embedder.ts";
import { embedderSuite } from "../../src/testing/embedder-suite.ts";

/** What an embedder under test does, as a function of a call and of the sound implementation below it. */
type Behaviour = (call: Call, sound: (texts: string[]) => EmbeddingResponse) => EmbeddingResponse;

interface Call {
  texts: string[];
  options: EmbedOptions | undefined;
  /** How many calls came before. */
  number: number;
}

const SOUND: Behaviour = ({ texts, options }, sound) => {
  checkTexts(texts);
  options?.signal?.throwIfAborted();
  return sound(texts);
};

function checkTexts(texts: readonly unknown[]): void {
  if (!Array.isArray(texts)) throw new TypeError("no array");
  for (const [i, text] of texts.entries()) if (typeof text !== "string") throw new TypeError(`texts[${i}]`);
}

function vectorOf(text: string): number[] {
  let sum = 7;
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0;
  return [sum / 2 ** 31, text.length / 2 ** 20];
}

/** Runs the suite as a framework would. @returns the names of the tests that failed */
async function failuresOf(behaviour: Behaviour, rest: Partial<Embedder> = {}): Promise<string> {
  const tests: [string, () => void | Promise<void>][] = [];
  const create = async () => {
    const sent: string[] = [];
    let requests = 0;
    let calls = 0;
    const embedder: Embedder = {
      async createEmbeddings(texts, _model, options) {
        return behaviour({ texts, options, number: calls++ }, (toSend) => {
          if (toSend.length > 0) requests++;
          sent.push(...toSend);
          return { embeddings: toSend.map(vectorOf) };
        });
      },
      validateConfiguration: async () => ({ valid: true }),
      embedderInfo: { name: "test" },
      identity: { provider: "test", model: "test" },
      ...rest,
    };
    return { embedder, requestCount: () => requests, sentTexts: () => sent };
  };
  embedderSuite((name, body) => tests.push([name, body]), create);
  const failed: string[] = [];
  for (const [name, body] of tests) {
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed.join("\n");
}

/** Changes a sound answer. */
const change =
  (edit: (vectors: number[][], call: Call) => number[][]): Behaviour =>
  (call, sound) => ({ embeddings: edit(SOUND(call, sound).embeddings, call) });

describe("embedderSuite", () => {
  test("passes a sound embedder", async () => {
    expect(await failuresOf(SOUND)).toBe("");
  });

  const kept = new Map<string, number[]>();
  const keep = (text: string, vector: number[]): number[] => {
    if (!kept.has(text)) kept.set(text, vector);
    return kept.get(text)!;
  };
  test.each<[string, Behaviour, RegExp]>([
    ["drops the last vector", change((vectors) => vectors.slice(0, -1)), /one vector/],
    ["reverses the order", change((vectors) => vectors.toReversed()), /order/],
    ["gives NaN", change((vectors) => vectors.map(() => [Number.NaN, 1])), /finite/],
    ["gives uneven lengths", change((vectors) => vectors.map((v, i) => (i === 1 ? [1] : v))), /one length/],
    ["gives all texts one vector", change((vectors) => vectors.map(() => [1, 2])), /different texts/],
    [
      "turns −0 into 0 from call to call",
      change((vectors, { number }) => vectors.map((v) => [...v, number % 2 ? -0 : 0])),
      /same bits/,
    ],
    [
      "keeps the arrays it gives away",
      change((vectors, { texts }) => vectors.map((v, i) => keep(texts[i]!, v))),
      /away/,
    ],
    [
      "gives equal texts one array",
      change((vectors, { texts }) => texts.map((text) => vectors[texts.indexOf(text)]!)),
      /arrays of their own/,
    ],
    [
      "trims texts",
      (call, sound) => SOUND(call, (texts) => sound(texts.map((text) => text.trim()))),
      /awkward texts as they are/,
    ],
    [
      "brings texts into a normal form",
      (call, sound) => SOUND(call, (texts) => sound(texts.map((text) => text.normalize()))),
      /awkward texts as they are/,
    ],
    [
      "replaces lone surrogates",
      (call, sound) => SOUND(call, (texts) => sound(texts.map((text) => text.toWellFormed()))),
      /awkward texts as they are/,
    ],
    [
      "skips empty texts",
      (call, sound) => SOUND(call, (texts) => sound(texts.filter((text) => text !== ""))),
      /awkward texts as they are/,
    ],
    ["takes anything for a text", ({ texts }, sound) => sound([...texts].map(String)), /TypeError/],
    [
      "ignores an abort",
      ({ texts }, sound) => {
        checkTexts(texts);
        return sound(texts);
      },
      /aborted before/,
    ],
    [
      "refuses no texts",
      (call, sound) => {
        if (call.texts.length === 0) throw new Error("nothing to embed");
        return SOUND(call, sound);
      },
      /no texts/,
    ],
    [
      "makes a request for no texts",
      (call, sound) => {
        if (call.texts.length > 0) return SOUND(call, sound);
        sound(["ping"]);
        return { embeddings: [] };
      },
      /without a request/,
    ],
    [
      "reports tokens that are no count",
      (call, sound) => ({ ...SOUND(call, sound), usage: { promptTokens: Number.NaN, totalTokens: 0 } }),
      /usage/,
    ],
  ])("fails an embedder that %s", async (_, behaviour, expected) => {
    expect(await failuresOf(behaviour)).toMatch(expected);
  });

  test("fails an embedder that reads the texts when the caller may have changed them", async () => {
    const late: Partial<Embedder> = {
      async createEmbeddings(texts) {
        await Promise.resolve();
        checkTexts(texts);
        return { embeddings: texts.map(vectorOf) };
      },
    };
    expect(await failuresOf(SOUND, late)).toMatch(/changes the texts/);
  });

  test("fails an embedder that finds itself invalid", async () => {
    const validateConfiguration = async () => ({ valid: false, error: "no key" });
    expect(await failuresOf(SOUND, { validateConfiguration })).toBe("says that a working configuration is valid");
  });
});
