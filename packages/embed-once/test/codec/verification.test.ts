import { describe, expect, test, vi } from "vitest";
import type { GridPlan } from "../../src/codec/grid-encoder.ts";
import { decodeVector, encodeVector, recordInfo } from "../../src/codec/index.ts";
import { bitsOf, STRUCTURES, seededRandom, structured, WRITINGS, written } from "./provider-vectors.ts";

type Fault = (plan: GridPlan) => GridPlan;

const injected = vi.hoisted(() => ({ fault: undefined as Fault | undefined }));

const withFault = (plan: GridPlan): GridPlan => injected.fault?.(plan) ?? plan;

vi.mock("../../src/codec/float32-plan.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/codec/float32-plan.ts")>();
  return {
    ...original,
    planFloat32: (...args: Parameters<typeof original.planFloat32>) => {
      const plan = original.planFloat32(...args);
      return plan && withFault(plan);
    },
  };
});

vi.mock("../../src/codec/float64-plan.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/codec/float64-plan.ts")>();
  return {
    ...original,
    planFloat64: (...args: Parameters<typeof original.planFloat64>) => withFault(original.planFloat64(...args)),
  };
});

const FAULTS: Record<string, Fault> = {
  "a value in the wrong octave": (plan) => {
    const last = plan.count - 1;
    plan.memory.exponents[last]! ^= 1;
    return plan;
  },
  "a significand with the wrong bit": (plan) => {
    plan.memory.fractions[77]! ^= 0x80000000;
    return plan;
  },
  "a scale beside the right one": (plan) => ({ ...plan, scale: plan.scale === 1 ? 1.5 : 1 }),
  "a precision too small": (plan) => ({ ...plan, precision: plan.precision - 3 }),
  "a near list of one step too many": (plan) => ({
    ...plan,
    near: { indices: Uint32Array.of(5), differences: Int32Array.of(0x10000) },
  }),
};

describe("a wrong plan costs space, never a number", () => {
  for (const [name, fault] of Object.entries(FAULTS)) {
    test(`${name} is noticed, and the vector stored without a grid`, () => {
      const random = seededRandom(1);
      let noticed = 0;
      for (const structure of STRUCTURES) {
        for (const writing of WRITINGS) {
          const values = written(structured(structure, 600, random), writing);
          injected.fault = fault;
          const record = encodeVector(values);
          injected.fault = undefined;
          expect(bitsOf(decodeVector(record))).toEqual(bitsOf(values));
          if (recordInfo(record).structure !== "grid") noticed++;
          else expect(record.length).toBeLessThanOrEqual(encodeVector(values).length + 100);
        }
      }
      expect(noticed).toBeGreaterThan(STRUCTURES.length * WRITINGS.length * 0.5);
    });
  }

  test("without a fault the same vectors lie on grids", () => {
    const random = seededRandom(1);
    for (const structure of STRUCTURES) {
      for (const writing of WRITINGS) {
        expect(recordInfo(encodeVector(written(structured(structure, 600, random), writing))).structure).toBe("grid");
      }
    }
  });
});
