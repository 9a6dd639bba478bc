import type { TextError } from "../core/errors.ts";

/** In mode `"offline"`, a text that the cache does not have. */
export class OfflineMissError extends Error {
  override readonly name = "OfflineMissError";
  readonly code = "EMBED_ONCE_OFFLINE_MISS";
  /** Where the text stands in the call. */
  readonly textIndex: number;
  /** How many texts of the call the cache does not have. */
  readonly misses: number;

  constructor(textIndex: number, misses: number) {
    super(
      `the cache does not have text ${textIndex}${misses > 1 ? ` and ${misses - 1} more` : ""}, and the mode is "offline"; ` +
        "embed it once in another mode, or import a pack that has it",
    );
    this.textIndex = textIndex;
    this.misses = misses;
  }
}

export interface EmbeddingFailure {
  cause: unknown;
  /** The text that the provider refuses or answers wrongly, where that is known. */
  textIndex: number | undefined;
  textsDone: number;
  textsAsked: number;
}

/** A call failed after a part of it was done, or because of one of its texts. What is done is kept: ask again for the rest. */
export class EmbeddingsFailedError extends Error {
  override readonly name = "EmbeddingsFailedError";
  readonly code = "EMBED_ONCE_FAILED";
  readonly textIndex: number | undefined;
  readonly textsDone: number;
  readonly textsAsked: number;

  constructor({ cause, textIndex, textsDone, textsAsked }: EmbeddingFailure) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const which = textIndex === undefined || isAboutText(cause) ? "" : `text ${textIndex} was refused: `;
    super(`${which}${reason} (${textsDone} of ${textsAsked} texts are done and kept)`, { cause });
    this.textIndex = textIndex;
    this.textsDone = textsDone;
    this.textsAsked = textsAsked;
  }
}

/** What the base embedder threw, for callers that know its error classes and not this one. */
export function baseError(error: unknown): unknown {
  return error instanceof EmbeddingsFailedError ? error.cause : error;
}

/**
 * One text was refused, alone or by its index, or got a wrong answer. Its place is known to the caller alone, who makes an
 * error with the caller's index of it.
 */
export class TextFailed extends Error {
  readonly text: string;
  readonly refused: boolean;

  constructor(text: string, cause: unknown, refused: boolean) {
    super("a text failed", { cause });
    this.text = text;
    this.refused = refused;
  }
}

/** Whether an error's own message names the text that it is about. */
export function isAboutText(error: unknown): error is TextError & { readonly textIndex: number } {
  const { textIndex, withTextIndex } = (error ?? {}) as Partial<TextError>;
  return Number.isInteger(textIndex) && typeof withTextIndex === "function";
}
