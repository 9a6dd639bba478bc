import type { HTTPError, KyInstance, Options } from "ky";
import { EmbeddingResponseError } from "../core/errors.ts";
import { isOverAMinute } from "../core/request-limits.ts";
import { parseRetryAfter } from "../core/retry-after.ts";
import { ProviderError, type ProviderFailure } from "./provider-error.ts";
import { oneLine } from "./redact.ts";

export interface HttpClientOptions {
  /** Who is asked, for messages. */
  provider: string;
  /** Whose API is expected at the address, such as "an OpenAI-compatible API", for messages. */
  api: string;
  /** Where the API lies, without trailing slash. */
  baseURL: string;
  headers: Headers;
  /** What to do about a refused key, for messages. */
  keyHint: string;
  /** Removes secrets from what a server said. */
  redact: (text: string) => string;
  timeoutMs: number;
  maxRetries: number;
  fetch?: typeof globalThis.fetch | undefined;
}

export interface PostOptions {
  signal?: AbortSignal | undefined;
  /** @default the client's */
  maxRetries?: number | undefined;
  /** @default the client's */
  timeoutMs?: number | undefined;
}

/** What came back: the JSON, and the headers beside it, where some providers report usage. */
export interface HttpAnswer {
  answer: unknown;
  headers: Headers;
}

/** A provider that asks for more patience than this is asked again by the caller, or not at all. */
const MAX_RETRY_AFTER_MS = 60_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 20_000;
const RETRIED_STATUSES = [408, 429, 500, 502, 503, 504];
/** Codes of what no waiting cures: with 429 mostly, with 400 and 403 from OpenAI, Jina, DashScope and gateways. */
const QUOTA_CODES = /quota|billing|credit|balance|arrearage/i;
const QUOTA_STATUSES = new Set([400, 403, 429]);
/** Codes of a refused key that comes with another status than 401 or 403, as Gemini's 400. */
const KEY_CODES = /^API_KEY_(INVALID|EXPIRED)$/;

