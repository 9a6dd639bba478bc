import { join } from "node:path";

export const FROM_SOURCES = "--conditions=embed-once-source";

/** What Node.js is started with to run the command from its sources. */
export const COMMAND: readonly string[] = [FROM_SOURCES, join(import.meta.dirname, "../../src/cli/main.ts")];

/** An environment without anything that whoever runs the tests has configured. */
export function environmentOf(home: string): Record<string, string> {
  const { PATH = "", NODE_COMPILE_CACHE } = process.env;
  // Without its cache, Node.js compiles the sources anew at each start, which takes twice as long.
  return { PATH, HOME: home, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) };
}
