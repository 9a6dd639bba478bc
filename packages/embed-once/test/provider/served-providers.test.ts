import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { Purpose } from "../../src/core/embedder.ts";
import { EmbeddingResponseError } from "../../src/core/errors.ts";
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import type { ProviderConfig } from "../../src/provider/provider-config.ts";
import { ProviderError } from "../../src/provider/provider-error.ts";
import { providers } from "../../src/provider/registry.ts";
import type { ProviderFault, ProviderServer, ProviderServerOptions } from "../../src/testing/provider-server.ts";
import { AWS, connect, KEY, nameOf, SERVED_CASES, type ServedCase, serve } from "./served-cases.ts";

let server: ProviderServer;

async function start(served: ServedCase, options: Partial<ProviderConfig> = {}, more: ProviderServerOptions = {}) {
  const started = await serve(served, options, more);
  server = started.server;
  return started.embedder;
}

const bits = (vectors: readonly (readonly number[])[]) =>
  vectors.map((vector) => Buffer.from(Float64Array.from(vector).buffer).toString("hex"));
const TEXTS = ["first", "zweiter Text", "третий"];
const PURPOSES: readonly (Purpose | undefined)[] = [undefined, "query", "document"];
const CASES = SERVED_CASES.map((served) => [nameOf(served), served] as const);

/** Where the faulty text's number stands: Titan takes one text a request, and fails at the first. */
const single = ({ model }: ServedCase) => model.includes("titan");
const only = (when: boolean, ...faults: [ProviderFault, RegExp][]) => (when ? faults : []);
const usesBase64 = ({ provider, encoding }: ServedCase) =>
  encoding === "base64" || (encoding === undefined && provider === "azure-openai");

test("every provider but local has a case, its default model first", () => {
  const first = new Map<string, string>();
  for (const { provider, model } of SERVED_CASES) if (!first.has(provider)) first.set(provider, model);
  expect([...first.keys()].toSorted()).toEqual([...providers.keys()].filter((name) => name !== "local").toSorted());
  for (const [name, model] of first) {
    const { defaultModel } = providers.get(name)!;
    if (defaultModel !== undefined) expect(model).toBe(defaultModel);
  }
});

/** The Gemini API has no switch against cutting: what may be too long is counted before. */
async function refusesBeforeGeminiCuts(served: ServedCase): Promise<void> {
  const max = providers.get("gemini")!.models.get(served.model)!.maxTokensPerText!;
  const embedder = await start(served, {}, { maxTokensPerText: max });
  await expect(embedder.createEmbeddings(["short", "x".repeat(4 * max + 1)])).rejects.toThrow(
    `The text at index 1 has ${max + 1} tokens, but ${served.model} takes ${max} and would cut it without a word`,
  );
  expect(server.textsEmbedded()).toBe(0);
  expect(server.requests.map(({ path }) => path)).toEqual([expect.stringMatching(/:countTokens$/)]);

  const { embeddings } = await embedder.createEmbeddings(["x".repeat(max), "x".repeat(4 * max)]);
  expect(bits(embeddings)).toEqual(bits(server.requests.at(-1)!.vectors!));
  expect(server.requests.slice(1).map(({ path }) => path.split(":")[1])).toEqual(["countTokens", "batchEmbedContents"]);
}

