import { isOverAMinute } from "../core/request-limits.ts";
import { parseRetryAfter } from "../core/retry-after.ts";

/** What can be done about a failed request. */
export interface Failure {
  /**
   * - `transient`: the same request may succeed later
   * - `too-large`: fewer texts, or smaller ones, may succeed
   * - `refused`: the provider objects to something in the request, perhaps to one of its texts
   * - `fatal`: nothing helps but the caller
   */
  kind: "transient" | "too-large" | "refused" | "fatal";
  /** How long the provider asks to wait. */
  retryAfterMs?: number | undefined;
  /** The most texts that it says it takes. */
  maxTexts?: number | undefined;
  /** What is too large is the number of tokens, not that of texts. */
  tokens?: boolean | undefined;
  /** Nobody answers at all: more likely a wrong address or a server that is not running than a passing fault. */
  unreachable?: boolean | undefined;
}

const TRANSIENT_STATUSES = new Set([408, 409, 425, 429, 500, 502, 503, 504, 529]);
const REFUSED_STATUSES = new Set([400, 413, 422]);
/** What a `ProviderError` says that nothing but the user can change. */
const HOPELESS: ReadonlySet<unknown> = new Set(["key", "not-found", "quota"]);
const NETWORK_CODES =
  /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|ETIMEDOUT|EPIPE|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_\w+)$/;
/** Codes of what no waiting cures, wherever they stand: OpenAI, Azure, Jina, DashScope, gateways. */
const OUT_OF_CREDIT =
  /insufficient[_ ](?:\w+_)?(quota|balance|credits?)|billing_(hard_limit_reached|not_active)|out of credit|\barrearage\b/i;
/** OpenAI's words for the same; Google's for a limit of one minute, too, but then it says how long to wait. */
const QUOTA = /exceeded your current quota/i;
/** In the message: OpenAI ("try again in 1m12.5s"), Azure ("retry after 26 seconds"), Google (`"retryDelay": "34s"`). */
const STATED_WAIT =
  /(?:try again in|retry in|retry after|retryDelay"?:\s*")\s*((?:\d+(?:\.\d+)?\s*(?:ms|h|m|s)[a-z]*\s*)+)/i;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** Of a refusal that is about the call, not about a text. */
const CALL_PARAMETERS: ReadonlySet<unknown> = new Set(["model", "dimensions", "encoding_format"]);
const ABOUT_THE_CALL =
  /model_not_found|\b(?:invalid|unknown|unsupported)[ _]model\b|\bmodel\b.{0,80}\b(?:is not supported|is not available|not found|does not exist)|\bdimensions?\b/i;
/** How servers say that a batch is too large: OpenAI, TEI, Cohere, DashScope, Mistral, Gemini, Voyage. */
const BATCH_TOO_LARGE =
  /batch.?size|too many (inputs|texts|tokens|items|documents)|array too long|(smaller|more) batch|at most \d+ (texts|requests|inputs|items)|maximum (batch|array|number)|in one batch|max(imum)? allowed batch|\d+ instance\(s\) is allowed|total number of texts|tokens per request|tokens (?:in|per)(?: the| submitted)? batch/i;
const STATED_MAXIMUM =
  /(?:at most|maximum(?: allowed)?(?: batch)?(?: size| length| number of \w+)?|no(?:t be)? (?:more|larger) than|limit (?:is|of)|up to)\D{0,24}?(\d{1,6})/i;

/**
 * Tells what kind of failure an error is, whoever threw it: this package's providers, the clients of OpenAI, AWS and
 * the AI SDK, or fetch. It looks at fields, not at classes, so that no client has to be loaded for it.
 * @param nowMs for a `Retry-After` that is a date
 */
