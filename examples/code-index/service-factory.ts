import { DirectoryScanner } from "./directory-scanner.ts";
import type { CodeIndexConfig, IDirectoryScanner, IEmbedder, IVectorStore } from "./interfaces.ts";
import { MemoryVectorStore } from "./memory-vector-store.ts";
import { OpenAiCompatibleEmbedder } from "./openai-embedder.ts";

export interface ConfigManager {
  getConfig(): CodeIndexConfig;
}

/** The project's own factory. It knows nothing of a cache. */
export class CodeIndexServiceFactory {
  readonly #configManager: ConfigManager;
  readonly workspacePath: string;

  constructor(configManager: ConfigManager, workspacePath: string) {
    this.#configManager = configManager;
    this.workspacePath = workspacePath;
  }

  createEmbedder(): IEmbedder {
    return new OpenAiCompatibleEmbedder(this.#configManager.getConfig());
  }

  validateEmbedder(embedder: IEmbedder): Promise<{ valid: boolean; error?: string | undefined }> {
    return embedder.validateConfiguration();
  }

  createVectorStore(): IVectorStore {
    return new MemoryVectorStore();
  }

  createDirectoryScanner(embedder: IEmbedder, store: IVectorStore): IDirectoryScanner {
    return new DirectoryScanner(embedder, store);
  }

  createServices(): { embedder: IEmbedder; vectorStore: IVectorStore; scanner: IDirectoryScanner } {
    const embedder = this.createEmbedder();
    const vectorStore = this.createVectorStore();
    return { embedder, vectorStore, scanner: this.createDirectoryScanner(embedder, vectorStore) };
  }
}
