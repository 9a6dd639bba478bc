import type {
  ConfigurationCheck,
  Embedder,
  EmbedderIdentity,
  EmbeddingResponse,
  EmbedOptions,
} from "../core/embedder.ts";
import { EmbeddingResponseError, messageOf } from "../core/errors.ts";
import { copyTexts } from "../core/texts.ts";
import { abortable } from "../embedder/abortable.ts";
import { type CachedEmbedder, cacheEmbedder } from "../embedder/cached-embedder.ts";
import { type CacheEmbedderOptions, withoutOwnRetries } from "../embedder/options.ts";

/**
 * What `@langchain/core` calls EmbeddingsInterface, which its vector stores, retrievers and caches take. Written down here
 * so that nothing of LangChain must be installed; the tests hold it to the real type.
 */
export interface LangChainEmbeddings {
  embedDocuments(documents: string[]): Promise<number[][]>;
  embedQuery(document: string): Promise<number[]>;
}

/** What every call of a `toLangChain` sends along. */
export interface ToLangChainOptions {
  /** @default the embedder's own */
  model?: string | undefined;
  /** @default the embedder's own */
  dimensions?: number | undefined;
}

/** Who LangChain embeddings are: they do not say it in a common way, so it has to be told. */
export type LangChainIdentity = Pick<EmbedderIdentity, "provider" | "model"> & Partial<EmbedderIdentity>;

/**
 * LangChain embeddings over any embedder: documents are embedded with the purpose `"document"`, a query with `"query"`.
 */
export function toLangChain<E extends Embedder>(
  embedder: E,
  { model, dimensions }: ToLangChainOptions = {},
): LangChainEmbeddings & { readonly embedder: E } {
  return {
    embedder,
    async embedDocuments(documents) {
      return (await embedder.createEmbeddings(documents, model, { purpose: "document", dimensions })).embeddings;
    },
    async embedQuery(document) {
      return (await embedder.createEmbeddings([document], model, { purpose: "query", dimensions })).embeddings[0]!;
    },
  };
}

/**
 * An embedder over LangChain embeddings. Texts with the purpose `"query"` go to `embedQuery`, one by one, all others to
 * `embedDocuments`.
 *
 * @param identity provider, model and whatever else decides the numbers. `purposes: "same"` where both methods give the same
 * @throws TypeError for what are no embeddings, or an identity without provider or model
 */
export function fromLangChain(
  embeddings: LangChainEmbeddings,
  identity: LangChainIdentity,
): Embedder & { readonly identity: EmbedderIdentity } {
  if (typeof embeddings?.embedDocuments !== "function" || typeof embeddings.embedQuery !== "function") {
    throw new TypeError(
      `fromLangChain takes embeddings with embedDocuments and embedQuery, got ${embeddings === null ? "null" : typeof embeddings}`,
    );
  }
  if (!identity?.provider || !identity.model) {
    throw new TypeError('fromLangChain must know whose vectors these are: give { provider: "…", model: "…" }');
  }
  return new LangChainEmbedder(embeddings, identity);
}

/**
 * The same embeddings with a cache: `toLangChain(cacheEmbedder(fromLangChain(embeddings, identity), options))`, without
 * retries of its own, as LangChain retries by itself. Its `embedder` has the figures and `close()`.
 *
 * @throws TypeError as `fromLangChain`, and what `cacheEmbedder` throws
 */
export function cacheLangChain(
  embeddings: LangChainEmbeddings,
  identity: LangChainIdentity,
  options: CacheEmbedderOptions = {},
): LangChainEmbeddings & { readonly embedder: CachedEmbedder } {
  const base = fromLangChain(embeddings, identity);
  return toLangChain(cacheEmbedder(base, withoutOwnRetries(options)));
}

const CHECK_TEXT = "embed once";

class LangChainEmbedder implements Embedder {
  readonly identity: EmbedderIdentity;
  readonly embedderInfo: { readonly name: string };
  readonly #embeddings: LangChainEmbeddings;

  constructor(embeddings: LangChainEmbeddings, identity: LangChainIdentity) {
    this.identity = { ...identity };
    this.embedderInfo = { name: identity.provider };
    this.#embeddings = embeddings;
  }

  identityOf(model?: string, options: EmbedOptions = {}): EmbedderIdentity {
    if (model !== undefined && model !== this.identity.model) throw this.#cannot("model", model);
    const { dimensions } = options;
    if (dimensions !== undefined && dimensions !== this.identity.dimensions) {
      throw this.#cannot("dimensions", dimensions);
    }
    return this.identity;
  }

  async createEmbeddings(texts: string[], model?: string, options: EmbedOptions = {}): Promise<EmbeddingResponse> {
    const copies = copyTexts(texts);
    this.identityOf(model, options);
    options.signal?.throwIfAborted();
    if (copies.length === 0) return { embeddings: [] };
    const embeddings = await abortable(this.#embed(copies, options), options.signal);
    if (!Array.isArray(embeddings) || embeddings.length !== copies.length) {
      const got = Array.isArray(embeddings) ? embeddings.length : typeof embeddings;
      throw new EmbeddingResponseError(`${this.embedderInfo.name} gave ${got} embeddings for ${copies.length} texts`);
    }
    return { embeddings };
  }

  /** Embeds two words, once. */
  async validateConfiguration(): Promise<ConfigurationCheck> {
    try {
      await this.createEmbeddings([CHECK_TEXT]);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: messageOf(error) };
    }
  }

  async #embed(texts: string[], { purpose, signal }: EmbedOptions): Promise<number[][]> {
    if (purpose !== "query") return this.#embeddings.embedDocuments(texts);
    const embeddings: number[][] = [];
    for (const text of texts) {
      signal?.throwIfAborted();
      embeddings.push(await this.#embeddings.embedQuery(text));
    }
    return embeddings;
  }

  #cannot(what: string, came: string | number): TypeError {
    const own = what === "model" ? this.identity.model : (this.identity.dimensions ?? "its own");
    return new TypeError(
      `LangChain embeddings take no ${what} a call: got ${JSON.stringify(came)}, these have ${JSON.stringify(own)}. Make others for it`,
    );
  }
}
