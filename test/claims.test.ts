import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withClaims } from "../scripts/benchmarks/claims.ts";
import { type LastRuns, readFigures, writeFigures } from "../scripts/benchmarks/figures.ts";
import { chartsOf, pageOf } from "../scripts/benchmarks/page.ts";
import { checkClaims, differences } from "../scripts/check-claims.ts";
import { toSvg } from "../scripts/plot.ts";

const contestant = (name: string, p50: number) => ({
  name,
  buildMs: 1000,
  diskBytes: 3_000_000,
  privateBytes: 20_000_000,
  searches: [false, true].map((isConfined) => ({
    limit: 10,
    isConfined,
    ms: { p50, p99: 2 * p50 },
    asked: 300,
    recall: 0.5 + p50 / 10,
  })),
});

function runOf(results: object): LastRuns[string] {
  return {
    date: "2026-01-02",
    machine: "2 × any",
    commit: "abc",
    versions: { "Node.js": "24.0.0" },
    size: "default",
    minutes: 1,
    results,
  };
}

function someRuns(): LastRuns {
  const sizes = {
    dimensions: 1536,
    bits: 13.6,
    entropyBits: 13.4,
    zstdBits: 28.6,
    planesBits: 12.5,
    deflateBits: 29,
    lz4Bits: 32,
  };
  return {
    codec: runOf({ sizes: [{ set: "half precision, 1536", seenAt: "somebody", ...sizes }], times: [] }),
    search: runOf({
      sets: [
        {
          set: "clustered",
          vectors: 1000,
          dimensions: 1536,
          contestants: [contestant("embed-once", 2.5), contestant("slow rival", 40), contestant("quick rival", 0.25)],
          float32ScanMs: { p50: 1, p99: 2 },
        },
      ],
    }),
  };
}

const [begin, end] = [
  "<!-- claims: made by `npm run check:claims -- --write` of docs/benchmarks.json -->",
  "<!-- /claims -->",
];
const readme = `Before.\n\n${begin}\n\n${end}\n\nAfter.\n`;

describe("claims", () => {
  test("stand between their marks, each with figure and command, of the benchmarks that ran", () => {
    const written = withClaims(readme, someRuns());
    expect(written.startsWith(`Before.\n\n${begin}\n`)).toBe(true);
    expect(written.endsWith(`${end}\n\nAfter.\n`)).toBe(true);
    expect(written).toMatch(/\| 13\.6 of 64 .*\| `npm run bench:codec` \|/);
    expect(written).toMatch(/\| 2\.5 ms.*\| `npm run bench:search` \|/);
    expect(written).not.toContain("bench:tiers");
    expect(withClaims(written, someRuns())).toBe(written);
  });

  test("name rivals that were better", () => {
    expect(withClaims(readme, someRuns())).toContain("faster: quick rival, 0.25 ms");
    expect(withClaims(readme, someRuns())).not.toContain("slow rival");
    expect(withClaims(readme, someRuns())).toContain("0 of 1 kinds of vectors");
    expect(pageOf(someRuns())).toContain("A general compressor makes smaller: half precision, 1536.");
    expect(pageOf(someRuns())).toContain("- best 10 (2.5 ms): quick rival (0.25 ms, recall 0.525)");
  });

  test("a figure that is not of the last run is found", () => {
    const page = pageOf(someRuns());
    const written = withClaims(readme, someRuns());
    expect(differences(someRuns(), written, page)).toEqual([]);
    expect(differences(someRuns(), written.replace("13.6 of 64", "13.5 of 64"), page)[0]).toMatch(
      /^README\.md, line \d+/,
    );
    expect(differences(someRuns(), written, `${page}\nMore.\n`)[0]).toMatch(/^docs\/benchmarks\.md, line \d+/);
    expect(() => withClaims("no marks", someRuns())).toThrow("must hold the lines");
  });

  test("the same figures give the same charts", async () => {
    for (const [name, chart] of Object.entries(chartsOf(someRuns()))) {
      const svg = await toSvg(chart);
      expect(svg, name).toContain("<svg");
      expect(svg, name).toBe(await toSvg(chartsOf(someRuns())[name]!));
    }
  });

  test("README.md and docs/benchmarks.md are of the last run", () => {
    const runs = readFigures();
    if (runs !== undefined) expect(checkClaims(runs)).toEqual([]);
  });
});

describe("the last runs' figures", () => {
  test("a run replaces its benchmark's figures, and the others stay, in the order of the benchmarks", () => {
    const folder = mkdtempSync(join(tmpdir(), "embed-once-claims-"));
    try {
      const path = join(folder, "benchmarks.json");
      expect(readFigures(path)).toBeUndefined();
      writeFigures({ search: runOf({ ms: 1.23456 }) }, ["codec", "search"], path);
      const all = writeFigures({ codec: runOf({ bits: 10 }) }, ["codec", "search"], path);
      expect(Object.keys(all)).toEqual(["codec", "search"]);
      expect(all.search!.results).toEqual({ ms: 1.235 });
      expect(readFigures(path)).toEqual(all);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
