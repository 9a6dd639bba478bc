/** The command was used in a way that cannot work; the message says what came and what was expected. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command did its work, and what it found is a failure. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}