describe.each(CASES)("%s", (_, served) => {
  afterEach(() => server.close());

  test("hands out the doubles that the server sent, bit for bit, for every purpose", async () => {
    const embedder = await start(served);
    for (const purpose of PURPOSES) {
      const before = server.requests.length;
      const { embeddings, usage } = await embedder.createEmbeddings([...TEXTS], undefined, { purpose });
      const sent = server.requests.slice(before).flatMap(({ vectors }) => vectors!);
      expect(sent).toHaveLength(TEXTS.length);
      expect(bits(embeddings)).toEqual(bits(sent));
      expect(usage!.totalTokens).toBeGreaterThan(0);
    }
  });

  test("sends each purpose as the provider calls it, and says in its identity what that is", async () => {
    const embedder = await start(served);
    const vectors: string[] = [];
    for (const purpose of PURPOSES) {
      const { embeddings } = await embedder.createEmbeddings(["text"], undefined, { purpose });
      vectors.push(bits(embeddings)[0]!);
    }
    if (served.purposes === undefined) {
      expect(embedder.identity.purposes).toBe("same");
      expect(new Set(vectors).size).toBe(1);
      expect(server.requests[1]!.body).toEqual(server.requests[0]!.body);
      return;
    }
    const { query, document, none } = served.purposes;
    expect(embedder.identity.purposes).toBe("distinct");
    const options = Object.values(embedder.identity.options!);
    expect(options).toEqual(expect.arrayContaining([query, document]));
    const sent = server.requests.map(({ texts, body }) => {
      if (served.purposeIn === "prefix") return texts[0]!.slice(0, -"text".length);
      const [first] = (body.requests ?? [body]) as Record<string, unknown>[];
      return first![served.purposeIn!];
    });
    expect(sent).toEqual([none, query, document]);
    expect(new Set(vectors).size).toBe(none === document ? 2 : 3);
  });

  test("pays a text once for all purposes that are one request", async () => {
    const base = await start(served);
    const embedder = cacheEmbedder(base, { diskBytes: 0 });
    for (const purpose of PURPOSES) await embedder.createEmbeddings(["text"], undefined, { purpose });
    // As many as there are different ones without a cache.
    const cached = server.requests.map(({ path, body }) => JSON.stringify([path, body]));
    for (const purpose of PURPOSES) await base.createEmbeddings(["text"], undefined, { purpose });
    const uncached = server.requests.slice(cached.length).map(({ path, body }) => JSON.stringify([path, body]));
    expect(cached).toEqual([...new Set(uncached)]);
  });

  test("cuts by its own bounds, which the provider keeps to as well", async () => {
    const embedder = await start(served);
    const { maxTextsPerRequest } = embedder.limits!;
    const texts = Array.from({ length: maxTextsPerRequest + 1 }, (_, i) => `text ${i}`);
    const { embeddings } = await embedder.createEmbeddings(texts);
    expect(server.requests.map((request) => request.texts.length)).toEqual([maxTextsPerRequest, 1]);
    expect(bits(embeddings)).toEqual(bits(server.requests.flatMap(({ vectors }) => vectors!)));
  });

  test("refuses dimensions that the model cannot have before it asks", async () => {
    const embedder = await start(served);
    const dimensions = 5_000;
    const asked = embedder.createEmbeddings(["a"], undefined, { dimensions });
    const known = (providers.get(served.provider)!.models as ReadonlyMap<string, unknown>).has(served.model);
    await expect(asked).rejects.toThrow(known || served.provider === "bedrock" ? RangeError : ProviderError);
    await expect(asked).rejects.toThrow(/5000/);
  });

  test("asked again through the cache makes no request and gives the same bits", async () => {
    const base = await start(served);
    const directory = mkdtempSync(join(tmpdir(), "embed-once-served-"));
    try {
      const first = cacheEmbedder(base, { directory });
      const answers = [];
      for (const purpose of PURPOSES) {
        answers.push((await first.createEmbeddings([...TEXTS], undefined, { purpose })).embeddings);
      }
      await first.close();
      const before = server.requests.length;
      const second = cacheEmbedder(connect(served, server.url), { directory });
      for (const [i, purpose] of PURPOSES.entries()) {
        const { embeddings } = await second.createEmbeddings(TEXTS.toReversed(), undefined, { purpose });
        expect(bits(embeddings.toReversed())).toEqual(bits(answers[i]!));
      }
      await second.close();
      expect(server.requests).toHaveLength(before);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("tells that a request held more texts than the provider takes", async () => {
    const embedder = await start(served, {}, { maxTexts: 2 });
    const asked = embedder.createEmbeddings([...TEXTS]);
    if (single(served)) expect((await asked).embeddings).toHaveLength(3);
    else await expect(asked).rejects.toThrow(/refuses the request \(400, .*\b2\b/);
  });

  test("lets no text be cut without a word", async () => {
    if (served.provider === "gemini") return refusesBeforeGeminiCuts(served);
    const embedder = await start(served, { maxRetries: 0 }, { maxTokensPerText: 20 });
    const asked = embedder.createEmbeddings(["short", "long ".repeat(50)]);
    await expect(asked).rejects.toThrow(ProviderError);
    await expect(asked).rejects.toThrow(/Too many tokens: 63, maximum 20/);
  });

  const indexed = !["gemini", "bedrock", "cohere", "ollama"].includes(served.provider);
  const base64 = usesBase64(served);
  const knownLength = served.dimensions !== undefined || served.model !== "intfloat/e5-base-v2";
  const answerFaults: [ProviderFault, RegExp][] = [
    ["fewer-vectors", single(served) ? /index 0 is null/ : /Sent 3 texts \(from index 0\) and got 2 vectors/],
    ...only(!single(served), ["more-vectors", /Sent 3 texts \(from index 0\) and got 4 vectors/]),
    ...only(
      indexed,
      ["same-index", /two vectors for the text at index 0/],
      ["missing-index", /Vector 2 of the answer has the index none, expected 0 to 2/],
    ),
    // Where nobody knows the length, one that is wrong throughout cannot be seen.
    ...only(knownLength, ["wrong-dimensions", /text at index 0 has \d+ values, expected \d+/]),
    ["uneven-dimensions", single(served) ? /index 0 has \d+ values/ : /index 2 has \d+ values, expected \d+/],
    ["malformed-json", /is no JSON .*Does baseURL point to/],
    ["nan-value", base64 ? /Value \d+ of the vector of the text at index 2 is NaN/ : /is no JSON/],
    ["other-encoding", /Asked for (base64 and got numbers|numbers and got a string) for the text at index 0/],
    ...only(base64, ["bad-base64", /text at index 0 is no base64 of float32 values/]),
    ...only(!base64, ["null-value", /Value \d+ of the vector of the text at index [02] is null/]),
  ];
  test.each(answerFaults)("refuses an answer with %s and says what is wrong, once", async (fault, message) => {
    const embedder = await start(served);
    server.failNext(fault);
    const refusal = embedder.createEmbeddings([...TEXTS]);
    await expect(refusal).rejects.toThrow(EmbeddingResponseError);
    await expect(refusal).rejects.toThrow(message);
    expect(server.requests).toHaveLength(1);
  });

  test("gives each text its own vector where the answer is shuffled or without indexes, if it has them", async () => {
    const embedder = await start(served);
    if (!indexed) {
      for (const fault of ["shuffled", "no-index"] as const) expect(() => server.failNext(fault)).toThrow(TypeError);
      return;
    }
    const { embeddings: expected } = await embedder.createEmbeddings([...TEXTS]);
    for (const fault of ["shuffled", "no-index"] as const) {
      server.failNext(fault);
      expect(bits((await embedder.createEmbeddings([...TEXTS])).embeddings)).toEqual(bits(expected));
    }
  });

  test.each<[ProviderFault, Partial<ProviderError>, RegExp]>([
    [{ status: 400, message: "no such thing" }, { reason: "request", retryable: false }, /400.*no such thing/],
    [{ status: 403, message: "forbidden" }, { reason: "key", retryable: false }, /refuses the key \(403\): forbidden/],
    [{ status: 413 }, { reason: "too-large", retryable: false }, /maxTextsPerRequest/],
    [
      { status: 429, headers: { "retry-after": "7" }, message: "slow down" },
      { reason: "rate-limit", retryAfterMs: 7_000, retryable: true },
      /asked too often \(429\): slow down.* wait 7 s/,
    ],
    [{ status: 500, message: "oops" }, { reason: "server", retryable: true }, /failed \(500.*oops/],
    [{ status: 503 }, { reason: "server", retryable: true }, /failed \(503/],
    ["error-in-200", { reason: "server", status: 502 }, /Upstream/],
    ["cut", { reason: "interrupted", retryable: true }, /broke off/],
    ["hang", { reason: "timeout", retryable: true }, /within 0.2 s/],
  ])("tells the failure %j", async (fault, fields, message) => {
    const embedder = await start(served, { maxRetries: 0, timeoutMs: fault === "hang" ? 200 : 5_000 });
    server.failNext(fault);
    const error: unknown = await embedder.createEmbeddings([...TEXTS]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject(fields);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
  });

  test("cures a failure that passes, and a slow answer is none", async () => {
    const embedder = await start(served);
    server.failNext({ status: 503, headers: { "retry-after": "0" } });
    server.failNext({ slowMs: 60 });
    const { embeddings } = await embedder.createEmbeddings(["a"]);
    expect(server.requests).toHaveLength(2);
    expect(bits(embeddings)).toEqual(bits(server.requests[1]!.vectors!));
    expect(server.textsEmbedded()).toBe(1);
  });

  test("has its key in no error, and not in what is printed of it", async () => {
    const embedder = await start(served, { maxRetries: 0 });
    const secrets = served.signed ? [AWS.secretAccessKey, AWS.sessionToken] : [KEY];
    const faults: ProviderFault[] = ["echo-key", "null-value", { status: 500, message: secrets.join(" ") }];
    for (const fault of faults) {
      server.failNext(fault, 2);
      const error: unknown = await embedder.createEmbeddings(["a"]).catch((reason: unknown) => reason);
      const check = await embedder.validateConfiguration();
      const printed = inspect([error, embedder, check], { depth: 10, showHidden: true }) + (error as Error).stack;
      expect(printed.length).toBeGreaterThan(100);
      for (const secret of secrets) expect(printed).not.toContain(secret.slice(0, 9));
    }
  });

  test("says whether the configuration works, and what is wrong with key, model, dimensions and address", async () => {
    const embedder = await start(served);
    expect(await embedder.validateConfiguration()).toEqual({ valid: true });
    expect(server.requests).toHaveLength(1);

    const wrongKey = served.signed
      ? { awsCredentials: { ...AWS, secretAccessKey: "another-secret-access-key" } }
      : { apiKey: "another-key" };
    const refused = await connect(served, server.url, wrongKey).validateConfiguration();
    expect(refused.valid).toBe(false);
    expect(refused.error).toMatch(/refuses the key/);
    expect(refused.error).toMatch(served.signed ? /AWS access key/ : /environment variable|option apiKey/);
    expect(refused.error).not.toContain("another-");

    if (served.provider === "bedrock") {
      expect(() => connect(served, server.url, { model: "meta.llama" })).toThrow(
        /does not know how to ask "meta.llama"/,
      );
    } else {
      const { dimensions: _, ...withoutDimensions } = served;
      const unknown = connect(withoutDimensions, server.url, { model: "no-such-model" });
      expect((await unknown.validateConfiguration()).error).toMatch(/no such model.*no-such-model.*does not exist/);
    }

    if (knownLength) {
      server.failNext("wrong-dimensions");
      expect((await embedder.validateConfiguration()).error).toMatch(/values, expected/);
    }

    await server.close();
    expect((await embedder.validateConfiguration()).error).toMatch(/Cannot reach .*(ECONNREFUSED|UND_ERR_SOCKET)/);
  });

  test("knows its price where there is a list price, and the user's own wins", async () => {
    const embedder = await start(served);
    const listed = providers.get(served.provider)!.models.get(served.model)?.pricePerMillionTokens;
    if (served.provider !== "bedrock") expect(embedder.pricePerMillionTokens()).toBe(listed);
    expect(connect(served, server.url, { pricePerMillionTokens: 0.005 }).pricePerMillionTokens()).toBe(0.005);
  });
});
