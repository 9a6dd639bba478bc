import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The 64 bits of each number: `===` takes −0 for 0. */
export function bits(vectors: readonly (readonly number[])[]): BigUint64Array[] {
  return vectors.map((vector) => new BigUint64Array(Float64Array.from(vector).buffer));
}

/** The same as text, to be sent to another process. */
export function bitsAsText(vectors: readonly (readonly number[])[]): string {
  return bits(vectors).join();
}

/** Folders for caches, one for each call, and their end. */
export function temporaryFolders(): { next: () => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "embed-once-adapter-"));
  let count = 0;
  return { next: () => join(folder, String(count++)), remove: () => rmSync(folder, { recursive: true }) };
}
