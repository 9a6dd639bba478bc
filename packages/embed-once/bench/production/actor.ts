/** What the processes of the storm have in common: their task, what they tell, and the comparison of bits. */
import type { ConfigurationCheck, Embedder, EmbeddingResponse, EmbedOptions } from "../../src/core/embedder.ts";
import { type CachedEmbedder, cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import type { CacheEmbedderOptions } from "../../src/embedder/options.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import { BATCH } from "./ledger.ts";
import { compare, MODEL } from "./witness.ts";

/** Longer than the server ever takes: what is not answered by then hangs. */
export const TIMEOUT_MS = 6_000;

export interface Task {
  /** This life of this process; the API key by which the provider tells who asks. */
  owner: string;
  seed: number;
  baseURL: string;
  cacheDirectory: string;
  indexDirectory: string;
  /** The repository. */
  folder: string;
  /** When the storm began, milliseconds since 1970, and how long it lasts. */
  startedAt: number;
  durationMs: number;
  /** For the writer: the first vector that is not acknowledged yet, and how many there are to be. */
  written: number;
  vectors: number;
  /** For the process with the small disk: where it is; `undefined`: the fault is injected. */
  smallDisk: string | undefined;
}

/** What a process tells as it goes; all of it adds up. */
export interface Report {
  /** Texts whose vectors were given to a caller and are stored. */
  acknowledged?: string[];
  /** The writer's vectors below this number are stored. */
  written?: number;
  /** Vectors whose bits were compared with what the provider sends, and what differed. */
  compared?: number;
  wrong?: string[];
  /** Calls that were answered: of the embedder, of a search, of the MCP client. */
  embedded?: number;
  searched?: number;
  called?: number;
  /** Calls that the provider's faults outlasted, told to the caller. */
  refused?: string;
  /** What should not happen. */
  failed?: string;
  /** What the cache or the index had to say. */
  notice?: string;
  /** The process to be killed in this one's place. */
  server?: { pid: number; owner: string };
  /** The small disk is full and the right answers go on; it was given room and stores again. */
  disk?: "full" | "recovered";
  /** Acknowledged, and not found afterwards. */
  lost?: string[];
}

export const task = JSON.parse(process.argv[2]!) as Task;

export function tell(report: Report): void {
  process.send?.(report);
}

const stop = new AbortController();
/** Aborted when the storm is over. */
export const stopping: AbortSignal = stop.signal;
const heard = new Set<string>();
const listeners = new Map<string, () => void>();
process.on("message", (word: string) => {
  heard.add(word);
  listeners.get(word)?.();
  if (word === "stop") stop.abort();
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit());

/** Fulfilled when the keeper says this word. */
export function told(word: string): Promise<void> {
  return new Promise((resolve) => {
    if (heard.has(word)) resolve();
    else listeners.set(word, resolve);
  });
}

/** The last thing a process does: nothing that it told is lost. */
export function end(): void {
  process.send?.({} satisfies Report, () => process.exit());
}

/** The cached embedder of this process, with the default budgets. */
export function openEmbedder(options: CacheEmbedderOptions = {}): CachedEmbedder {
  const { owner, baseURL, cacheDirectory } = task;
  const provider = { provider: "openai", model: MODEL, baseURL, apiKey: owner, timeoutMs: TIMEOUT_MS, maxRetries: 0 };
  return cacheEmbedder(createProviderEmbedder(provider, {}), {
    directory: cacheDirectory,
    maxTextsPerRequest: BATCH,
    onNotice: (notice) => tell({ notice }),
    ...options,
  });
}

/** An embedder that compares each vector which passes with what the provider sends for the text, and tells. */
export class WitnessedEmbedder implements Embedder {
  readonly #cached: CachedEmbedder;

  constructor(cached: CachedEmbedder) {
    this.#cached = cached;
  }

  get embedderInfo(): Embedder["embedderInfo"] {
    return this.#cached.embedderInfo;
  }

  get identity(): CachedEmbedder["identity"] {
    return this.#cached.identity;
  }

  validateConfiguration(): Promise<ConfigurationCheck> {
    return this.#cached.validateConfiguration();
  }

  async createEmbeddings(texts: string[], model?: string, options?: EmbedOptions): Promise<EmbeddingResponse> {
    const cache = await this.#cached.cache();
    const failedBefore = cache.statistics().failedWrites;
    const response = await this.#cached.createEmbeddings(texts, model, options);
    const { failedWrites, degraded } = cache.statistics();
    // A disk that failed acknowledged nothing, and the caller has its vectors all the same.
    const isStored = failedWrites === failedBefore && degraded.length === 0;
    tell({ embedded: 1, ...compare(texts, response.embeddings), ...(isStored ? { acknowledged: texts } : {}) });
    return response;
  }
}
