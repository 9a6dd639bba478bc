/** The shapes of a code index as Roo Code, Kilo Code and their kin have them, as far as this example goes. */
export interface IEmbedder {
  createEmbeddings(texts: string[], model?: string): Promise<{ embeddings: number[][] }>;
  validateConfiguration(): Promise<{ valid: boolean; error?: string | undefined }>;
  readonly embedderInfo: { readonly name: string };
}

export interface CodeBlock {
  file: string;
  startLine: number;
  text: string;
}

export interface IVectorStore {
  upsert(block: CodeBlock, vector: number[]): void;
  search(vector: number[], limit: number): { block: CodeBlock; score: number }[];
}

export interface IDirectoryScanner {
  /** @returns how many blocks it found */
  scan(folder: string): Promise<number>;
}

export interface CodeIndexConfig {
  embedderProvider: string;
  modelId: string;
  openAiCompatibleOptions: { baseUrl: string; apiKey: string };
}
