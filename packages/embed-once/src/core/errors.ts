/** A stored record is not what was written: changed, cut short, extended, or never a record. */
export class CorruptRecordError extends Error {
  override readonly name = "CorruptRecordError";
  readonly code = "EMBED_ONCE_CORRUPT_RECORD";
}

/** A record is sound as far as can be seen, but of a version or form that this version does not know. */
export class UnsupportedRecordError extends Error {
  override readonly name = "UnsupportedRecordError";
  readonly code = "EMBED_ONCE_UNSUPPORTED_RECORD";
}

/**
 * An error that may be about one text of a call. Whoever asked for that text among others, or elsewhere in another order,
 * tells it of the place where his own caller has it.
 */
export interface TextError extends Error {
  /** Where the text stands in the call; absent where the error is about no text in particular. */
  readonly textIndex: number | undefined;
  /** The same error with another place of the text. */
  withTextIndex(textIndex: number): Error;
}

/** A message, or what makes it for a text that stands at this index. */
export type TextMessage = string | ((textIndex: number) => string);

export function textMessage(message: TextMessage, textIndex: number | undefined): string {
  return typeof message === "string" ? message : message(textIndex!);
}

/** The base embedder's answer breaks the contract: another count of vectors, another length, numbers that are none. */
export class EmbeddingResponseError extends Error implements TextError {
  override readonly name = "EmbeddingResponseError";
  readonly code = "EMBED_ONCE_RESPONSE";
  readonly textIndex: number | undefined;
  readonly #message: TextMessage;

  /** @param message a function of the index where one text is concerned, else a string */
  constructor(message: string);
  constructor(message: TextMessage, textIndex: number);
  constructor(message: TextMessage, textIndex?: number) {
    super(textMessage(message, textIndex));
    this.#message = message;
    this.textIndex = textIndex;
  }

  withTextIndex(textIndex: number): EmbeddingResponseError {
    return new EmbeddingResponseError(this.#message, textIndex);
  }
}

/** The configuration cannot work as it is. The message says what came and what was expected. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly code = "EMBED_ONCE_CONFIGURATION";
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
