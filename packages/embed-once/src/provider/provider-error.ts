import { type TextError, type TextMessage, textMessage } from "../core/errors.ts";

/**
 * Why a provider gave no answer:
 * - `key`: it refuses the key (401, 403)
 * - `not-found`: it knows no such model or address (404)
 * - `request`: it refuses the request as it is (another 4xx, a redirect)
 * - `too-large`: the request holds more than it takes (413), or than it takes in a minute (429)
 * - `rate-limit`: it was asked too often (429)
 * - `quota`: nothing is left of what was paid for (402; 400, 403 or 429 that no waiting cures)
 * - `server`: it failed (5xx)
 * - `unreachable`: nobody answers at the address
 * - `timeout`: the answer took too long
 * - `interrupted`: the answer broke off
 */
export type ProviderFailure =
  | "key"
  | "not-found"
  | "request"
  | "too-large"
  | "rate-limit"
  | "quota"
  | "server"
  | "unreachable"
  | "timeout"
  | "interrupted";

const PASSING: ReadonlySet<ProviderFailure> = new Set([
  "rate-limit",
  "server",
  "unreachable",
  "timeout",
  "interrupted",
]);

export interface ProviderErrorDetails {
  reason: ProviderFailure;
  status?: number | undefined;
  providerCode?: string | undefined;
  providerMessage?: string | undefined;
  retryAfterMs?: number | undefined;
  textIndex?: number | undefined;
}

/**
 * A provider gave no answer. The message says what happened and what to do about it, in one line; neither it nor any
 * field holds a key, even where the server repeated it. There is no `cause`: a client's own errors carry the request's headers.
 */
export class ProviderError extends Error implements TextError {
  override readonly name = "ProviderError";
  readonly code = "EMBED_ONCE_PROVIDER";
  readonly reason: ProviderFailure;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** The provider's own code of the error, such as `"insufficient_quota"`. */
  readonly providerCode: string | undefined;
  /** What the provider said, on one line, cut after some hundred characters. */
  readonly providerMessage: string | undefined;
  /** How long the provider asks to wait, from now. */
  readonly retryAfterMs: number | undefined;
  /** The text that is refused, by its index in the call, where that is known. */
  readonly textIndex: number | undefined;
  readonly #message: TextMessage;

  constructor(message: string, details: ProviderErrorDetails);
  constructor(message: TextMessage, details: ProviderErrorDetails & { textIndex: number });
  constructor(message: TextMessage, details: ProviderErrorDetails) {
    super(textMessage(message, details.textIndex));
    this.#message = message;
    this.textIndex = details.textIndex;
    this.reason = details.reason;
    this.status = details.status;
    this.providerCode = details.providerCode;
    this.providerMessage = details.providerMessage;
    this.retryAfterMs = details.retryAfterMs;
  }

  withTextIndex(textIndex: number): ProviderError {
    return new ProviderError(this.#message, { ...this, textIndex });
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return PASSING.has(this.reason);
  }
}
