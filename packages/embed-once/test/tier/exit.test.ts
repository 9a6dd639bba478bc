import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "embed-once-exit-"));
afterAll(() => rmSync(folder, { recursive: true }));
const SCRIPT = join(import.meta.dirname, "exit-while-writing.ts");
const MOMENTS_MS = [0, 2, 4, 7, 11];

describe("a process that ends in the midst of its writes", () => {
  test.each([
    ["exit", 3, ""],
    ["throw", 1, "boom"],
  ])(
    "by %s ends at once, with its code, its message and its own listeners",
    { timeout: 120_000 },
    (how, code, said) => {
      const directory = join(folder, how);
      for (const moment of MOMENTS_MS) {
        const args = [SCRIPT, directory, how, String(moment)];
        const ended = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000, killSignal: "SIGKILL" });
        const { status, signal, stdout, stderr } = ended;
        expect({ moment, status, signal, stdout }).toEqual({
          ...{ moment, status: code, signal: null },
          stdout: "the program's own listener\n",
        });
        expect(stderr).toContain(said);
      }
    },
  );
});
