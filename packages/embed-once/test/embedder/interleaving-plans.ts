import fc from "fast-check";
import type { Purpose } from "../../src/core/embedder.ts";
import type { ProviderFault } from "../../src/testing/provider-server.ts";

/** Clients whose answers name the texts' indexes, and clients whose answers do not. */
export const CLIENTS = {
  base64: { provider: "openai", model: "text-embedding-3-small", dimensions: 16, encoding: "base64" },
  decimals: { provider: "openai", model: "text-embedding-3-small", dimensions: 16, encoding: "float" },
  cohere: { provider: "cohere", model: "embed-v4.0", dimensions: 256 },
  gemini: { provider: "gemini", model: "gemini-embedding-001", dimensions: 128 },
} as const;
export type ClientName = keyof typeof CLIENTS;

export const MAX_TOKENS = 2_048;
/** Too long for every one of them. */
export const OVERLONG = "x".repeat(4 * MAX_TOKENS + 4);
export const POOL = [...Array.from({ length: 12 }, (_, i) => `text ${i}`), OVERLONG];
export const PURPOSES: readonly (Purpose | undefined)[] = [undefined, "query", "document"];

export type Step =
  | {
      do: "call";
      wrapper: number;
      /** Places in the pool, the same one as often as it comes. */
      texts: number[];
      purpose: Purpose | undefined;
      /** When the caller gives up: after so many milliseconds, or when the wrapper next tells of such an event. */
      abort: number | "request" | "response" | "failure" | "retry" | "lease-wait" | undefined;
      /** Whether the caller waits before the next step. */
      awaited: boolean;
    }
  | { do: "fail"; fault: ProviderFault; times: number }
  | { do: "reopen"; wrapper: number; awaited: boolean }
  | { do: "wait"; ms: number };

export interface Plan {
  client: ClientName;
  /** That the server takes in a request. */
  maxTexts: number;
  /** The wrapper's own bound. */
  maxTextsPerRequest: number | undefined;
  maxConcurrentRequests: number;
  steps: Step[];
}

/** Another attempt cures them. */
const PASSING_FAULTS: readonly ProviderFault[] = [
  { status: 429 },
  { status: 429, headers: { "retry-after": "3" } },
  { status: 429, headers: { "retry-after": new Date(Date.now() + 20_000).toUTCString() } },
  { status: 500 },
  { status: 503, headers: { "retry-after": "0" } },
  "hang",
  "cut",
  "error-in-200",
];
const FAULTS: readonly ProviderFault[] = [
  { status: 413 },
  { status: 401 },
  "malformed-json",
  "fewer-vectors",
  "more-vectors",
  "null-value",
  "nan-value",
  "wrong-dimensions",
  "uneven-dimensions",
  "other-encoding",
];
const INDEX_FAULTS: readonly ProviderFault[] = ["same-index", "missing-index"];
/** A client that goes by the index does not notice; all others give wrong vectors. */
const OTHER_ORDERS: readonly ProviderFault[] = ["shuffled", "no-index"];

const isIndexed = (client: ClientName) => CLIENTS[client].provider === "openai";

function faultsOf(client: ClientName): ProviderFault[] {
  return [
    ...FAULTS,
    ...(isIndexed(client) ? INDEX_FAULTS : []),
    ...(client === "gemini" ? [] : (["bad-base64"] as const)),
  ];
}

const wrapper = fc.nat(1);
const common = fc.nat(11);
const call = fc.record({
  do: fc.constant("call" as const),
  wrapper,
  texts: fc.array(fc.oneof({ weight: 60, arbitrary: common }, { weight: 1, arbitrary: fc.constant(12) }), {
    minLength: 1,
    maxLength: 12,
  }),
  purpose: fc.constantFrom(...PURPOSES),
  abort: fc.option(fc.oneof(fc.nat(25), fc.constantFrom("request", "response", "failure", "retry", "lease-wait")), {
    nil: undefined,
    freq: 3,
  }),
  awaited: fc.nat(4).map((n) => n === 0),
});
const reopen = fc.record({ do: fc.constant("reopen" as const), wrapper, awaited: fc.boolean() });
const wait = fc.record({ do: fc.constant("wait" as const), ms: fc.nat(15) });

export const plans: fc.Arbitrary<Plan> = fc.constantFrom(...(Object.keys(CLIENTS) as ClientName[])).chain((client) => {
  const fault = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...PASSING_FAULTS) },
    { weight: 2, arbitrary: fc.constantFrom(...faultsOf(client)) },
    { weight: isIndexed(client) ? 2 : 0, arbitrary: fc.constantFrom(...OTHER_ORDERS) },
    // Makes calls meet.
    { weight: 4, arbitrary: fc.integer({ min: 2, max: 20 }).map((slowMs) => ({ slowMs })) },
  );
  const fail = fc.record({ do: fc.constant("fail" as const), fault, times: fc.integer({ min: 1, max: 4 }) });
  return fc.record({
    client: fc.constant(client),
    maxTexts: fc.integer({ min: 2, max: 12 }),
    maxTextsPerRequest: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    maxConcurrentRequests: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: call },
        { weight: 4, arbitrary: fail },
        { weight: 1, arbitrary: reopen },
        { weight: 1, arbitrary: wait },
      ),
      { minLength: 2, maxLength: 16 },
    ),
  });
});
