import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { encodeVector } from "../../src/codec/index.ts";
import { makeVector } from "../../src/testing/vector-forms.ts";
import { beginFrames, FRAME_HEADER_BYTES, finishFrame, hasKey, isSound } from "../../src/tier/entry-frame.ts";

function frameOf(text: string, record: Uint8Array): Buffer {
  const [frame] = beginFrames([{ key: hash("sha256", text, "buffer"), value: record }], 1_700_000_000_000);
  finishFrame(frame!, 0);
  return frame!;
}

/** Records of one length, each sound by itself. */
function recordsOfOneLength(count: number): Uint8Array[] {
  const byLength = new Map<number, Uint8Array[]>();
  for (let i = 0; ; i++) {
    const record = encodeVector(makeVector(`text ${i}`, "any", 64, "float32"));
    const alike = [...(byLength.get(record.length) ?? []), record];
    if (alike.length === count) return alike;
    byLength.set(record.length, alike);
  }
}

test("another text's record under a key is not sound, though it is sound by itself", () => {
  const [own, ...others] = recordsOfOneLength(20);
  const frame = frameOf("a", own!);
  expect(isSound(frame)).toBe(true);
  for (const record of others) {
    frame.set(record, FRAME_HEADER_BYTES);
    expect(isSound(frame)).toBe(false);
  }
  frame.set(own!, FRAME_HEADER_BYTES);
  expect(isSound(frame)).toBe(true);
});

test("another key over a record is not sound", () => {
  const [record] = recordsOfOneLength(1);
  const [a, b] = [frameOf("a", record!), frameOf("b", record!)];
  a.copy(b, 16, 16, FRAME_HEADER_BYTES);
  expect(hasKey(b, hash("sha256", "a", "buffer"))).toBe(true);
  expect(isSound(b)).toBe(false);
});

test("every flipped bit is seen", () => {
  const frame = frameOf("a", encodeVector([0.25, 0.5, -0.125]));
  for (let bit = 0; bit < 8 * frame.length; bit++) {
    frame[bit >> 3]! ^= 1 << (bit & 7);
    expect(isSound(frame)).toBe(false);
    frame[bit >> 3]! ^= 1 << (bit & 7);
  }
  expect(isSound(frame)).toBe(true);
});
