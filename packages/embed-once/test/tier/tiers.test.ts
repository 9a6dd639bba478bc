import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { tierSuite } from "../../src/testing/tier-suite.ts";
import { CompressedTier } from "../../src/tier/compressed-tier.ts";
import { HotTier } from "../../src/tier/hot-tier.ts";
import { MappedTier } from "../../src/tier/mapped-tier.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-tiers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const records = {
  value: (bytes: number, seed: number) => new Uint8Array(bytes).map((_, i) => (i * 31 + seed * 7) & 0xff),
  content: (record: Uint8Array) => record,
  corrupt: (record: Uint8Array) => void record.fill(0),
};

describe("L1, the hot tier", () => {
  tierSuite(test, {
    open: (maxBytes) => new HotTier({ maxBytes }),
    value: (bytes, seed) => Array.from({ length: Math.ceil(bytes / 8) }, (_, i) => Math.sin(i + seed)),
    content: (vector) => new Uint8Array(Float64Array.from(vector).buffer),
    corrupt: (vector) => void (vector as number[]).fill(0),
  });
});

describe("L2, the compressed tier", () => {
  tierSuite(test, { open: (maxBytes) => new CompressedTier({ maxBytes }), ...records });
});

describe("L3, the mapped tier", () => {
  let count = 0;
  tierSuite(test, {
    open: (maxBytes) => MappedTier.open({ directory: join(folder, String(count++)), maxBytes }),
    ...records,
  });
});
