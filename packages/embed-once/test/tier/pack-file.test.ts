import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { beginFrames, finishFrame, frameKey } from "../../src/tier/entry-frame.ts";
import { type PackEntry, readPack, writePack } from "../../src/tier/pack-file.ts";
import { numberedEntry } from "./numbered-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-packs-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
function newFolder(): string {
  const path = join(folder, String(count++));
  mkdirSync(path);
  return path;
}

async function* entries(from: number, to: number): AsyncGenerator<PackEntry> {
  for (let number = from; number < to; number++) {
    const [frame] = beginFrames([numberedEntry(number)], 0) as [Buffer];
    finishFrame(frame, 1);
    yield { frame, model: "m" };
    await new Promise(setImmediate);
  }
}

const keysOf = (path: string) => [...readPack(path, () => {})].map(({ frame }) => frameKey(frame));
const keys = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => Buffer.from(numberedEntry(from + i).key));

describe("a pack that is written", () => {
  test("goes through no file or link that lies beside it, and is for its owner only", async ({ skip }) => {
    if (process.platform === "win32") skip("modes and links are another matter there");
    const directory = newFolder();
    const path = join(directory, "a.pack");
    const victim = join(directory, "victim");
    writeFileSync(victim, "somebody's", { mode: 0o644 });
    symlinkSync(victim, `${path}.part`);
    expect(await writePack(path, entries(0, 5))).toBe(5);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(victim, "utf8")).toBe("somebody's");
    expect(readdirSync(directory).sort()).toEqual(["a.pack", "a.pack.part", "victim"]);
  });

  test("is whole, though another is written to the same path at the same time", async () => {
    const directory = newFolder();
    const path = join(directory, "a.pack");
    expect(await Promise.all([writePack(path, entries(0, 5)), writePack(path, entries(5, 15))])).toEqual([5, 10]);
    expect(keysOf(path)).toEqual(keys(5, 15));
    expect(readdirSync(directory)).toEqual(["a.pack"]);
  });

  test("leaves nothing behind where it fails, and what was there before", async () => {
    const directory = newFolder();
    const path = join(directory, "a.pack");
    await writePack(path, entries(0, 5));
    async function* failing(): AsyncGenerator<PackEntry> {
      yield* entries(5, 8);
      throw new Error("not readable");
    }
    await expect(writePack(path, failing())).rejects.toThrow("not readable");
    mkdirSync(join(directory, "folder"));
    await expect(writePack(join(directory, "folder"), entries(0, 1))).rejects.toThrow();
    expect(keysOf(path)).toEqual(keys(0, 5));
    expect(readdirSync(directory).sort()).toEqual(["a.pack", "folder"]);
  });
});
