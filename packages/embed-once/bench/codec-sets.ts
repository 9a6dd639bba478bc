import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { STRUCTURES, seededRandom, structured, written } from "../test/codec/provider-vectors.ts";

export interface VectorSet {
  readonly name: string;
  readonly seenAt?: string | undefined;
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

/** Who sends such numbers, as far as recorded answers of theirs were looked into. */
const SEEN_AT: Readonly<Record<string, string>> = {
  "float16 scaled, shortest": "OpenAI until spring 2026, Azure OpenAI: JSON",
  "float16 scaled, widened": "OpenAI until spring 2026: base64",
  "float16, widened": "OpenAI since spring 2026",
  "float16, shortest": "Cohere v3",
  "bfloat16 normalised twice, shortest": "Cohere v4",
  "bfloat16 answered in float16, widened": "Mistral",
  "bfloat16, shortest": "Titan v1",
  "mean of three bfloat16, widened": "Titan v2, short texts",
  "bfloat16 scaled, shortest": "Nova 2",
  "bfloat16 scaled, widened": "Qwen3-Embedding-8B",
  "float32, shortest": "Gemini, Ollama: JSON",
  "float32, widened": "Vertex AI, models run locally",
  "float64, widened": "averages computed in float64",
};

/** Thirty vectors of every structure, widened and as shortest decimals; what is seen somewhere comes first. */
export function generatedSets(): VectorSet[] {
  const random = seededRandom(20_261_122);
  const generate = (
    structure: (typeof STRUCTURES)[number],
    writing: "widened" | "shortest" | "nine decimals",
    dimensions: number,
  ): VectorSet => ({
    name: `${structure}, ${writing}, ${dimensions}`,
    seenAt: SEEN_AT[`${structure}, ${writing}`],
    vectors: Array.from({ length: 30 }, () => written(structured(structure, dimensions, random), writing)),
  });
  const sets = [
    ...STRUCTURES.map((structure) => generate(structure, "widened", 1536)),
    ...STRUCTURES.filter((structure) => structure !== "float64").map((structure) =>
      generate(structure, "shortest", 1536),
    ),
    generate("float16 scaled", "nine decimals", 512),
    { ...generate("float16 scaled", "widened", 256), seenAt: undefined },
  ];
  const order = Object.values(SEEN_AT);
  const placeOf = ({ seenAt }: VectorSet): number => (seenAt === undefined ? order.length : order.indexOf(seenAt));
  return sets.sort((left, right) => placeOf(left) - placeOf(right));
}
