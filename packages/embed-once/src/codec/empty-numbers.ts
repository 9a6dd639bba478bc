const templates = new Map<number, number[]>();
const MAX_TEMPLATES = 8;

/**
 * An array of doubles to be filled. A copy of one that holds doubles already spares the engine the change of
 * representation that the first number would bring in a new `Array(length)`.
 */
export function emptyNumbers(length: number): number[] {
  let template = templates.get(length);
  if (!template) {
    template = new Array<number>(length).fill(0.5);
    if (templates.size < MAX_TEMPLATES) templates.set(length, template);
  }
  return template.slice();
}
