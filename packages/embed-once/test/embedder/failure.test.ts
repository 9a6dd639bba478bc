import { describe, expect, test } from "vitest";
import { classifyFailure } from "../../src/embedder/failure.ts";

const NOW_MS = Date.UTC(2026, 5, 1);

function http(status: number, message: string, headers: Record<string, string> = {}): Error {
  return Object.assign(new Error(message), { status, headers: new Headers(headers) });
}

describe("a failure is told from its fields, whoever threw it", () => {
  test.each([
    ["429", http(429, "slow down"), "transient"],
    ["500", http(500, "oops"), "transient"],
    ["Anthropic-style overload", http(529, "overloaded"), "transient"],
    ["AWS throttling", { $metadata: { httpStatusCode: 429 } }, "transient"],
    ["the AI SDK's own word", { isRetryable: true, message: "x" }, "transient"],
    ["a status of axios", { response: { status: 503 } }, "transient"],
    ["a reset connection", { cause: { code: "ECONNRESET" } }, "transient"],
    [
      "fetch's connection error, two causes deep",
      new TypeError("fetch failed", { cause: { cause: { code: "UND_ERR_SOCKET" } } }),
      "transient",
    ],
    ["401", http(401, "bad key"), "fatal"],
    ["404", http(404, "no such model"), "fatal"],
    ["a quota that waiting does not cure", http(429, "You exceeded your current quota, check your billing"), "fatal"],
    ["the code of such a quota", { ...http(429, "Too many"), status: 429, code: "insufficient_quota" }, "fatal"],
    ["a balance of nothing", { status: 403, message: "Insufficient account balance" }, "fatal"],
    [
      "a limit that is paid away",
      { status: 400, message: "Limit reached", code: "billing_hard_limit_reached" },
      "fatal",
    ],
    [
      "OpenAI's limit of a minute, with an advertisement",
      http(429, "Rate limit reached, RPM: Limit 3. Please try again in 20s. Add a payment method at /account/billing"),
      "transient",
    ],
    [
      "Google's limit of a minute",
      http(429, "You exceeded your current quota, please check your plan and billing details. Please retry in 11.6s."),
      "transient",
    ],
    [
      "Voyage's without a card",
      http(429, "You have not yet added your payment method in the billing page and have reduced rate limits of 3 RPM"),
      "transient",
    ],
    [
      "one request over the tokens of a minute",
      http(429, "Request too large for text-embedding-3-small on tokens per min (TPM): Limit 40000, Requested 100000."),
      "too-large",
    ],
    ["a model that is no text's fault", http(400, "Model voyage-5 is not supported. Supported models are …"), "fatal"],
    ["Mistral's", http(400, "Invalid model: mistral-embedd"), "fatal"],
    ["Jina's, by its code", { status: 400, message: "Not found", code: "INPUT_MODEL_NOT_FOUND" }, "fatal"],
    ["dimensions that no text has", { status: 400, message: "Invalid value", param: "dimensions" }, "fatal"],
    ["a bug", new TypeError("x is not a function"), "fatal"],
    ["nothing at all", undefined, "fatal"],
    [
      "a text that is too long",
      http(400, "This model's maximum context length is 8192 tokens, you requested 9000"),
      "refused",
    ],
    ["a key that is refused with 400", { status: 400, reason: "key", message: "API key not valid" }, "fatal"],
    ["413", http(413, "payload too large"), "too-large"],
  ])("%s", (_, error, kind) => {
    expect(classifyFailure(error, NOW_MS).kind).toBe(kind);
  });

  test.each([
    ["OpenAI", 400, "Invalid 'input': array too long. Expected an array with maximum length 2048, but got 3000.", 2048],
    ["TEI", 422, "batch size 64 > maximum allowed batch size 32", 32],
    ["Cohere", 400, "invalid request: total number of texts must be at most 96 - received 100", 96],
    ["DashScope", 400, "batch size is invalid, it should not be larger than 10.", 10],
    ["Gemini", 400, "BatchEmbedContentsRequest: at most 100 requests can be in one batch", 100],
    ["Vertex", 400, "250 instance(s) is allowed per prediction. Actual: 300", undefined],
    ["Voyage", 400, "The batch size limit is 1000. Your batch size is 1200.", 1000],
    ["Mistral", 400, "Too many inputs in request, split into more batches.", undefined],
    ["OpenAI of tokens", 400, "Requested 416735 tokens, max 300000 tokens per request", undefined],
    ["Mistral of tokens", 400, "Too many tokens in batch. Max is 16384 got 17555", undefined],
    ["tokens, not texts", 400, "Too many tokens overall (max 16384), split into more batches.", undefined],
  ])("a batch that is too large, as %s says it", (_, status, message, maxTexts) => {
    expect(classifyFailure(http(status, message), NOW_MS)).toMatchObject({ kind: "too-large" });
    expect(classifyFailure(http(status, message), NOW_MS).maxTexts).toBe(maxTexts);
  });

  test.each([
    ["seconds", { "retry-after": "7" }, 7_000],
    ["a date", { "retry-after": "Mon, 01 Jun 2026 00:00:30 GMT" }, 30_000],
    ["a date that has passed", { "retry-after": "Sun, 31 May 2026 00:00:00 GMT" }, 0],
    ["milliseconds", { "retry-after-ms": "250", "retry-after": "1" }, 250],
    ["nonsense", { "retry-after": "soon" }, undefined],
  ])("Retry-After: %s", (_, headers, expected) => {
    expect(classifyFailure(http(429, "slow down", headers), NOW_MS).retryAfterMs).toBe(expected);
  });

  test.each([
    ["OpenAI", "Please try again in 1m12.5s. Visit …", 72_500],
    ["OpenAI, shortly", "Please try again in 6ms.", 6],
    ["Azure", "Please retry after 26 seconds.", 26_000],
    ["Google", '{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay": "34s"}', 34_000],
    ["nobody", "Please try again in a while", undefined],
  ])("a wait that %s states in words", (_, message, expected) => {
    expect(classifyFailure(http(429, message), NOW_MS).retryAfterMs).toBe(expected);
  });
});
