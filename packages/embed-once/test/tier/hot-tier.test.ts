import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HotTier } from "../../src/tier/hot-tier.ts";

const key = (id: number) => Buffer.alloc(32, `key ${id}`);
const vector = (length: number, seed: number) => Array.from({ length }, (_, i) => Math.sin(i + seed));

describe("L1", () => {
  test("is a map that forgets only what it evicts, and says so", () => {
    const operation = fc.record({
      what: fc.constantFrom("put", "get", "get", "delete"),
      id: fc.nat(40),
      length: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const model = new Map<string, number[]>();
        const tier = new HotTier({
          maxBytes: 10_000,
          onEvict: (evicted, numbers) => {
            expect(model.get(Buffer.from(evicted).toString("hex"))).toEqual(numbers);
            model.delete(Buffer.from(evicted).toString("hex"));
          },
        });
        for (const { what, id, length } of operations) {
          const name = key(id).toString("hex");
          if (what === "get") {
            expect(tier.get(key(id))).toEqual(model.get(name));
          } else {
            // The former vector leaves before others are evicted for the new one.
            model.delete(name);
            if (what === "delete") tier.delete(key(id));
            else tier.put(key(id), vector(length, id));
            if (what === "put") model.set(name, vector(length, id));
          }
          expect(tier.usage().entries).toBe(model.size);
          expect(tier.usage().usedBytes).toBeLessThanOrEqual(10_000);
        }
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  test("spares what was asked for over a scan of vectors that are not", () => {
    const tier = new HotTier({ maxBytes: 100_000 });
    const hot = Array.from({ length: 20 }, (_, id) => key(id));
    for (const [id, name] of hot.entries()) tier.put(name, vector(100, id));
    for (let id = 100; id < 2_100; id++) {
      tier.put(key(id), vector(100, id));
      for (const name of hot) tier.get(name);
    }
    expect(hot.filter((name) => tier.get(name))).toHaveLength(20);
  });

  test("takes in what is hot now, though what was hot before left no room", () => {
    const tier = new HotTier({ maxBytes: 100_000 });
    const ask = (id: number) => {
      const found = tier.get(key(id));
      if (!found) tier.put(key(id), vector(100, id));
      return found;
    };
    // Room for some 90. Many earlier ones were asked for twice; then 60 others in turn, again and again.
    for (let round = 0; round < 20; round++) for (let id = 0; id < 80; id++) ask(id * (1 + (round % 3)));
    for (let round = 0; round < 15; round++) for (let id = 1_000; id < 1_060; id++) ask(id);
    expect(Array.from({ length: 60 }, (_, id) => ask(1_000 + id)).filter((found) => found)).toHaveLength(60);
  });

  test("what a caller does to an array, given or received, never reaches it", () => {
    const tier = new HotTier({ maxBytes: 100_000 });
    for (const given of [vector(10, 1), Float64Array.from(vector(10, 1))]) {
      tier.put(key(1), given);
      given.fill(7);
      tier.get(key(1))!.fill(8);
      expect(tier.get(key(1))).toEqual(vector(10, 1));
    }
  });

  test("takes no more of the heap than it says", () => {
    const script = join(import.meta.dirname, "hot-tier-heap.ts");
    for (const dimensions of [384, 1_536, 3_072]) {
      const args = ["--conditions=embed-once-source", "--expose-gc", script, `${dimensions}`];
      const { heapBytes, usedBytes } = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
      expect(heapBytes, `${dimensions} dimensions`).toBeLessThanOrEqual(usedBytes);
      expect(heapBytes, `${dimensions} dimensions`).toBeGreaterThan(0.8 * usedBytes);
    }
  });
});
