import type { Embedder, EmbedderIdentity, EmbeddingResponse, EmbedOptions } from "../../src/core/embedder.ts";

export interface FakeRequest {
  texts: string[];
  model: string | undefined;
  options: EmbedOptions | undefined;
}

/** An embedder that keeps account of what it was asked, and can be told to wait, to fail or to answer wrongly. */
export class FakeEmbedder implements Embedder {
  readonly embedderInfo = { name: "fake" };
  readonly identity: EmbedderIdentity | undefined = { provider: "fake", model: "small" };
  readonly requests: FakeRequest[] = [];
  /** Where set, each request waits for it, or for its own abort. */
  gate: Promise<void> | undefined;
  /** Where set, makes the answer. */
  answer: ((request: FakeRequest) => EmbeddingResponse | Promise<EmbeddingResponse>) | undefined;

  async createEmbeddings(texts: string[], model?: string, options?: EmbedOptions): Promise<EmbeddingResponse> {
    const request = { texts: [...texts], model, options };
    this.requests.push(request);
    if (this.gate) await Promise.race([this.gate, aborted(options?.signal)]);
    if (this.answer) return this.answer(request);
    return { embeddings: texts.map((text) => fakeVector(text, model)), usage: tokens(texts) };
  }

  validateConfiguration(): Promise<{ valid: boolean }> {
    return Promise.resolve({ valid: true });
  }

  get textsEmbedded(): string[] {
    return this.requests.flatMap(({ texts }) => texts);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
}

/** A vector that follows from text and model, with numbers that a careless cache changes. */
export function fakeVector(text: string, model = "small"): number[] {
  let state = 7 + model.length;
  for (const unit of text.split("")) state = (Math.imul(state, 31) + unit.charCodeAt(0)) | 0;
  return Array.from({ length: 16 }, (_, i) => (i === 3 ? -0 : Math.sin(state + i) / 3));
}

function tokens(texts: readonly string[]): { promptTokens: number; totalTokens: number } {
  const count = texts.reduce((sum, text) => sum + text.length, 0);
  return { promptTokens: count, totalTokens: count };
}

/** A promise and what settles it. */
export function deferred(): { promise: Promise<void>; resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, resolve };
}