export function classifyFailure(error: unknown, nowMs: number): Failure {
  const fields = (error ?? {}) as ErrorFields;
  const status = statusOf(fields);
  const text = describe(fields);
  const retryAfterMs = fields.retryAfterMs ?? retryAfter(fields, nowMs) ?? statedWait(text);
  // A provider may refuse the key with 400, and that is no text's fault.
  if (HOPELESS.has(fields.reason)) return { kind: "fatal", retryAfterMs };
  if (fields.reason === "request" && fields.textIndex !== undefined) return { kind: "refused" };
  if (OUT_OF_CREDIT.test(text)) return { kind: "fatal" };
  if (status === 429 && isOverAMinute(text)) return { kind: "too-large", tokens: true };
  if (status !== undefined && REFUSED_STATUSES.has(status)) {
    const isBatch = BATCH_TOO_LARGE.test(text);
    if (status !== 413 && !isBatch) {
      const isCalls = CALL_PARAMETERS.has(fields.param) || ABOUT_THE_CALL.test(text);
      return { kind: isCalls ? "fatal" : "refused" };
    }
    const tokens = /token/i.test(text);
    const stated = isBatch && !tokens ? STATED_MAXIMUM.exec(text)?.[1] : undefined;
    return { kind: "too-large", maxTexts: stated === undefined ? undefined : Number(stated), tokens };
  }
  if (QUOTA.test(text) && retryAfterMs === undefined) return { kind: "fatal" };
  const told = fields.retryable ?? fields.isRetryable;
  const transient =
    told ?? ((status !== undefined && TRANSIENT_STATUSES.has(status)) || (status === undefined && isNetwork(fields)));
  if (!transient) return { kind: "fatal", retryAfterMs };
  return { kind: "transient", retryAfterMs, unreachable: fields.reason === "unreachable" || isUnreachable(fields) };
}

interface ErrorFields {
  message?: string;
  name?: string;
  code?: unknown;
  /** Of a request, as the client of OpenAI has it. */
  param?: unknown;
  status?: unknown;
  statusCode?: unknown;
  retryable?: boolean;
  isRetryable?: boolean;
  retryAfterMs?: number;
  headers?: unknown;
  responseHeaders?: unknown;
  responseBody?: unknown;
  response?: { status?: unknown; headers?: unknown };
  $metadata?: { httpStatusCode?: unknown };
  cause?: unknown;
  /** A `ProviderError`'s, as are the next. */
  reason?: unknown;
  providerCode?: unknown;
  textIndex?: unknown;
}

function statusOf(fields: ErrorFields): number | undefined {
  const { status, statusCode, response, $metadata } = fields;
  return [status, statusCode, response?.status, $metadata?.httpStatusCode].find((value) => typeof value === "number");
}

function describe({ message, code, providerCode, responseBody }: ErrorFields): string {
  return [message, code, providerCode, responseBody].filter((part) => typeof part === "string").join(" ");
}

function isNetwork(fields: ErrorFields): boolean {
  return causes(fields).some(({ code, name }) => NETWORK_CODES.test(String(code)) || name === "TimeoutError");
}

function isUnreachable(fields: ErrorFields): boolean {
  return causes(fields).some(({ code }) => code === "ECONNREFUSED" || code === "EHOSTUNREACH");
}

const MAX_CAUSES = 5;

/** The error and what caused it. */
function causes(fields: ErrorFields): ErrorFields[] {
  const chain: ErrorFields[] = [];
  for (let current: unknown = fields; current && chain.length < MAX_CAUSES; ) {
    chain.push(current as ErrorFields);
    current = (current as ErrorFields).cause;
  }
  return chain;
}

/** `Retry-After`, and OpenAI's and Azure's `retry-after-ms`. */
function retryAfter(fields: ErrorFields, nowMs: number): number | undefined {
  const headers = fields.headers ?? fields.responseHeaders ?? fields.response?.headers;
  const milliseconds = Number(header(headers, "retry-after-ms") ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds;
  return parseRetryAfter(header(headers, "retry-after"), nowMs);
}

function statedWait(text: string): number | undefined {
  const stated = STATED_WAIT.exec(text)?.[1];
  if (stated === undefined) return undefined;
  const parts = [...stated.toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*(ms|h|m|s)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * MILLISECONDS[unit!]!, 0);
}

function header(headers: unknown, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name)?.trim();
  const value = (headers as Record<string, unknown> | undefined)?.[name];
  return typeof value === "string" ? value.trim() : undefined;
}
