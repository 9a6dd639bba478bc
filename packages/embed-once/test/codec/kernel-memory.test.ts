import { expect, test } from "vitest";
import { encodeVector } from "../../src/codec/index.ts";
import { dotProducts } from "../../src/codec/kernels.ts";

// A file of its own: where the encoder's arrays lie follows from the longest vector before.
test("what dotProducts leaves in the kernels' memory changes no record", () => {
  const rows = new Float32Array(600_000).map((_, i) => i + 0.1);
  const useMemory = () => dotProducts(rows.subarray(0, 1000), rows, new Float32Array(600));
  // The memory grows here, and not between the two records: grown, everything in it begins anew.
  useMemory();
  const vector = Array.from({ length: 600 }, (_, i) => Math.fround(Math.sin(i * i + 1) / 40));
  const record = encodeVector(vector);
  useMemory();
  expect(encodeVector(vector)).toEqual(record);
});
