import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it that are missing, for their owner only.
 *
 * One by one: Node.js makes all of them in one call as well, but goes round in circles for ever where a directory says of a
 * new entry that there is no such file, as /proc does. The library has the same function for its cache, and it is no business
 * of those who use the library.
 * @throws the error of the first that cannot be made
 */
export function makeDirectory(path: string): void {
  if (isDirectory(path)) return;
  if (dirname(path) !== path) makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it just now.
    if (!isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
