import type { CodeIndexConfig, IEmbedder } from "./interfaces.ts";

/** The project's own embedder. It knows nothing of a cache. */
export class OpenAiCompatibleEmbedder implements IEmbedder {
  readonly embedderInfo = { name: "openai-compatible" };
  readonly #config: CodeIndexConfig;

  constructor(config: CodeIndexConfig) {
    this.#config = config;
  }

  async createEmbeddings(texts: string[], model = this.#config.modelId): Promise<{ embeddings: number[][] }> {
    const { baseUrl, apiKey } = this.#config.openAiCompatibleOptions;
    const response = await fetch(`${baseUrl}/embeddings`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model, input: texts }),
    });
    if (!response.ok) throw new Error(`the embeddings server answered ${response.status}: ${await response.text()}`);
    const { data } = (await response.json()) as { data: { index: number; embedding: number[] }[] };
    return { embeddings: data.sort((a, b) => a.index - b.index).map(({ embedding }) => embedding) };
  }

  async validateConfiguration(): Promise<{ valid: boolean; error?: string }> {
    const isComplete = this.#config.openAiCompatibleOptions.apiKey !== "";
    return isComplete ? { valid: true } : { valid: false, error: "set OPENAI_API_KEY" };
  }
}
