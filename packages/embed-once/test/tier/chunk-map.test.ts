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
        fc.integer({ min: 185, max: 195 }),
        fc.integer({ min: 436, max: 444 }),
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
            const copy = new Uint8Array(map.lengthOf(entry));
            map.copy(entry, copy);
            expect(copy).toEqual(expected);
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

  test("has no memory of its own beyond its budget", () => {
    for (const maxBytes of [0, 100, 255, 256, 1_000, 5_000_000]) {
      expect(new ChunkMap({ maxBytes, chunkBytes: 256 }).memory.byteLength).toBeLessThanOrEqual(maxBytes);
    }
  });
});
