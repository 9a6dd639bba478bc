/** Collects intervals, one for each value of a vector, and names the number that lies in the most of them. */
export class IntervalCover {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  #least = 0;
  #most: number = Number.POSITIVE_INFINITY;
  /** How many intervals hold what `simplest` returned. */
  depth = 0;

  add(from: number, to: number): void {
    if (from > this.#least) this.#least = from;
    if (to < this.#most) this.#most = to;
    this.#from.push(from);
    this.#to.push(to);
  }

  /** The number with the fewest significand bits, in whole bytes, where the most intervals overlap. */
  simplest(): number | undefined {
    if (this.#from.length === 0) return undefined;
    if (this.#least > this.#most) return this.#mostCovered();
    this.depth = this.#from.length;
    return simplestBetween(this.#least, this.#most);
  }

  #mostCovered(): number {
    const from = Float64Array.from(this.#from).sort();
    const to = Float64Array.from(this.#to).sort();
    let open = 0;
    let deepest = 0;
    let best = 0;
    let bestEnd = 0;
    let ended = 0;
    for (let begun = 0; begun < from.length; begun++) {
      while (to[ended]! < from[begun]!) {
        ended++;
        open--;
      }
      open++;
      if (open > deepest) {
        deepest = open;
        // Nothing begins or ends between this edge and the next.
        const next = Math.min(from[begun + 1] ?? Number.POSITIVE_INFINITY, to[ended]!);
        best = from[begun]!;
        bestEnd = next;
      }
    }
    this.depth = deepest;
    return simplestBetween(best, bestEnd);
  }
}

/** The number with the fewest significand bits, in whole bytes, well inside an interval. */
export function simplestBetween(least: number, most: number): number {
  const margin = (most - least) / 16;
  const middle = (least + most) / 2;
  const octave = 2 ** Math.floor(Math.log2(middle));
  for (let bytes = 1; bytes < 7; bytes++) {
    const step = octave * 256 ** -bytes;
    const rounded = Math.round(middle / step) * step;
    if (rounded >= least + margin && rounded <= most - margin) return rounded;
  }
  return middle;
}
