import { createReadStream } from "node:fs";
import { createInterface } from "node:readline/promises";
import { createGunzip } from "node:zlib";
import type { Command } from "commander";
import { inspectVectors, type VectorReport } from "../../codec/index.ts";
import { UsageError } from "../errors.ts";
import { formatBytes, formatCount, type Output, plural } from "../output.ts";

export function registerInspectCommand(program: Command, output: Output): void {
  program
    .command("inspect")
    .description("show what is hidden in vectors of your own, and how small they become")
    .argument("<file>", "one vector a line, as a JSON array (.jsonl or .jsonl.gz)")
    .option("--json", "as JSON")
    .action(async (file: string, options: { json?: boolean }) => {
      const report = inspectVectors(await readVectors(file));
      output.result(options.json ? JSON.stringify(report, null, 2) : describe(report));
    });
}

async function readVectors(file: string): Promise<number[][]> {
  const stream = createReadStream(file);
  const input = file.endsWith(".gz") ? stream.pipe(createGunzip()) : stream;
  // A failure of the source does not travel along a pipe by itself.
  stream.on("error", (error) => input.destroy(error));
  const vectors: number[][] = [];
  const failed = new Promise<never>((_, reject) => input.on("error", reject));
  failed.catch(() => {});
  const lines = createInterface({ input })[Symbol.asyncIterator]();
  for (let number = 1; ; number++) {
    const { value: line, done } = await Promise.race([lines.next(), failed]);
    if (done) break;
    if (line.trim() !== "") vectors.push(parseVector(line, `${file}:${number}`));
  }
  if (vectors.length === 0) throw new UsageError(`${file} has no vectors; expected one JSON array of numbers a line`);
  return vectors;
}

function parseVector(line: string, place: string): number[] {
  let vector: unknown;
  try {
    vector = JSON.parse(line);
  } catch {
    throw new UsageError(`${place} is no JSON; expected an array of numbers`);
  }
  if (!Array.isArray(vector) || vector.length === 0 || vector.some((value) => typeof value !== "number")) {
    throw new UsageError(`${place} is no array of numbers`);
  }
  return vector as number[];
}

function describe(report: VectorReport): string {
  const { vectors, dimensions, values, recordBytes, bitsPerValue, groups } = report;
  const width = Math.max(...groups.map(({ label }) => label.length));
  return [
    `${plural(vectors, "vector")} of ${dimensions.map(formatCount).join(", ")} dimensions, ${plural(values, "number")}`,
    `${formatBytes(recordBytes)} as records, checksums included: ${bitsPerValue.toFixed(2)} bits a number`,
    `${report.ratioToFloat64.toFixed(2)} times smaller than float64, ${report.ratioToFloat32.toFixed(2)} than float32, ${report.ratioToJson.toFixed(2)} than JSON`,
    "",
    ...groups.map((group) => {
      const share = `${((100 * group.vectors) / vectors).toFixed(1)} %`.padStart(8);
      return `${share}  ${group.label.padEnd(width)}  ${group.bitsPerValue.toFixed(2).padStart(6)} bits a number`;
    }),
  ].join("\n");
}
