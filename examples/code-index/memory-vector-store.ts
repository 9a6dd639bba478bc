import type { CodeBlock, IVectorStore } from "./interfaces.ts";

/** In the place of Qdrant or LanceDB. */
export class MemoryVectorStore implements IVectorStore {
  readonly #rows: { block: CodeBlock; vector: number[] }[] = [];

  upsert(block: CodeBlock, vector: number[]): void {
    this.#rows.push({ block, vector });
  }

  search(vector: number[], limit: number): { block: CodeBlock; score: number }[] {
    return this.#rows
      .map(({ block, vector: row }) => ({ block, score: row.reduce((sum, value, i) => sum + value * vector[i]!, 0) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, limit);
  }
}
