import { messageOf } from "./errors.ts";

/**
 * A listener of the user's that cannot harm whom it listens to: what it throws is a warning of the process. Answers that
 * are paid for must not be lost by it.
 * @param name the option that it was given as
 */
export function harmless<Told>(name: string, listener: (told: Told) => void): (told: Told) => void {
  return (told) => {
    try {
      listener(told);
    } catch (error) {
      process.emitWarning(`${name} threw: ${messageOf(error)}`, "EmbedOnceWarning");
    }
  };
}
