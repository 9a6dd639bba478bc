import { readFileSync } from "node:fs";
import type { SkipReason } from "./walk.ts";

export type SourceFile = { text: string } | { skipped: SkipReason };

/** git and ripgrep look for a NUL byte near the start, too: text has none, and nearly all else does. */
const BINARY_PROBE_BYTES = 8192;

/** Characters at the start among which a generator names itself. */
const MARKER_PROBE_CHARACTERS = 1000;

/** `Code generated … DO NOT EDIT.` is Go's convention (https://go.dev/s/generatedcode), `@generated` Meta's. */
const GENERATED_MARKER = /^\W{0,4}(?:Code generated .* DO NOT EDIT\.?|@generated\b)/m;

/** People wrap or at least end their lines; a file of this size whose average line is longer was packed by a program. */
const MINIFIED_AVERAGE_LINE = 500;
const MINIFIED_MIN_CHARACTERS = 5000;

/** A file's text with `\n` line ends and no byte order mark, or why it is no source text. Never throws. */
export function readSourceFile(absolutePath: string): SourceFile {
  try {
    return decodeSource(readFileSync(absolutePath));
  } catch {
    return { skipped: "unreadable" };
  }
}

/** What `readSourceFile` makes of a file's bytes. */
export function decodeSource(bytes: Buffer): SourceFile {
  if (bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)) return { skipped: "binary" };
  const text = bytes
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    // A checkout on Windows shares its chunks with one elsewhere.
    .replaceAll("\r\n", "\n");
  if (GENERATED_MARKER.test(text.slice(0, MARKER_PROBE_CHARACTERS))) return { skipped: "generated" };
  if (isMinified(text)) return { skipped: "minified" };
  return { text };
}

function isMinified(text: string): boolean {
  if (text.length < MINIFIED_MIN_CHARACTERS) return false;
  let lines = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
  return text.length / lines > MINIFIED_AVERAGE_LINE;
}
