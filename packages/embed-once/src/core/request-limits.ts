/** The bounds of one request. */
export interface RequestLimits {
  maxTextsPerRequest: number;
  /** UTF-8 bytes of the texts together. A single text over it travels alone: only the provider can refuse it. */
  maxBytesPerRequest: number;
}

/**
 * Cuts texts into runs of neighbours that each fit into one request, in order. Bytes stand for tokens: no tokeniser in
 * use makes more tokens than bytes, so a bound in tokens holds without one.
 *
 * @returns `[start, end)` of each run; none for no texts
 */
export function splitRequests(texts: readonly string[], limits: RequestLimits): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  let start = 0;
  let bytes = 0;
  texts.forEach((text, i) => {
    const added = Buffer.byteLength(text);
    const full = i - start >= limits.maxTextsPerRequest || bytes + added > limits.maxBytesPerRequest;
    if (full && i > start) {
      runs.push({ start, end: i });
      start = i;
      bytes = 0;
    }
    bytes += added;
  });
  if (texts.length > start) runs.push({ start, end: texts.length });
  return runs;
}
