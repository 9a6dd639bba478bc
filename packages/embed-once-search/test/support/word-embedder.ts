import { createHash } from "node:crypto";
import type { Embedder, EmbedderIdentity, EmbeddingResponse, EmbedOptions } from "embed-once";

/** Counts words into few buckets: deterministic, fast, and near for texts that share words. Remembers what it was asked. */
export class WordEmbedder implements Embedder {
  readonly embedderInfo: { name: string } = { name: "words in tests" };
  readonly identity: EmbedderIdentity;
  readonly calls: { texts: string[]; options: EmbedOptions | undefined }[] = [];
  readonly dimensions: number;
  /** Called before every answer; what it throws is the answer. */
  beforeAnswer: ((texts: string[]) => void | Promise<void>) | undefined;

  constructor(dimensions = 64, model = "words") {
    this.dimensions = dimensions;
    this.identity = { provider: "test", model };
  }

  get texts(): string[] {
    return this.calls.flatMap((call) => call.texts);
  }

  async createEmbeddings(texts: string[], _model?: string, options?: EmbedOptions): Promise<EmbeddingResponse> {
    this.calls.push({ texts: [...texts], options });
    await this.beforeAnswer?.(texts);
    return { embeddings: texts.map((text) => this.vectorOf(text)) };
  }

  vectorOf(text: string): number[] {
    const vector = new Array<number>(this.dimensions).fill(0);
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
      const digest = createHash("sha256").update(word).digest();
      vector[digest.readUInt32LE(0) % this.dimensions]! += digest[4]! % 2 === 0 ? 1 : -1;
    }
    return vector;
  }

  async validateConfiguration(): Promise<{ valid: boolean }> {
    return { valid: true };
  }
}
