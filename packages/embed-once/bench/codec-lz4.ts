import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { storedBytes } from "./codec-rivals.ts";

/** Bytes that lmdb stores for the vectors when it compresses values itself, with LZ4. */
export async function lmdbLz4Bytes(vectors: readonly (readonly number[])[]): Promise<number> {
  const path = mkdtempSync(join(tmpdir(), "embed-once-bench-"));
  try {
    const compressing = open({ path, encoding: "binary", keyEncoding: "uint32", compression: { threshold: 64 } });
    for (const [index, vector] of vectors.entries()) await compressing.put(index, Buffer.from(storedBytes(vector)));
    await compressing.close();
    const raw = open({ path, encoding: "binary", keyEncoding: "uint32", compression: false });
    let bytes = 0;
    for (const index of vectors.keys()) bytes += raw.getBinary(index)!.length;
    await raw.close();
    return bytes;
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}
