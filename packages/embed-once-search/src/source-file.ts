import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { DEFAULT_MAX_FILE_BYTES, type SkipReason } from "./walk.ts";

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

/** A pipe in a file's place must not be waited for, nor a link followed; Windows has neither flag. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * A file's text with `\n` line ends and no byte order mark, or why it is no source text. Never throws.
 *
 * What was walked, or indexed long ago, may be anything by now. So it is looked at again once it is open: only a regular
 * file of at most `maxFileBytes` is read, and only where it really lies under the root.
 *
 * @param root absolute path of a folder, without symbolic links
 * @param path relative to the root, with `/`
 */
export function readSourceFile(root: string, path: string, maxFileBytes: number = DEFAULT_MAX_FILE_BYTES): SourceFile {
  const absolutePath = absolutePathOf(root, path);
  let file: number | undefined;
  try {
    file = openSync(absolutePath, OPEN_FLAGS);
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile()) return { skipped: "special" };
    if (stats.size > maxFileBytes) return { skipped: "too-large" };
    const real = realpathSync.native(absolutePath);
    const there = statSync(real, { bigint: true });
    if (!isWithin(root, real) || there.ino !== stats.ino || there.dev !== stats.dev) return { skipped: "symlink" };
    const bytes = readAtMost(file, Number(stats.size), maxFileBytes);
    return bytes === undefined ? { skipped: "too-large" } : decodeSource(bytes);
  } catch (error) {
    return { skipped: REASONS[(error as NodeJS.ErrnoException).code ?? ""] ?? "unreadable" };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** What the system answers instead of opening a link, as the BSDs do too, or a socket. */
const REASONS: Readonly<Record<string, SkipReason>> = { ELOOP: "symlink", EMLINK: "symlink", ENXIO: "special" };

/** Joins a path of the index with its root. */
export function absolutePathOf(root: string, path: string): string {
  return join(root, ...path.split("/"));
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return !(isAbsolute(way) || way.split(/[/\\]/, 1)[0] === "..");
}

/** A file's content; `undefined` where it has grown beyond the bound since it was looked at. */
function readAtMost(file: number, expected: number, most: number): Buffer | undefined {
  let bytes = Buffer.allocUnsafe(expected + 1);
  let filled = 0;
  for (;;) {
    const count = readSync(file, bytes, filled, bytes.length - filled, null);
    if (count === 0) return bytes.subarray(0, filled);
    filled += count;
    if (filled > most) return undefined;
    if (filled === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * filled, most + 1));
  }
}

/** What `readSourceFile` makes of a file's bytes: UTF-16 where a byte order mark says so, else UTF-8. */
export function decodeSource(bytes: Buffer): SourceFile {
  const utf16 = decodeUtf16(bytes);
  // Of another encoding, or of none, there are zeros in UTF-16 as in bytes.
  const isBinary =
    utf16 === undefined
      ? bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)
      : utf16.slice(0, BINARY_PROBE_BYTES).includes("\0");
  if (isBinary) return { skipped: "binary" };
  const text = (utf16 ?? bytes.toString("utf8"))
    .replace(/^\uFEFF/, "")
    // A checkout on Windows shares its chunks with one elsewhere.
    .replaceAll("\r\n", "\n");
  if (GENERATED_MARKER.test(text.slice(0, MARKER_PROBE_CHARACTERS))) return { skipped: "generated" };
  if (isMinified(text)) return { skipped: "minified" };
  return { text };
}

/** Text of UTF-16 with its byte order mark, which alone tells it; halves of characters are replaced, as in UTF-8. */
function decodeUtf16(bytes: Buffer): string | undefined {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2));
  if (mark === 0xfffe) return whole.toString("utf16le").toWellFormed();
  if (mark === 0xfeff) return Buffer.from(whole).swap16().toString("utf16le").toWellFormed();
  return undefined;
}

function isMinified(text: string): boolean {
  if (text.length < MINIFIED_MIN_CHARACTERS) return false;
  let lines = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
  return text.length / lines > MINIFIED_AVERAGE_LINE;
}
