/** The bounds of one request. */
export interface RequestLimits {
  maxTextsPerRequest: number;
  /** UTF-8 bytes of the texts together. A single text over it travels alone: only the provider can refuse it. */
  maxBytesPerRequest: number;
  /** Tokens of the texts together, as they are counted or estimated; the same holds for a single text. @default no bound */
  maxTokensPerRequest?: number | undefined;
}

const OVER_A_MINUTE = /request too large|tokens must be reduced/i;

/** Whether a 429 says that the request alone has more tokens than a minute may have, as OpenAI does: waiting is no cure. */
export function isOverAMinute(message: string): boolean {
  return OVER_A_MINUTE.test(message);
}

/** `[start, end)` of a run of neighbours. */
export interface Run {
  start: number;
  end: number;
}

/** Of UTF-8, at most; a pair of surrogates has four together. */
const BYTES_A_CODE_UNIT = 3;

/**
 * Cuts texts into runs of neighbours that each fit into one request, in order.
 *
 * @param countTokens is asked only where the texts have more bytes than the bound has tokens: none has more tokens than bytes
 * @returns none for no texts
 */
export function splitRequests(
  texts: readonly string[],
  { maxTextsPerRequest, maxBytesPerRequest, maxTokensPerRequest = Number.POSITIVE_INFINITY }: RequestLimits,
  countTokens: (text: string) => number = estimateTokens,
): Run[] {
  // Of all texts together, as long as that is enough to know: counting bytes reads every text once more.
  const mostBytes = BYTES_A_CODE_UNIT * texts.reduce((sum, { length }) => sum + length, 0);
  const countsBytes = mostBytes > Math.min(maxBytesPerRequest, maxTokensPerRequest);
  const bytesOf = countsBytes ? texts.map((text) => Buffer.byteLength(text)) : [];
  const countsTokens = bytesOf.reduce((sum, bytes) => sum + bytes, 0) > maxTokensPerRequest;
  const runs: Run[] = [];
  let [start, bytes, tokens] = [0, 0, 0];
  for (const [i, text] of texts.entries()) {
    const addedBytes = bytesOf[i] ?? 0;
    const addedTokens = countsTokens ? countTokens(text) : 0;
    const full =
      i - start >= maxTextsPerRequest ||
      bytes + addedBytes > maxBytesPerRequest ||
      tokens + addedTokens > maxTokensPerRequest;
    if (full && i > start) {
      runs.push({ start, end: i });
      [start, bytes, tokens] = [i, 0, 0];
    }
    bytes += addedBytes;
    tokens += addedTokens;
  }
  if (texts.length > start) runs.push({ start, end: texts.length });
  return runs;
}

const SPACE = 32;
const LETTER = 97;

/**
 * What a tokeniser makes of a text, and rather more: a token for each byte, but two lower-case letters side by side, or two
 * spaces, are one, and a single space belongs to what follows it. Tokenisers that know words take fewer, of prose and code
 * about half; only lower-case letters without sense get more. `test/core/request-limits.test.ts` has it beside the counts of
 * OpenAI's cl100k_base.
 */
export function estimateTokens(text: string): number {
  let tokens = Buffer.byteLength(text);
  // The first half of a pair, as long as the second may come.
  let half = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= LETTER && code < LETTER + 26) {
      if (half === LETTER) tokens--;
      half = half === LETTER ? 0 : LETTER;
    } else if (code === SPACE) {
      if (half !== SPACE) tokens--;
      half = half === SPACE ? 0 : SPACE;
    } else {
      half = 0;
    }
  }
  return half === SPACE ? tokens + 1 : tokens;
}
