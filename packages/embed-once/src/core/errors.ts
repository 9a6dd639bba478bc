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

/** The base embedder's answer breaks the contract: another count of vectors, another length, numbers that are none. */
export class EmbeddingResponseError extends Error {
  override readonly name = "EmbeddingResponseError";
  readonly code = "EMBED_ONCE_RESPONSE";
}

/** The configuration cannot work as it is. The message says what came and what was expected. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly code = "EMBED_ONCE_CONFIGURATION";
}