/**
 * Posts JSON to a provider and reads its JSON, over ky. What may pass (429, 5xx, no connection) is tried again with
 * growing delays, or after `Retry-After` where the provider says so. Everything that fails becomes a ProviderError;
 * an abort rejects with the signal's reason.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  async post(path: string, body: unknown, options: PostOptions = {}): Promise<HttpAnswer> {
    const { signal } = options;
    signal?.throwIfAborted();
    // On first use: a program that never asks a server does not load a client.
    const { default: ky } = await import("ky");
    const url = this.#options.baseURL + path;
    let text: string;
    let headers = new Headers();
    try {
      text = await this.#send(ky, url, body, options, (received) => {
        headers = received;
      });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw this.#translate(error, url, options);
    }
    const answer = this.#parse(text, url);
    this.#refuseErrorBody(answer, url);
    return { answer, headers };
  }

  #send(
    ky: KyInstance,
    url: string,
    body: unknown,
    { signal, maxRetries, timeoutMs }: PostOptions,
    onHeaders: (headers: Headers) => void,
  ): Promise<string> {
    const options: Options = {
      json: body,
      headers: this.#options.headers,
      timeout: timeoutMs ?? this.#options.timeoutMs,
      // A followed redirect would turn the POST into a GET, and could carry the headers elsewhere.
      redirect: "manual",
      hooks: { afterResponse: [({ response }) => onHeaders(response.headers)] },
      retry: {
        limit: maxRetries ?? this.#options.maxRetries,
        methods: ["post"],
        statusCodes: RETRIED_STATUSES,
        afterStatusCodes: RETRIED_STATUSES,
        delay: (attempt) => FIRST_DELAY_MS * 2 ** (attempt - 1),
        backoffLimit: MAX_DELAY_MS,
        jitter: (delayMs) => delayMs * (0.5 + Math.random() / 2),
        shouldRetry: ({ error }) => (isHttpError(error) && isHopeless(error) ? false : undefined),
        // It also follows headers that we do not read, such as X-RateLimit-Reset, which may mean hours.
        maxRetryAfter: MAX_RETRY_AFTER_MS,
      },
    };
    if (signal !== undefined) options.signal = signal;
    if (this.#options.fetch !== undefined) options.fetch = this.#options.fetch as NonNullable<Options["fetch"]>;
    return ky.post(url, options).text();
  }

  #parse(text: string, url: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      // Without the parser's own message: it repeats a part of the text, before secrets are removed.
      throw new EmbeddingResponseError(
        `The answer of ${url} is no JSON (${text.length} characters, from ${JSON.stringify(this.#foreign(text, 60))}). Does baseURL point to ${this.#options.api}?`,
      );
    }
  }

  /** Some gateways report a failure with status 200. */
  #refuseErrorBody(answer: unknown, url: string): void {
    const { error, data } = (answer ?? {}) as { error?: unknown; data?: unknown };
    if (data !== undefined || error === undefined || error === null) return;
    const code = (error as { code?: unknown }).code;
    throw this.#httpFailure(typeof code === "number" && code >= 400 && code < 600 ? code : 200, answer, url, undefined);
  }

  #translate(error: unknown, url: string, { timeoutMs }: PostOptions): Error {
    const { provider } = this.#options;
    if (isHttpError(error)) {
      return this.#httpFailure(
        error.response.status,
        error.data,
        url,
        retryAfterMs(error.response.headers, error.data),
      );
    }
    const name = (error as { name?: unknown } | null)?.name;
    if (name === "TimeoutError") {
      const seconds = (timeoutMs ?? this.#options.timeoutMs) / 1000;
      return new ProviderError(
        `${provider} did not answer within ${seconds} s (${url}). Try again, or raise the option timeoutMs.`,
        { reason: "timeout" },
      );
    }
    const code = networkCode(error);
    if (name === "NetworkError") {
      return new ProviderError(
        `Cannot reach ${provider} at ${url}${code === undefined ? "" : ` (${code})`}. Is the server running, and is the option baseURL right?`,
        { reason: "unreachable" },
      );
    }
    if (code !== undefined || (error instanceof TypeError && error.message === "terminated")) {
      return new ProviderError(
        `The answer of ${provider} broke off (${url}${code === undefined ? "" : `, ${code}`}). Try again.`,
        { reason: "interrupted" },
      );
    }
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return new ProviderError(`The request to ${provider} at ${url} failed: ${this.#foreign(said)}`, {
      reason: "unreachable",
    });
  }

  #httpFailure(status: number, data: unknown, url: string, retryAfter: number | undefined): ProviderError {
    const { provider, keyHint } = this.#options;
    const said = errorMessage(data);
    const providerMessage = said === undefined ? undefined : this.#foreign(said);
    const rawCode = errorCode(data);
    const providerCode = rawCode === undefined ? undefined : this.#foreign(rawCode, 80);
    const reason = failureOf(status, data);
    const quoted = providerMessage === undefined ? "" : `: ${providerMessage.replace(/\.$/, "")}`;
    const wait = retryAfter === undefined ? "" : ` It asks to wait ${Math.ceil(retryAfter / 1000)} s.`;
    const messages: Record<ProviderFailure, string> = {
      key: `${provider} refuses the key (${status})${quoted}. ${keyHint}`,
      "not-found": `${provider} knows no such model or address: ${url} (${status})${quoted}. Check the option model, and that baseURL leads to ${this.#options.api}.`,
      request: `${provider} refuses the request (${status}, ${url})${quoted}.${status >= 300 && status < 400 ? " It redirects elsewhere: put the new address into baseURL." : ""}`,
      "too-large": `The request is too large for ${provider} (${status})${quoted}. Lower the option maxTextsPerRequest, maxBytesPerRequest or maxTokensPerRequest.`,
      "rate-limit": `${provider} was asked too often (${status})${quoted}.${wait} Try again later; what is cached stays.`,
      quota: `The quota of ${provider} is used up (${status})${quoted}. Waiting does not help: check plan and billing.`,
      server: `${provider} failed (${status}, ${url})${quoted}.${wait} Try again later.`,
      unreachable: `Cannot reach ${provider} at ${url}.`,
      timeout: `${provider} gave up waiting (${status})${quoted}. Try again.`,
      interrupted: `The answer of ${provider} broke off.`,
    };
    return new ProviderError(messages[reason], {
      reason,
      status,
      providerCode,
      providerMessage,
      retryAfterMs: retryAfter,
    });
  }

  #foreign(text: string, maxLength?: number): string {
    // Secrets first: cut through the middle, one would no longer be found.
    return oneLine(this.#options.redact(text), maxLength);
  }
}

