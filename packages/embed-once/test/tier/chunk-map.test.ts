import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkMap } from "../../src/tier/chunk-map.ts";
import { CompressedTier } from "../../src/tier/compressed-tier.ts";

const key = (id: number) => new Uint8Array(32).map((_, i) => (i === 31 ? id : 0));
const content = (length: number, seed: number) => new Uint8Array(length).map((_, i) => (i * 7 + seed) & 0xff);

describe("the chunk map", () => {
  test("behaves like a Map over random operations, whatever it evicts", () => {
    const operation = fc.record({
      what: fc.constantFrom("put", "put", "get", "delete"),
      id: fc.nat(40),
      // Both sides of what fits into one chunk and into two.
      bytes: fc.oneof(
        fc.nat(12),
        fc.integer({ min: 195, max: 205 }),
        fc.integer({ min: 451, max: 461 }),
        fc.nat(3_000),
      ),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const model = new Map<number, Uint8Array>();
        const map = new ChunkMap({
          maxBytes: 10_000,
          chunkBytes: 256,
          onEvict: (entry) => expect(model.delete(map.keyOf(entry)[31]!)).toBe(true),
        });
        for (const { what, id, bytes } of operations) {
          if (what === "put") {
            // The former entry leaves before others are evicted for the new one.
            model.delete(id);
            const entry = map.make(key(id), bytes);
            if (entry < 0) continue;
            map.write(entry, content(bytes, id));
            model.set(id, content(bytes, id));
          } else if (what === "delete") {
            expect(map.delete(key(id))).toBe(model.delete(id));
          } else {
            const entry = map.find(key(id));
            const expected = model.get(id);
            expect(entry >= 0).toBe(expected !== undefined);
            if (!expected) continue;
            expect(map.lend(entry)).toEqual(expected);
          }
          expect(map.size).toBe(model.size);
          expect(map.usedBytes).toBeLessThanOrEqual(10_000);
        }
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  test("spares what was asked for over a scan of entries that are not", () => {
    const tier = new CompressedTier({ maxBytes: 100_000 });
    const hot = Array.from({ length: 20 }, (_, id) => key(id));
    for (const [id, name] of hot.entries()) tier.put(name, content(1_000, id));
    for (let id = 0; id < 2_000; id++) {
      tier.put(
        Uint8Array.from({ length: 32 }, (_, i) => (i < 2 ? id >> (8 * i) : 9)),
        content(1_000, id),
      );
      for (const name of hot) tier.get(name);
    }
    expect(hot.filter((name) => tier.has(name))).toHaveLength(20);
  });

  test("takes in what is hot now, though what was hot before left no room", () => {
    const tier = new CompressedTier({ maxBytes: 110_000 });
    const name = (id: number) => Uint8Array.from({ length: 32 }, (_, i) => (i < 2 ? id >> (8 * i) : 9));
    const ask = (id: number) => {
      const found = tier.get(name(id));
      if (!found) tier.put(name(id), content(1_000, id));
      return found;
    };
    // Room for some 85. Many earlier ones were asked for twice; then 60 others in turn, again and again.
    for (let round = 0; round < 20; round++) for (let id = 0; id < 80; id++) ask(id * (1 + (round % 3)));
    for (let round = 0; round < 15; round++) for (let id = 1_000; id < 1_060; id++) ask(id);
    expect(Array.from({ length: 60 }, (_, id) => ask(1_000 + id)).filter((found) => found)).toHaveLength(60);
  });

  test("has no memory of its own beyond its budget", () => {
    for (const maxBytes of [0, 100, 255, 256, 1_000, 5_000_000]) {
      expect(new ChunkMap({ maxBytes, chunkBytes: 256 }).memory.byteLength).toBeLessThanOrEqual(maxBytes);
    }
  });
});
