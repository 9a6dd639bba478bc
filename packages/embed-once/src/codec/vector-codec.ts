import { MAX_DIMENSIONS, type VectorCodec } from "./codec.ts";
import { decodeVector } from "./decoder.ts";
import { encoderMemory } from "./encoder-memory.ts";
import { planFloat32 } from "./float32-plan.ts";
import { planFloat64 } from "./float64-plan.ts";
import { chooseTableFor, type GridPlan, putGrid, valueBits } from "./grid-encoder.ts";
import { kernels } from "./kernel-module.ts";
import { type NumberForm, type Numbers, recogniseForm } from "./number-form.ts";
import type { TableChoice } from "./octave-coder.ts";
import { ZERO_EXPONENT } from "./octave-coder.ts";
import { type NumberFormName, sealRecord } from "./record.ts";
import { powerOfTen, roundToDecimals } from "./shortest-decimal.ts";
import { reproduces } from "./verification.ts";
import { DEFAULT_ZSTD_LEVEL, smallestGeneral } from "./zstd.ts";

export interface EncodeOptions {
  /** Level of zstd, 1 to 22, for vectors without numeric structure. @default 9 */
  readonly zstdLevel?: number;
}

/**
 * Encodes one vector without loss. What was made on a grid is decoded and compared bit by bit before it is returned: a
 * mistake in the fits would cost space, never a number.
 *
 * @param values 1 to 65,536 float64s. The array is only read.
 * @returns The record: a new array that belongs to the caller.
 * @throws {RangeError} for another length or a zstd level that does not exist.
 * @throws {TypeError} when an element is not a number.
 */
export function encodeVector(values: ArrayLike<number>, options: EncodeOptions = {}): Uint8Array {
  return encodeLent(values, options).slice();
}

/** The same for a caller who copies it: a view that is valid until the next call. */
export function encodeLent(values: ArrayLike<number>, options: EncodeOptions = {}): Uint8Array {
  const { zstdLevel = DEFAULT_ZSTD_LEVEL } = options;
  if (!Number.isInteger(zstdLevel) || zstdLevel < 1 || zstdLevel > 22) {
    throw new RangeError(`zstdLevel must be an integer from 1 to 22; got ${zstdLevel}.`);
  }
  const count = values.length;
  if (!Number.isInteger(count) || count < 1 || count > MAX_DIMENSIONS) {
    throw new RangeError(`A vector has 1 to ${MAX_DIMENSIONS} dimensions; got ${count}.`);
  }
  const numbers = takeNumbers(values, count);
  const form = recogniseForm(numbers);
  const settled = settle(numbers, form);
  const gridBytes = Math.ceil(settled.bits / 8);
  const general = smallestGeneral(numbers, form, gridBytes, zstdLevel);
  if (general !== undefined && general.payload.length < gridBytes) {
    return sealRecord(count, general.form, general.structure, general.payload);
  }
  const payload = putGrid(settled.plan, settled.choice, settled.decimals, settled.exceptions);
  if (general !== undefined && general.payload.length < payload.length) {
    return sealRecord(count, general.form, general.structure, general.payload);
  }
  if (!reproduces(payload, settled.form, numbers)) {
    const exactly = smallestGeneral(numbers, form, Number.POSITIVE_INFINITY, zstdLevel)!;
    return sealRecord(count, exactly.form, exactly.structure, exactly.payload);
  }
  return sealRecord(count, settled.form, "grid", payload);
}

/** The codec as an object, for tiers that take any. */
export const vectorCodec: VectorCodec = { encode: encodeVector, decode: decodeVector };

function takeNumbers(values: ArrayLike<number>, count: number): Numbers {
  const memory = encoderMemory(count);
  const { exact, float32s } = memory;
  if (values instanceof Float64Array || values instanceof Float32Array) {
    exact.set(values);
  } else {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (typeof value !== "number") {
        throw new TypeError(`Element ${i} of the vector is not a number: ${value === null ? "null" : typeof value}.`);
      }
      exact[i] = value;
    }
  }
  const notFloat32 = kernels().narrow(exact.byteOffset, float32s.byteOffset, count);
  return { count, memory, notFloat32 };
}

