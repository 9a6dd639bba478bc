import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { createOpenAICompatible, type OpenAICompatibleOptions } from "../../src/provider/openai-compatible.ts";
import { ProviderError } from "../../src/provider/provider-error.ts";
import { type ProviderFault, type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";

const MODEL = "text-embedding-3-small";
const KEY = 'sk-"secret"/0123456789+abc';
let server: ProviderServer;
afterEach(() => server.close());

async function start(options: Partial<OpenAICompatibleOptions> = {}) {
  server = await startProviderServer({ apiKey: KEY });
  return createOpenAICompatible({ baseURL: server.url, model: MODEL, apiKey: KEY, dimensions: 8, ...options });
}

async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
}

const httpDate = (inMs: number) => new Date(Date.now() + inMs).toUTCString();
/** Milliseconds between the first two requests. */
const pauseMs = () => server.requests[1]!.atMs - server.requests[0]!.atMs;

describe("trying again", () => {
  test.each([429, 500, 502, 503, 504])("cures a %d that passes", async (status) => {
    const embedder = await start();
    server.failNext({ status });
    expect((await embedder.createEmbeddings(["a"])).embeddings).toHaveLength(1);
    expect(server.requests).toHaveLength(2);
    expect(server.textsEmbedded("a")).toBe(1);
  });

  test.each([429, 503])("waits as many seconds as Retry-After of a %d says", async (status) => {
    const embedder = await start();
    server.failNext({ status, headers: { "retry-after": "1" } });
    await embedder.createEmbeddings(["a"]);
    // Without the header it would be half a second at most.
    expect(pauseMs()).toBeGreaterThan(950);
  });

  test("waits until the date that Retry-After names", async () => {
    const embedder = await start();
    // A date has whole seconds: from two of them at least one is left.
    server.failNext({ status: 429, headers: { "retry-after": httpDate(2_000) } });
    await embedder.createEmbeddings(["a"]);
    expect(pauseMs()).toBeGreaterThan(950);
  });

  test("does not wait where Retry-After is zero", async () => {
    const embedder = await start();
    server.failNext({ status: 429, headers: { "retry-after": "0" } });
    await embedder.createEmbeddings(["a"]);
    expect(pauseMs()).toBeLessThan(240);
  });

  test("ends after maxRetries, with what the provider said", async () => {
    const embedder = await start({ maxRetries: 2 });
    server.failNext({ status: 429, headers: { "retry-after": "0" }, message: "Slow down", code: "rate_limit" }, 10);
    const error = await failureOf(embedder.createEmbeddings(["a"]));
    expect(server.requests).toHaveLength(3);
    expect(error.message).toMatch(/asked too often \(429\): Slow down/);
    expect(error).toMatchObject({
      code: "EMBED_ONCE_PROVIDER",
      reason: "rate-limit",
      status: 429,
      providerCode: "rate_limit",
      providerMessage: "Slow down",
      retryAfterMs: 0,
      retryable: true,
    });
  });

  test("is left to the caller where the provider asks for more than a minute, in either form", async () => {
    const embedder = await start();
    server.failNext({ status: 429, headers: { "retry-after": "3600" } });
    const bySeconds = await failureOf(embedder.createEmbeddings(["a"]));
    expect(bySeconds.retryAfterMs).toBe(3_600_000);
    expect(bySeconds.message).toMatch(/wait 3600 s/);
    server.failNext({ status: 503, headers: { "retry-after": httpDate(3_600_000) } });
    const byDate = await failureOf(embedder.createEmbeddings(["a"]));
    expect(byDate.retryAfterMs).toBeGreaterThan(3_590_000);
    expect(server.requests).toHaveLength(2);
  });

  test.each<[ProviderFault, Partial<ProviderError>, RegExp]>([
    [{ status: 400, message: "no" }, { reason: "request", retryable: false }, /refuses the request \(400, .*: no/],
    [{ status: 401 }, { reason: "key", retryable: false }, /refuses the key/],
    [{ status: 403 }, { reason: "key", retryable: false }, /refuses the key/],
    [{ status: 404 }, { reason: "not-found", retryable: false }, /no such model or address/],
    [{ status: 413 }, { reason: "too-large", retryable: false }, /Lower the option maxTextsPerRequest/],
    [{ status: 402 }, { reason: "quota", retryable: false }, /check plan and billing/],
    [{ status: 429, code: "insufficient_quota" }, { reason: "quota", retryable: false }, /check plan and billing/],
    [
      { status: 308, headers: { location: "http://127.0.0.1:9/v2" } },
      { reason: "request", retryable: false },
      /redirects elsewhere/,
    ],
    ["error-in-200", { reason: "server", status: 502 }, /failed \(502, .*: Upstream/],
  ])("does not happen after %j, which no repetition cures", async (fault, fields, message) => {
    const embedder = await start();
    server.failNext(fault);
    const error = await failureOf(embedder.createEmbeddings(["a"]));
    expect(error).toMatchObject(fields);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
    expect(server.requests).toHaveLength(1);
  });
});

describe("a connection that fails", () => {
  test("is told with the address and the system's code", async () => {
    const embedder = await start({ maxRetries: 0 });
    await server.close();
    const error = await failureOf(embedder.createEmbeddings(["a"]));
    expect(error).toMatchObject({ reason: "unreachable", status: undefined, retryable: true });
    expect(error.message).toContain(`${server.url}/embeddings (ECONNREFUSED)`);
  });

  test("in the middle of the answer is told as such, and gives nothing", async () => {
    const embedder = await start();
    server.failNext("cut");
    const error = await failureOf(embedder.createEmbeddings(["a", "b"]));
    expect(error).toMatchObject({ reason: "interrupted", retryable: true });
    expect(error.message).toMatch(/broke off/);
  });

  test("for lack of an answer in time is told with the time", async () => {
    const embedder = await start({ timeoutMs: 60 });
    server.failNext("hang");
    const error = await failureOf(embedder.createEmbeddings(["a"]));
    expect(error).toMatchObject({ reason: "timeout", retryable: true });
    expect(error.message).toMatch(/within 0.06 s .*timeoutMs/);
  });

  test("is none where the answer is slow but in time", async () => {
    const embedder = await start();
    server.failNext({ slowMs: 150 });
    expect((await embedder.createEmbeddings(["a"])).embeddings).toHaveLength(1);
  });
});

describe("an abort", () => {
  async function abortDuring(fault: ProviderFault): Promise<{ elapsedMs: number; error: unknown; reason: Error }> {
    const embedder = await start();
    server.failNext(fault);
    const controller = new AbortController();
    const reason = new Error("the user went away");
    const pending = embedder.createEmbeddings(["a"], undefined, { signal: controller.signal });
    const settled = pending.then(
      () => undefined,
      (error: unknown) => error,
    );
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const start_ = performance.now();
    controller.abort(reason);
    return { error: await settled, elapsedMs: performance.now() - start_, reason };
  }

  test("during a hang rejects at once with the signal's reason", async () => {
    const { error, reason, elapsedMs } = await abortDuring("hang");
    expect(error).toBe(reason);
    expect(elapsedMs).toBeLessThan(1_000);
  });

  test("during the wait before another attempt rejects at once with the signal's reason, and ends the attempts", async () => {
    const { error, reason, elapsedMs } = await abortDuring({ status: 429, headers: { "retry-after": "20" } });
    expect(error).toBe(reason);
    expect(elapsedMs).toBeLessThan(1_000);
    expect(server.requests).toHaveLength(1);
  });

  test("between two requests of one call stops before the next", async () => {
    const controller = new AbortController();
    const reason = new Error("the user went away");
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init);
      const text = await response.text();
      if (server.requests.length === 2) controller.abort(reason);
      return new Response(text, response);
    };
    const embedder = await start({ maxTextsPerRequest: 1, fetch });
    const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
    const pending = embedder.createEmbeddings(texts, undefined, { signal: controller.signal });
    await expect(pending).rejects.toBe(reason);
    expect(server.requests).toHaveLength(2);
  });
});

