import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { killRounds } from "./kill-rounds.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the mapped tier", () => {
  test("loses nothing acknowledged and gives nothing wrong over 100 processes killed while they write", {
    timeout: 120_000,
  }, async () => {
    const directory = join(folder, "cache");
    const { killed, acknowledged, lost, wrong } = await killRounds(directory, 100);
    expect({ killed, lost, wrong, enough: acknowledged > 400 }).toEqual({
      killed: 100,
      lost: 0,
      wrong: 0,
      enough: true,
    });
    // A healthy file survives every trial, and the markers of the dead are cleared away.
    expect(readdirSync(directory).sort()).toEqual(["vectors-v2.lmdb", "vectors-v2.lmdb-lock"]);
  });
});
