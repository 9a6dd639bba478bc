/** What a benchmark's part of docs/benchmarks.md is made of. */

/** Of one benchmark. Each has a shape of its own, which its section knows. */
// biome-ignore lint/suspicious/noExplicitAny: as said
export type Results = any;

export interface Section {
  /** Of its npm script, without `bench:`. */
  name: string;
  title: string;
  /** What is compared with what. */
  text: string;
  /** Tables, and sentences that name whoever was better than embed-once: made of the results, so that they stay true. */
  parts(results: Results): readonly string[];
  /** Charts by name. `all` are other benchmarks' results by their names, where there are any. */
  plots?(results: Results, all: Readonly<Record<string, Results>>): Readonly<Record<string, object>>;
}

export interface Timing {
  p50: number;
  p99: number;
}

export function table(head: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const line = (cells: readonly (string | number | undefined)[]) =>
    `| ${cells.map((cell) => cell ?? "").join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A value with three digits that count, however large it is. */
export function threeDigits(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

export function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "unknown" : threeDigits(bytes / 1e6);
}

export interface Measured {
  name: string;
  value: number;
}

/** Says who of the rivals needs less than embed-once. */
export function whoIsBetter(what: string, ours: number, rivals: readonly Measured[], unit: string): string {
  const better = rivals.filter(({ value }) => value < ours).toSorted((a, b) => a.value - b.value);
  if (better.length === 0) return `${what}: no rival is better.`;
  const named = better.map(({ name, value }) => `${name} (${threeDigits(value)} ${unit})`).join(", ");
  return `${what}: better than embed-once (${threeDigits(ours)} ${unit}): ${named}.`;
}
