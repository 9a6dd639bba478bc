import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LIFETIME_SAVE_MS, LifetimeSaver } from "../../src/statistics/lifetime-saver.ts";
import { type LifetimeCounters, LockWaitError } from "../../src/tier/mapped-tier.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A place for counters that can refuse. */
function place() {
  const counted: LifetimeCounters = {};
  const saved: LifetimeCounters = {};
  const writes: LifetimeCounters[] = [];
  let refusal: Error | "no place" | undefined;
  const saver = new LifetimeSaver(
    () => ({ ...counted }),
    async (counters) => {
      writes.push(counters);
      if (refusal === "no place") return false;
      if (refusal) throw refusal;
      for (const [name, count] of Object.entries(counters)) saved[name] = (saved[name] ?? 0) + count;
      return true;
    },
  );
  const count = (name: string, by: number) => {
    counted[name] = (counted[name] ?? 0) + by;
    saver.touch();
  };
  const refuse = (by: typeof refusal) => {
    refusal = by;
  };
  return { saver, count, counted, saved, writes, refuse };
}

describe("saving lifetime counters", () => {
  test("makes one write in five seconds however often something is counted, and none while nothing is", async () => {
    const { count, counted, saved, writes } = place();
    for (let i = 0; i < 1_000; i++) {
      count("texts", 1);
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(writes.length).toBe(2);
    await vi.advanceTimersByTimeAsync(LIFETIME_SAVE_MS);
    expect(saved).toEqual(counted);
    const before = writes.length;
    await vi.advanceTimersByTimeAsync(100 * LIFETIME_SAVE_MS);
    expect(writes.length).toBe(before);
  });

  test.each([["no place" as const], [new Error("disk full")]])(
    "tries what could not be saved again with what comes next (%s)",
    async (refusal) => {
      const { count, counted, saved, refuse } = place();
      refuse(refusal);
      count("texts", 3);
      await vi.advanceTimersByTimeAsync(LIFETIME_SAVE_MS);
      expect(saved).toEqual({});
      refuse(undefined);
      count("texts", 2);
      await vi.advanceTimersByTimeAsync(LIFETIME_SAVE_MS);
      expect(saved).toEqual(counted);
    },
  );

  test("counts nothing twice where a write that gave up waiting may still come through", async () => {
    const { saver, count, saved, writes, refuse } = place();
    refuse(new LockWaitError("another process has had it locked"));
    count("texts", 3);
    await expect(saver.save()).rejects.toThrow("locked");
    refuse(undefined);
    count("texts", 2);
    await saver.save();
    expect(writes).toEqual([{ texts: 3 }, { texts: 2 }]);
    expect(saved).toEqual({ texts: 2 });
  });

  test("saves what was counted while a write was under way", async () => {
    const { saver, count, counted, saved } = place();
    count("texts", 1);
    const first = saver.save();
    count("texts", 1);
    await Promise.all([first, saver.save()]);
    expect(saved).toEqual(counted);
  });
});
