import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, samplePages } from "./markdown.ts";
import type { Outcome } from "./run-samples.ts";

const home = mkdtempSync(join(tmpdir(), "embed-once-samples-"));
afterAll(() => rmSync(home, { recursive: true }));
const others = Object.entries(process.env).filter(([name]) => !/^EMBED_ONCE_|_API_KEY$/.test(name));
const runner = join(import.meta.dirname, "run-samples.ts");
const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=embed-once-source", runner], {
  env: { ...Object.fromEntries(others), HOME: home, USERPROFILE: home },
  maxBuffer: 100_000_000,
  timeout: 120_000,
});
const outcomes = JSON.parse(stdout) as Outcome[];

describe("the samples of the documentation", () => {
  test("are all of those that there are", () => {
    expect(outcomes).toHaveLength(samplePages().flatMap(blocks).length);
    expect(outcomes.filter(({ language }) => language === "js").length).toBeGreaterThan(20);
  });

  test.each(outcomes)("$place ($language) works and prints what it says", ({ stdout, expected, error }) => {
    expect(error).toBeUndefined();
    if (expected !== undefined) expect(stdout).toBe(expected);
  });

  const asking = outcomes.filter(({ requests: [first = 0] }) => first > 0);

  test("those that ask a provider are found", () => {
    expect(asking.length).toBeGreaterThan(3);
  });

  test.each(asking)("$place asks nobody when it is run a second time", ({ requests }) => {
    expect(requests[1]).toBe(0);
  });
});
