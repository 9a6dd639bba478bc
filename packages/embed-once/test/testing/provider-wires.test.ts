import { AwsV4Signer } from "aws4fetch";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { providerNames } from "../../src/provider/registry.ts";
import { verifySignature } from "../../src/testing/provider-server/signature-v4.ts";
import { Refusal } from "../../src/testing/provider-server/wire-shape.ts";
import {
  type ProviderServer,
  type ProviderServerOptions,
  type ServedProvider,
  startProviderServer,
} from "../../src/testing/provider-server.ts";
import { float32Literal, makeVector, numberLiteral } from "../../src/testing/vector-forms.ts";

let server: ProviderServer;
const AWS = { accessKeyId: "AKID", secretAccessKey: "secret", region: "eu-central-1" };

async function start(options: ProviderServerOptions): Promise<ProviderServer> {
  server = await startProviderServer(options);
  return server;
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe("startProviderServer", () => {
  afterEach(() => server.close());

  test("speaks the wire of every hosted provider", async () => {
    for (const provider of providerNames().filter((name) => name !== "local")) {
      await start({ provider: provider as ServedProvider });
      expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+/);
      await server.close();
    }
    await start({});
  });

  test.each<[ServedProvider, string, object, number, RegExp]>([
    ["cohere", "/embed", { model: "embed-v4.0", texts: ["a"] }, 400, /^\{"id":"0","message":".*input_type/],
    ["cohere", "/embed", { model: "embed-v4.0", texts: [], input_type: "search_query" }, 400, /texts/],
    ["voyage", "/embeddings", { model: "voyage-4", input: ["a"], encoding_format: "float" }, 400, /"detail":.*float/],
    ["voyage", "/embeddings", { model: "voyage-4", input: ["a"], output_dimension: 300 }, 400, /300/],
    ["jina", "/embeddings", { model: "jina-embeddings-v3", input: ["a"], task: "search" }, 400, /"detail":.*search/],
    ["mistral", "/embeddings", { model: "mistral-embed", input: ["a"], dimensions: 8 }, 422, /"message":"Extra/],
    ["ollama", "/api/embed", { model: "missing", input: ["a"] }, 404, /^\{"error":".*pulling it first/],
    ["ollama", "/v1/embeddings", { model: "nomic-embed-text", input: ["a"] }, 404, /Invalid URL/],
    [
      "gemini",
      "/models/gemini-embedding-001:batchEmbedContents",
      { requests: [{ model: "models/x" }] },
      400,
      /"status":"INVALID_ARGUMENT"/,
    ],
    [
      "bedrock",
      "/model/amazon.titan-embed-text-v1/invoke",
      { inputText: "a", normalize: true },
      400,
      /extraneous key \[normalize\]/,
    ],
    ["azure-openai", "/openai/v1/embeddings?api-version=2024-10-21", { model: "m", input: "a" }, 400, /API version/],
    ["azure-openai", "/openai/deployments/m/embeddings", { input: "a" }, 400, /API version/],
    ["openrouter", "/embeddings", { model: "nope", input: "a" }, 404, /"error":\{"message":".*","code":404\}/],
  ])("%s refuses %s with %j as the provider would", async (provider, path, body, status, message) => {
    await start({ provider });
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(message);
    expect(server.textsEmbedded()).toBe(0);
  });

  test("cuts an over-long text only where the request allows it, and then gives another vector", async () => {
    await start({ provider: "voyage", maxTokensPerText: 4 });
    const ask = (truncation?: boolean) =>
      post("/embeddings", {
        model: "voyage-3-lite",
        input: ["x".repeat(40)],
        ...(truncation === undefined ? {} : { truncation }),
      });
    expect((await ask(false)).status).toBe(400);
    const cut = JSON.parse((await ask()).text).data[0].embedding;
    const short = JSON.parse((await post("/embeddings", { model: "voyage-3-lite", input: ["x".repeat(16)] })).text);
    expect(cut).toEqual(short.data[0].embedding);
  });

  test("refuses to promise a fault that the provider's answers cannot have", async () => {
    await start({ provider: "gemini" });
    expect(() => server.failNext("shuffled")).toThrow(TypeError);
    expect(() => server.failNext("bad-base64")).toThrow(/does not exist for the shape of gemini/);
    server.failNext("fewer-vectors");
  });
});

describe("the signature that Bedrock asks for", () => {
  beforeEach(() => start({ provider: "bedrock", aws: AWS }));
  afterEach(() => server.close());

  const PATH = "/model/amazon.titan-embed-text-v2%3A0/invoke";
  const BODY = JSON.stringify({ inputText: "a" });

  async function signed(change: { region?: string; secretAccessKey?: string; datetime?: string } = {}) {
    const url = server.url + PATH;
    const signer = new AwsV4Signer({ method: "POST", url, body: BODY, service: "bedrock", ...AWS, ...change });
    return Object.fromEntries((await signer.sign()).headers);
  }
  const send = async (headers: Record<string, string>, body = BODY, path = PATH) => {
    const response = await fetch(server.url + path, { method: "POST", headers, body });
    return { status: response.status, text: await response.text() };
  };

  test("lets a request pass that is signed with the key", async () => {
    expect((await send(await signed())).status).toBe(200);
  });

  test.each([
    ["another secret", { secretAccessKey: "other" }, /does not match/],
    ["another region", { region: "us-east-1" }, /valid region/],
    ["an old date", { datetime: "20200101T000000Z" }, /expired/],
  ])("refuses %s", async (_, change, message) => {
    const { status, text } = await send(await signed(change));
    expect([status, text]).toEqual([403, expect.stringMatching(message)]);
  });

  test("refuses another body, another model, and none at all", async () => {
    const headers = await signed();
    expect((await send(headers, JSON.stringify({ inputText: "b" }))).text).toMatch(/does not match/);
    expect((await send(headers, BODY, PATH.replace("v2%3A0", "v1"))).text).toMatch(/does not match/);
    expect((await send({})).text).toMatch(/Missing Authentication Token/);
    expect(server.textsEmbedded()).toBe(0);
  });

  test("is checked as in the example of AWS's documentation", () => {
    const request = {
      method: "GET",
      path: "/",
      query: new URLSearchParams("Action=ListUsers&Version=2010-05-08"),
      headers: {
        host: "iam.amazonaws.com",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "x-amz-date": "20150830T123600Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
      },
      bytes: Buffer.alloc(0),
      body: {},
    };
    const access = {
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      region: "us-east-1",
    };
    vi.useFakeTimers({ now: Date.UTC(2015, 7, 30, 12, 36) });
    try {
      verifySignature(request, access, "iam");
      expect(() => verifySignature({ ...request, method: "POST" }, access, "iam")).toThrow(Refusal);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the number forms", () => {
  const significands = (vector: readonly number[]) =>
    vector.filter((value) => value !== 0).map((value) => Math.abs(value) / 2 ** Math.floor(Math.log2(Math.abs(value))));
  const length = (vector: readonly number[]) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

  test.each([
    ["scaled-float16", 1],
    ["float16", 1],
    ["twice-scaled-bfloat16", 1],
    ["float32", 1],
    ["bfloat16", 19.8],
  ] as const)("%s are float32 values of length %d that depend on text and model", (form, expected) => {
    const vector = makeVector("text", "m", 1024, form);
    expect(vector.every((value) => value === Math.fround(value))).toBe(true);
    expect(length(vector) / expected).toBeCloseTo(1, 2);
    expect(makeVector("text", "m", 1024, form)).toEqual(vector);
    expect(makeVector("text", "n", 1024, form)).not.toEqual(vector);
  });

  test("have as few significand bits as their names say", () => {
    for (const m of significands(makeVector("t", "m", 512, "float16")))
      expect(m * 2 ** 10).toBe(Math.floor(m * 2 ** 10));
    for (const m of significands(makeVector("t", "m", 512, "bfloat16")))
      expect(m * 2 ** 7).toBe(Math.floor(m * 2 ** 7));
    const many = (form: "float32" | "scaled-float16" | "twice-scaled-bfloat16") =>
      new Set(significands(makeVector("t", "m", 4096, form))).size;
    expect(many("twice-scaled-bfloat16")).toBeLessThanOrEqual(256);
    expect(many("scaled-float16")).toBeLessThanOrEqual(1024);
    expect(many("float32")).toBeGreaterThan(3000);
  });

  test("are written as the providers write them", () => {
    // An exact half at the last digit goes to the even one, where toPrecision goes up.
    expect(float32Literal(0.0166015625)).toBe("0.016601562");
    expect(float32Literal(-0.0166015625)).toBe("-0.016601562");
    expect(float32Literal(0.0205078125)).toBe("0.020507812");
    expect(float32Literal(2 ** -40)).toBe("9.094947e-13");
    const value = Math.fround(0.0123);
    expect(numberLiteral(value, "float32")).toBe("0.0123");
    expect(numberLiteral(value, "double")).toBe("0.012299999594688416");
    expect(numberLiteral(value, "nine-decimals")).toBe("0.0123");
    expect(numberLiteral(Math.fround(0.0123456789), "nine-decimals")).toBe("0.012345679");
    expect(numberLiteral(value, "float32-loose", 11)).toBe("0.0122999996");
    expect(Math.fround(0.0122999996)).toBe(value);
    expect(Object.is(Number(numberLiteral(-0, "double")), -0)).toBe(true);
    for (const number of makeVector("t", "m", 2048, "float32")) {
      expect(Math.fround(Number(float32Literal(number)))).toBe(number);
    }
  });
});
