/**
 * Corrections of normalising twice: `fround(fround(k * s1) * s2)` is up to one float32 step beside `fround(k * s1 * s2)`,
 * and which it is depends on the significand k alone. A step towards the side where the unrounded product lies is the
 * likelier the further out it lies, which gives each correction a static distribution of its own.
 */

/** Float32 steps to add for each significand, −1 to 1; 2^(precision − 1) of them. */
export type Corrections = Int8Array;

/** Shares of 4096: a step towards the product, a step away from it; by sixteenths of a float32 step: part of the format. */
const TOWARDS: readonly number[] = [330, 470, 700, 860, 1080, 1385, 1500, 1400];
const AWAY: readonly number[] = [220, 130, 78, 34, 15, 5, 4, 4];

/** The three symbols of one significand. */
export interface CorrectionModel {
  /** The correction that the product leans to: −1 or 1. */
  readonly towards: -1 | 1;
  readonly towardsShare: number;
  readonly awayShare: number;
}

/** The distribution of the correction of a significand (2^(precision − 1) to 2^precision − 1). */
export function correctionModel(significand: number, scale: number): CorrectionModel {
  let product = significand * scale;
  while (product >= 2) product /= 2;
  const lean = (product - Math.fround(product)) * 2 ** 23;
  const bucket = Math.min(7, Math.floor(Math.abs(lean) * 16));
  return { towards: lean < 0 ? -1 : 1, towardsShare: TOWARDS[bucket]!, awayShare: AWAY[bucket]! };
}
