/**
 * How long a `Retry-After` header asks to wait, in milliseconds from now, from both of its forms: seconds and a date
 * (RFC 9110, section 10.2.3). `undefined` where it is absent or neither.
 */
export function parseRetryAfter(value: string | null | undefined, nowMs: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
