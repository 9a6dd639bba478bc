import { IntervalCover } from "./interval-cover.ts";

/**
 * Finding one fixed step beneath wider significands: means over a few half-precision vectors are integers k times one
 * step, most with up to 16 significand bits, some per cent of the values rounded differently.
 *
 * The vector's smallest values have the smallest k. For a few of them try every k up to a limit; the step that this
 * gives must make integers of most of the next larger values.
 */

/** Half a float32 step relative to the value, for the anchor and for the value tested: 2 · 2^−24. */
const REACH = 2 ** -23;
const ANCHORS = 4;
const WITNESSES = 24;
/** Of the witnesses, that many may be exceptions. */
const ALLOWED_EXCEPTIONS = 7;
const MAX_ANCHOR_MULTIPLE = 640;
/** A larger k leaves less to save than it costs. */
const MAX_MULTIPLE = 2 ** 21;

/**
 * The step of which most values are integer multiples, or undefined.
 *
 * @param magnitudes |float32| of the values in ascending order, zeros left out.
 */
export function fitStep(magnitudes: Float32Array): number | undefined {
  const count = magnitudes.length;
  if (count < ANCHORS + WITNESSES) return undefined;
  const largest = magnitudes[count - 1]!;
  for (let anchor = 0; anchor < ANCHORS; anchor++) {
    const smallest = magnitudes[anchor]!;
    for (let k = 1; k <= MAX_ANCHOR_MULTIPLE; k++) {
      const perStep = k / smallest;
      if (largest * perStep > MAX_MULTIPLE) break;
      if (isWitnessed(magnitudes, anchor, perStep)) return sharpen(magnitudes, smallest / k);
    }
  }
  return undefined;
}

function isWitnessed(magnitudes: Float32Array, anchor: number, perStep: number): boolean {
  let exceptions = 0;
  for (let witness = ANCHORS; witness < ANCHORS + WITNESSES; witness++) {
    const multiple = magnitudes[witness]! * perStep;
    if (Math.abs(multiple - Math.round(multiple)) > multiple * REACH && ++exceptions > ALLOWED_EXCEPTIONS) return false;
  }
  return magnitudes[anchor]! > 0;
}

/** Uses ever larger values, which name the step more precisely, as long as they agree with it. */
function sharpen(magnitudes: Float32Array, rough: number): number {
  let step = rough;
  let uncertainty = REACH;
  for (let i = ANCHORS; i < magnitudes.length; i++) {
    const magnitude = magnitudes[i]!;
    const multiple = Math.round(magnitude / step);
    // The next integer must be out of reach before a value may speak.
    if (multiple === 0 || multiple * uncertainty > 0.2) continue;
    const ratio = magnitude / multiple / step - 1;
    if (Math.abs(ratio) > uncertainty + REACH) continue;
    step *= 1 + ratio / 8;
    uncertainty = Math.max(uncertainty * 0.95, 2 ** -26);
  }
  const cover = new IntervalCover();
  for (const magnitude of magnitudes) {
    const multiple = Math.round(magnitude / step);
    const tolerance = 2 ** (Math.floor(Math.log2(magnitude)) - 24);
    if (multiple === 0 || Math.abs(magnitude - multiple * step) > 8 * tolerance) continue;
    cover.add((magnitude - tolerance) / multiple, (magnitude + tolerance) / multiple);
  }
  return cover.simplest() ?? step;
}