// By name instead of instanceof: the class would have to be loaded before it is needed.
function isHttpError(error: unknown): error is HTTPError {
  return error instanceof Error && error.name === "HTTPError";
}

function isHopeless(error: HTTPError): boolean {
  const reason = failureOf(error.response.status, error.data);
  if (reason === "quota" || reason === "too-large") return true;
  return (retryAfterMs(error.response.headers, error.data) ?? 0) > MAX_RETRY_AFTER_MS;
}

function failureOf(status: number, data: unknown): ProviderFailure {
  const providerCode = errorCode(data) ?? "";
  if (status === 402 || (QUOTA_STATUSES.has(status) && QUOTA_CODES.test(providerCode))) return "quota";
  if (status === 401 || status === 403 || KEY_CODES.test(providerCode)) return "key";
  if (status === 404) return "not-found";
  if (status === 408) return "timeout";
  if (status === 413) return "too-large";
  if (status === 429) return isOverAMinute(errorMessage(data) ?? "") ? "too-large" : "rate-limit";
  if (status >= 300 && status < 500) return "request";
  return "server";
}

/**
 * How long the provider asks to wait, in milliseconds from now: `Retry-After` in both of its forms (RFC 9110, section
 * 10.2.3), else Google's `RetryInfo` in the body.
 */
function retryAfterMs(headers: Headers, data: unknown): number | undefined {
  const value = headers.get("retry-after")?.trim();
  return value ? parseRetryAfter(value, Date.now()) : googleRetryDelayMs(data);
}

function googleRetryDelayMs(data: unknown): number | undefined {
  for (const { retryDelay } of errorDetails(data)) {
    const seconds = typeof retryDelay === "string" ? /^(\d+(?:\.\d+)?)s$/.exec(retryDelay)?.[1] : undefined;
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return undefined;
}

/**
 * The error texts of OpenAI, Azure and Google (`error.message`), Ollama (`error`), Voyage, Jina and FastAPI servers
 * (`detail`), Bedrock, Cohere and Mistral (`message`).
 */
function errorMessage(data: unknown): string | undefined {
  if (typeof data === "string") return data.trim() === "" ? undefined : data;
  if (typeof data !== "object" || data === null) return undefined;
  const { error, message, detail } = data as Record<string, unknown>;
  for (const candidate of [(error as { message?: unknown } | null | undefined)?.message, error, message, detail]) {
    if (typeof candidate === "string" && candidate.trim() !== "") return candidate;
  }
  return JSON.stringify(error ?? message ?? detail ?? data);
}

function errorCode(data: unknown): string | undefined {
  const { error, code, type } = (data ?? {}) as { error?: Record<string, unknown>; code?: unknown; type?: unknown };
  const reasons = errorDetails(data).map(({ reason }) => reason);
  for (const candidate of [...reasons, error?.code, error?.type, error?.status, code, type]) {
    if (typeof candidate === "string") return candidate;
  }
  return undefined;
}

/** The `details` of an error in Google's form. */
function errorDetails(data: unknown): { reason?: unknown; retryDelay?: unknown }[] {
  const details = (data as { error?: { details?: unknown } } | null | undefined)?.error?.details;
  return Array.isArray(details) ? details.filter((detail) => typeof detail === "object" && detail !== null) : [];
}

/** The system's code of a failed connection, such as `ECONNREFUSED`, from wherever in the causes it stands. */
function networkCode(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && typeof current === "object" && current !== null; depth++) {
    const { code, cause } = current as { code?: unknown; cause?: unknown };
    if (typeof code === "string" && /^[A-Z0-9_]+$/.test(code)) return code;
    current = cause;
  }
  return undefined;
}