describe("the key", () => {
  const secrets = [KEY, encodeURIComponent(KEY), JSON.stringify(KEY).slice(1, -1)];
  const everythingOf = (error: unknown) =>
    `${inspect(error, { depth: 10, showHidden: true })}${JSON.stringify(error)}${(error as Error).stack}`;

  test.each<ProviderFault>([
    "echo-key",
    "malformed-json",
    "error-in-200",
    "cut",
    "hang",
    "null-value",
    "other-encoding",
    { status: 401, message: `Incorrect API key provided: ${KEY}.`, code: KEY },
    { status: 400, message: `Authorization: Bearer ${encodeURIComponent(KEY)}` },
    // Cut at 400 characters, the key would be half there.
    { status: 500, message: `${"x".repeat(390)}${KEY}` },
    { status: 429, message: JSON.stringify({ headers: { authorization: `Bearer ${KEY}` } }) },
    { status: 404, message: KEY },
  ])("is in no error and no field of one: %j", async (fault) => {
    const embedder = await start({ maxRetries: 0, timeoutMs: 200 });
    server.failNext(fault, 2);
    const error: unknown = await embedder.createEmbeddings(["a"]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    const check = await embedder.validateConfiguration();
    for (const secret of secrets) {
      expect(everythingOf(error)).not.toContain(secret);
      expect(check.error).not.toContain(secret);
    }
    expect(everythingOf(error)).not.toContain(KEY.slice(0, 9));
  });

  test("is in no error where the server echoes it in a body that is no JSON, or the fetch throws it", async () => {
    for (const fetch of [
      async () => new Response(`<p>Bearer ${KEY}`),
      async () => Promise.reject(new TypeError(`bad header ${KEY}`)),
      async () => Promise.reject(`thrown ${KEY}`),
    ]) {
      const embedder = await start({ maxRetries: 0, fetch });
      const error: unknown = await embedder.createEmbeddings(["a"]).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(everythingOf(error)).not.toContain(KEY);
      expect(everythingOf(error)).toContain("[redacted]");
      await server.close();
    }
  });

  test("of a custom header or of the address is removed as well", async () => {
    const custom = await start({ apiKey: undefined, headers: { Authorization: `Token ${KEY}` } });
    server.failNext("echo-key");
    const fromHeader = await failureOf(custom.createEmbeddings(["a"]));
    expect(fromHeader.message).toContain("[redacted]");
    expect(everythingOf(fromHeader)).not.toContain(KEY);

    const address = server.url.replace("http://", "http://me:passw0rd@");
    const basic = createOpenAICompatible({ baseURL: address, model: MODEL });
    server.failNext("echo-key");
    const fromAddress = await failureOf(basic.createEmbeddings(["a"]));
    expect(everythingOf(fromAddress)).not.toMatch(/passw0rd|bWU6cGFzc3cwcmQ/);
  });

  test("does not show when the embedder is printed or written as JSON", async () => {
    const embedder = await start({ headers: { "x-token": KEY } });
    const printed = inspect(embedder, { depth: 10, showHidden: true }) + JSON.stringify(embedder);
    expect(printed).not.toContain(KEY.slice(0, 9));
  });

  test("and what else a server says cannot steer a terminal or break the line", async () => {
    const embedder = await start({ maxRetries: 0 });
    server.failNext({ status: 400, message: "\u001b[2Jone\r\ntwo\u202e\u0007three" });
    const error = await failureOf(embedder.createEmbeddings(["a"]));
    expect(error.providerMessage).toBe("[2Jone two three");
  });
});
