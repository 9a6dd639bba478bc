import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { STRUCTURES, seededRandom, structured, written } from "../test/codec/provider-vectors.ts";

export interface VectorSet {
  readonly name: string;
  readonly vectors: readonly (readonly number[])[];
}

/** Every *.jsonl and *.jsonl.gz of a folder: one JSON array of numbers a line. */
export function loadSets(folder: string): VectorSet[] {
  const names = readdirSync(folder).filter((name) => /\.jsonl(\.gz)?$/.test(name));
  if (names.length === 0) throw new Error(`${folder} has no *.jsonl or *.jsonl.gz files.`);
  return names.sort().map((file) => {
    const bytes = readFileSync(join(folder, file));
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    const vectors = text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as number[]);
    return { name: file.replace(/\.jsonl(\.gz)?$/, ""), vectors };
  });
}

/** Thirty vectors of every structure, widened and as shortest decimals. */
export function generatedSets(): VectorSet[] {
  const random = seededRandom(20_261_122);
  const generate = (
    structure: (typeof STRUCTURES)[number],
    writing: "widened" | "shortest" | "nine decimals",
    dimensions: number,
  ): VectorSet => ({
    name: `${structure}, ${writing}, ${dimensions}`,
    vectors: Array.from({ length: 30 }, () => written(structured(structure, dimensions, random), writing)),
  });
  return [
    ...STRUCTURES.map((structure) => generate(structure, "widened", 1536)),
    ...STRUCTURES.filter((structure) => structure !== "float64").map((structure) =>
      generate(structure, "shortest", 1536),
    ),
    generate("float16 scaled", "nine decimals", 512),
    generate("float16 scaled", "widened", 256),
  ];
}
