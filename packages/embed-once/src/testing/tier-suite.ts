import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { ContentKey } from "../core/content-key.ts";
import type { Tier } from "../tier/tier.ts";
import type { TestFunction } from "./test-function.ts";

/** How the suite makes a tier and its values; `Value` is whatever the tier holds. */
export interface TierSuiteOptions<Value> {
  /** A new, empty tier. */
  open(maxBytes: number): Promise<Tier<Value>> | Tier<Value>;
  /** A value of about this many bytes; another seed gives another value. */
  value(bytes: number, seed: number): Value;
  /** What a value holds, for comparison; also of a value that the tier lends. */
  content(value: Value): Uint8Array;
  /** Changes the value in place, as a careless caller would. */
  corrupt(value: Value): void;
}

const ROOMY_BYTES = 4_000_000;

/** What every tier must do, by the law in `tier.ts`. */
export function tierSuite<Value>(test: TestFunction, options: TierSuiteOptions<Value>): void {
  const { open, value, content, corrupt } = options;

  async function withTier(maxBytes: number, body: (tier: Tier<Value>) => Promise<void>): Promise<void> {
    const tier = await open(maxBytes);
    try {
      await body(tier);
    } finally {
      await tier.close();
    }
  }

  /** A copy, as what `get` gives is lent. */
  function read(tier: Tier<Value>, key: ContentKey): Uint8Array | undefined {
    const found = tier.get(key);
    return found === undefined ? undefined : Uint8Array.from(content(found));
  }

  function holds(tier: Tier<Value>, key: ContentKey, expected: Value): void {
    assert.deepEqual(read(tier, key), Uint8Array.from(content(expected)));
  }

  test("an empty tier has nothing and uses nothing", () =>
    withTier(ROOMY_BYTES, async (tier) => {
      assert.equal(tier.get(randomBytes(32)), undefined);
      const { entries, maxBytes, evictions } = tier.usage();
      assert.deepEqual({ entries, maxBytes, evictions }, { entries: 0, maxBytes: ROOMY_BYTES, evictions: 0 });
    }));

  test("gives back every value of a batch, byte for byte", () =>
    withTier(ROOMY_BYTES, async (tier) => {
      const entries = Array.from({ length: 100 }, (_, i) => ({ key: randomBytes(32), value: value(16 + 64 * i, i) }));
      await tier.set(entries);
      for (const entry of entries) holds(tier, entry.key, entry.value);
      assert.equal(tier.usage().entries, 100);
    }));

  test("the last value of a key wins, within a batch and across batches", () =>
    withTier(ROOMY_BYTES, async (tier) => {
      const key = randomBytes(32);
      await tier.set([
        { key, value: value(64, 1) },
        { key, value: value(640, 2) },
      ]);
      holds(tier, key, value(640, 2));
      await tier.set([{ key, value: value(64, 3) }]);
      holds(tier, key, value(64, 3));
      assert.equal(tier.usage().entries, 1);
    }));

  test("keys that differ in one bit are different keys", () =>
    withTier(ROOMY_BYTES, async (tier) => {
      const key = randomBytes(32);
      await tier.set([{ key, value: value(64, 1) }]);
      for (let bit = 0; bit < 256; bit++) {
        const other = Uint8Array.from(key);
        other[bit >> 3]! ^= 1 << (bit & 7);
        assert.equal(tier.get(other), undefined);
      }
    }));

  test("what a caller does to a value or a key that it handed in never reaches the tier", () =>
    withTier(ROOMY_BYTES, async (tier) => {
      const key = randomBytes(32);
      const original = Uint8Array.from(key);
      const handedIn = value(64, 1);
      const stored = tier.set([{ key, value: handedIn }]);
      corrupt(handedIn);
      key.fill(0);
      await stored;
      holds(tier, original, value(64, 1));
      assert.equal(tier.get(key), undefined);
    }));

  test("a deleted entry is gone and its room is free", () =>
    withTier(ROOMY_BYTES, async (tier) => {
      const key = randomBytes(32);
      const before = tier.usage().usedBytes;
      await tier.set([{ key, value: value(640, 1) }]);
      assert.ok(tier.usage().usedBytes > before);
      await tier.delete(key);
      await tier.delete(randomBytes(32));
      assert.equal(tier.get(key), undefined);
      assert.deepEqual(
        { ...tier.usage(), damaged: 0 },
        {
          entries: 0,
          usedBytes: before,
          maxBytes: ROOMY_BYTES,
          evictions: 0,
          damaged: 0,
        },
      );
    }));

  test("stays within its budget by evicting, and keeps what it keeps intact", () =>
    withTier(100_000, async (tier) => {
      const entries = Array.from({ length: 400 }, (_, i) => ({ key: randomBytes(32), value: value(1_000, i) }));
      for (let i = 0; i < entries.length; i += 40) {
        await tier.set(entries.slice(i, i + 40));
        assert.ok(tier.usage().usedBytes <= 100_000);
      }
      const kept = entries.filter(({ key }) => tier.get(key) !== undefined);
      assert.ok(kept.length >= 20, `only ${kept.length} of 400 were kept`);
      assert.equal(tier.usage().entries, kept.length);
      assert.equal(tier.usage().evictions, 400 - kept.length);
      for (const entry of kept) holds(tier, entry.key, entry.value);
    }));

  test("a value larger than the whole budget is not stored and costs no other entry its place", () =>
    withTier(50_000, async (tier) => {
      const key = randomBytes(32);
      const large = randomBytes(32);
      await tier.set([{ key, value: value(64, 1) }]);
      await tier.set([{ key: large, value: value(60_000, 2) }]);
      assert.equal(tier.get(large), undefined);
      holds(tier, key, value(64, 1));
    }));

  test("a value larger than the whole budget replaces an older one by nothing, never by the older one", () =>
    withTier(50_000, async (tier) => {
      const key = randomBytes(32);
      await tier.set([{ key, value: value(64, 1) }]);
      await tier.set([{ key, value: value(60_000, 2) }]);
      assert.equal(tier.get(key), undefined);
    }));

  test("an empty batch is no fault", () =>
    withTier(ROOMY_BYTES, async (tier) => {
      await tier.set([]);
      await tier.flush();
      assert.equal(tier.usage().entries, 0);
    }));
}
