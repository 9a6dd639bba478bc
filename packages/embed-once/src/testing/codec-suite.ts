import assert from "node:assert/strict";
import type { VectorCodec } from "../codec/codec.ts";
import { CorruptRecordError, UnsupportedRecordError } from "../core/errors.ts";
import type { TestFunction } from "./test-function.ts";

/** Bits that a careless codec loses. NaNs stand apart: JavaScript itself may change their payload. */
const AWKWARD = [0, -0, 5e-324, -5e-324, 2 ** -1022, Number.MAX_VALUE, -Number.MAX_VALUE, Infinity, -Infinity, 1 / 3];

const VECTORS: Readonly<Record<string, number[]>> = {
  "one number": [0.5],
  "negative zero": [-0],
  "awkward float64s": AWKWARD,
  "zeros of both signs": [0, -0, 0, 0, -0],
  "a constant vector": new Array<number>(100).fill(0.1),
  float32s: Array.from({ length: 1536 }, (_, i) => Math.fround(Math.sin(i) / 40)),
  float64s: Array.from({ length: 1536 }, (_, i) => Math.sin(i) / 40),
  "shortest decimals": Array.from({ length: 1536 }, (_, i) => Number(Math.fround(Math.sin(i) / 40).toPrecision(8))),
  "decimals of nine places": Array.from({ length: 512 }, (_, i) => Math.round(Math.sin(i) * 1e9) / 1e9),
  "an odd length": Array.from({ length: 1023 }, (_, i) => Math.cos(i)),
  "the largest length": Array.from({ length: 65_536 }, (_, i) => Math.fround(Math.cos(i))),
};

/** What every codec must do, by the law in `codec.ts`. */
export function codecSuite(test: TestFunction, codec: VectorCodec): void {
  for (const [name, vector] of Object.entries(VECTORS)) {
    test(`gives back the same bits: ${name}`, () => {
      const copy = vector.slice();
      const record = codec.encode(vector);
      assert.deepEqual(bits(codec.decode(record)), bits(vector));
      assert.deepEqual(bits(vector), bits(copy), "encode changed its input");
    });
  }

  test("takes typed arrays as well as arrays", () => {
    const vector = VECTORS.float32s!;
    assert.deepEqual(bits(codec.decode(codec.encode(Float32Array.from(vector)))), bits(vector));
    assert.deepEqual(bits(codec.decode(codec.encode(Float64Array.from(vector)))), bits(vector));
  });

  for (const [name, vector] of Object.entries({ ...VECTORS, "a few float64s": [0.1, -0, 1 / 3] })) {
    // A Buffer's slice() gives a view where that of other arrays gives a copy.
    for (const memory of [new Uint8Array(1_000_000), Buffer.alloc(1_000_000)]) {
      test(`reads records from a ${memory.constructor.name} at any offset and leaves it as it is: ${name}`, () => {
        const record = codec.encode(vector);
        for (let offset = 0; offset < 9; offset++) {
          memory.fill(0xff);
          memory.set(record, offset);
          const view = memory.subarray(offset, offset + record.length);
          assert.deepEqual(bits(codec.decode(view)), bits(vector));
          assert.equal(Buffer.compare(view, record), 0);
        }
      });
    }
  }

  test("every single flipped bit is noticed", () => {
    const record = codec.encode(VECTORS.float32s!.slice(0, 64));
    for (let bit = 0; bit < record.length * 8; bit++) {
      const damaged = Uint8Array.from(record);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => codec.decode(damaged), isRecordError, `bit ${bit}`);
    }
  });

  test("every cut and every extension is noticed", () => {
    const record = codec.encode(VECTORS.float64s!.slice(0, 64));
    for (let length = 0; length < record.length; length++) {
      assert.throws(() => codec.decode(record.subarray(0, length)), isRecordError, `${length} bytes`);
    }
    assert.throws(() => codec.decode(Uint8Array.of(...record, 0)), isRecordError);
  });

  test("refuses a vector without numbers and one that is too long, and says what came", () => {
    assert.throws(() => codec.encode([]), { name: "RangeError", message: /1 to 65536.*got 0/ });
    assert.throws(() => codec.encode(new Float32Array(65_537)), { name: "RangeError", message: /got 65537/ });
  });
}

function bits(vector: readonly number[]): BigUint64Array {
  return new BigUint64Array(Float64Array.from(vector).buffer);
}

function isRecordError(error: unknown): boolean {
  return error instanceof CorruptRecordError || error instanceof UnsupportedRecordError;
}
