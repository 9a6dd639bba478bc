import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeInto, decodeVector, encodeVector, recordInfo } from "../../src/codec/index.ts";
import { codesAt, costsAt, SCRATCH_START, slotsAt } from "../../src/codec/kernel-layout.ts";
import { reserveMemory } from "../../src/codec/kernel-module.ts";
import { TABLES } from "../../src/codec/octave-tables.ts";
import { sealRecord } from "../../src/codec/record.ts";
import { CorruptRecordError, UnsupportedRecordError } from "../../src/core/errors.ts";
import { FIRST_RECORDS } from "./first-records.ts";
import { STRUCTURES, seededRandom, structured, WRITINGS, written } from "./provider-vectors.ts";

const SEED = 3_141_592;

/** One record of every structure in every writing, and of every general payload. */
function sampleRecords(dimensions: number): Uint8Array[] {
  const random = seededRandom(SEED);
  const records = STRUCTURES.flatMap((structure) =>
    WRITINGS.map((writing) => encodeVector(written(structured(structure, dimensions, random), writing))),
  );
  const period = structured("float64", 16, random);
  records.push(encodeVector(Array.from({ length: 512 }, (_, i) => period[i % 16]!)));
  records.push(encodeVector(Array.from({ length: 512 }, () => Math.fround(0.1))));
  records.push(encodeVector([Math.PI, 1]));
  return records;
}

function withChecksum(record: Uint8Array): Uint8Array {
  const body = record.subarray(0, -4);
  const sealed = new Uint8Array(record);
  new DataView(sealed.buffer).setUint32(body.length, crc32(body), true);
  return sealed;
}

/** Decodes; any outcome but numbers of the right count or one of the two errors fails. */
function expectSafe(record: Uint8Array): void {
  try {
    const values = decodeVector(record);
    expect(values.length).toBe(recordInfo(record).dimensions);
  } catch (error) {
    if (!(error instanceof CorruptRecordError || error instanceof UnsupportedRecordError)) throw error;
  }
}

describe("a damaged record never gives numbers", () => {
  test("every flip of one bit is detected", () => {
    for (const record of sampleRecords(64)) {
      for (let bit = 0; bit < 8 * record.length; bit++) {
        record[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => decodeVector(record)).toThrow(CorruptRecordError);
        record[bit >> 3]! ^= 1 << (bit & 7);
      }
    }
  });

  test("every truncation is detected", () => {
    for (const record of sampleRecords(100)) {
      for (let length = 0; length < record.length; length++) {
        expect(() => decodeVector(record.subarray(0, length))).toThrow(CorruptRecordError);
        expect(() => decodeInto(record.slice(length + 1), new Float64Array(1000))).toThrow(CorruptRecordError);
      }
    }
  });

  test("appended bytes are detected", () => {
    for (const record of sampleRecords(100)) {
      for (const extra of [1, 2, 4, 100]) {
        const longer = new Uint8Array(record.length + extra);
        longer.set(record);
        expect(() => decodeVector(longer)).toThrow(CorruptRecordError);
      }
    }
  });

  test("random bytes are detected", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(() => decodeVector(bytes)).toThrow(CorruptRecordError);
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });
});

describe("a forged record, its checksum right, neither hangs nor gives anything but numbers or an error", () => {
  // What later records are decoded and encoded with: the static tables, and counts that are zero between two records.
  const tables = () => [
    Buffer.from(reserveMemory(0).bytes.slice(slotsAt(0), slotsAt(TABLES))),
    Buffer.from(reserveMemory(0).bytes.slice(costsAt(0), SCRATCH_START)),
  ];
  let before: Buffer[];
  beforeAll(() => {
    encodeVector([1, 2, 3]);
    for (const write of [slotsAt, costsAt, codesAt]) {
      for (let table = 0; table < TABLES; table++) write(table);
    }
    before = tables();
  });
  afterAll(() => expect(tables().map((each, i) => each.equals(before[i]!))).toEqual([true, true]));

  test("random payloads in every form", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.constantFrom(65_535, 65_536, 65_537)),
        fc.uint8Array({ maxLength: 3000 }),
        (form, dimensions, payload) => {
          const record = sealRecord(dimensions, "float32", "grid", payload);
          record[2] = form;
          expectSafe(withChecksum(record));
        },
      ),
      { seed: SEED, numRuns: 5000 },
    );
  });

  test("records with some bytes changed", () => {
    const random = seededRandom(SEED);
    for (const record of [...sampleRecords(64), ...sampleRecords(600)]) {
      for (let round = 0; round < 150; round++) {
        const forged = record.slice();
        for (let change = 0; change <= random() * 3; change++) {
          // Most damage is done by the parameters, which come first.
          const at = Math.floor(random() ** 3 * (record.length - 4));
          forged[at] = Math.floor(random() * 256);
        }
        expectSafe(withChecksum(forged));
      }
    }
  });

  test("a short record that claims 65,536 dimensions is refused", () => {
    for (const structure of ["plain", "grid", "zstd", "zstdPlanes"] as const) {
      const record = sealRecord(65_536, "float64", structure, new Uint8Array(40));
      expect(() => decodeVector(record)).toThrow(CorruptRecordError);
    }
  });
});

describe("versions", () => {
  test("a sound record of a later version is unsupported, not corrupt", () => {
    const record = encodeVector([1, 2, 3]);
    record[1] = 2;
    expect(() => decodeVector(withChecksum(record))).toThrow(
      new UnsupportedRecordError("This version reads records of version 1; got 2."),
    );
    expect(() => decodeVector(record)).toThrow(CorruptRecordError);
  });

  test("an unknown form is unsupported", () => {
    const record = encodeVector([1, 2, 3]);
    record[2] = 0xff;
    expect(() => decodeVector(withChecksum(record))).toThrow(UnsupportedRecordError);
  });

  for (const [label, base64, checksum] of FIRST_RECORDS) {
    test(`a record of version 1 is read for ever: ${label}`, () => {
      const values = decodeVector(new Uint8Array(Buffer.from(base64, "base64")));
      expect(crc32(new Uint8Array(Float64Array.from(values).buffer))).toBe(checksum);
    });
  }
});

test("recordInfo names form, structure and size", () => {
  const random = seededRandom(SEED);
  const record = encodeVector(structured("bfloat16 normalised twice", 1024, random));
  expect(recordInfo(record)).toEqual({
    dimensions: 1024,
    bytes: record.length,
    numberForm: "float32",
    structure: "grid",
    isFloat32Exact: true,
    precision: 8,
    isScaled: true,
    isCorrected: true,
    exceptions: 0,
  });
});
