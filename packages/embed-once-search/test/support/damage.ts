import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/**
 * Writes over a file in its place, as a failing disk does: who has it open goes on with it. The first pages stay, so that
 * it still looks like a database.
 */
export function overwrite(path: string, from = 2 * 8192): void {
  const bytes = readFileSync(path).fill(0x5a, from);
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
}