/** A plan with everything that its record needs. */
interface Settled {
  readonly form: NumberFormName;
  readonly plan: GridPlan;
  readonly choice: TableChoice;
  readonly decimals: number | undefined;
  readonly exceptions: readonly number[];
  /** Estimate of the payload's size. */
  readonly bits: number;
}

function settle(numbers: Numbers, form: NumberForm): Settled {
  if (form.name === "fixed") {
    const rounding = 0.5 / 10 ** form.decimals;
    const integers = planFloat64(numbers, form.decimals);
    const asIntegers = settled("fixedInteger", integers, form.decimals, integerExceptions(numbers, form.decimals));
    const plan = planFloat32(numbers, rounding);
    if (plan !== undefined) {
      const onGrid = settled("fixedFloat32", plan, form.decimals, roundedExceptions(numbers, form.decimals));
      if (onGrid.bits < asIntegers.bits) return onGrid;
    }
    // Again, as the other plan has used the same memory.
    planFloat64(numbers, form.decimals);
    return asIntegers;
  }
  if (form.name === "float64") {
    const plan = planFloat64(numbers, undefined);
    return settled("float64", plan, undefined, plan.lost === 0 ? [] : lostIndices(numbers));
  }
  const plan = planFloat32(numbers, 0)!;
  return settled(form.name, plan, undefined, plan.lost + form.unexplained === 0 ? [] : float32Exceptions(numbers));
}

function settled(
  form: NumberFormName,
  plan: GridPlan,
  decimals: number | undefined,
  exceptions: readonly number[],
): Settled {
  const choice = chooseTableFor(plan);
  const corrections = (plan.corrections?.length ?? 0) * 1.6;
  const near = (plan.near?.indices.length ?? 0) * 20 + (plan.fine?.indices.length ?? 0) * 10;
  const bits = valueBits(plan, choice) + corrections + near + exceptions.length * 80 + 200;
  return { form, plan, choice, decimals, exceptions, bits };
}

function lostIndices({ count, memory }: Numbers): number[] {
  const { exact, exponents } = memory;
  const exceptions: number[] = [];
  for (let i = 0; i < count; i++) {
    if (exponents[i] === ZERO_EXPONENT && exact[i] !== 0) exceptions.push(i);
  }
  return exceptions;
}

/** Values that the number form does not explain, or whose float32 has no place on a grid. */
function float32Exceptions({ count, memory }: Numbers): number[] {
  const { exact, float32s, decoded, exponents } = memory;
  const exceptions: number[] = [];
  for (let i = 0; i < count; i++) {
    if (decoded[i]! !== exact[i]! || (exponents[i] === ZERO_EXPONENT && float32s[i] !== 0)) exceptions.push(i);
  }
  return exceptions;
}

function roundedExceptions({ count, memory }: Numbers, decimals: number): number[] {
  const { exact, predicted } = memory;
  const exceptions: number[] = [];
  // Where rounding to decimals is exact beyond doubt.
  const limit = 2 ** 51 / powerOfTen(decimals);
  for (let i = 0; i < count; i++) {
    const magnitude = predicted[i]!;
    if (!(magnitude < limit) || roundToDecimals(magnitude, decimals) !== Math.abs(exact[i]!)) exceptions.push(i);
  }
  return exceptions;
}

function integerExceptions({ count, memory }: Numbers, decimals: number): number[] {
  const { exact, exponents } = memory;
  const power = powerOfTen(decimals);
  const exceptions: number[] = [];
  for (let i = 0; i < count; i++) {
    const value = exact[i]!;
    // The same steps as the decoder's; a grid value of 0 stands for zeros alone.
    if (Math.round(value * power) / power !== value || (exponents[i] === ZERO_EXPONENT && value !== 0)) {
      exceptions.push(i);
    }
  }
  return exceptions;
}
