import { type EmbeddingCache, openCache } from "../cache/hierarchical-cache.ts";
import { type CacheOptions, resolveCacheOptions } from "../cache/options.ts";
import { type ContentKey, contentKeys } from "../core/content-key.ts";
import type {
  ConfigurationCheck,
  Embedder,
  EmbedderIdentity,
  EmbeddingResponse,
  EmbedOptions,
  Usage,
} from "../core/embedder.ts";
import { abortable } from "./abortable.ts";
import { type EmbedderStatistics, noCounts } from "./embedder-statistics.ts";
import { type IdentityOptions, keyIdentity, resolveIdentity } from "./identity.ts";
import { checkResponse } from "./response-check.ts";
import { SingleFlight, type Ticket } from "./single-flight.ts";

export interface CacheEmbedderOptions extends IdentityOptions, CacheOptions {
  /** A cache to share with others; it is not closed with the embedder. @default one of its own, opened on first use */
  cache?: EmbeddingCache | undefined;
  /** Most texts that one call of the base gets, 1 or more. What one call brought is stored before the next. @default 128 */
  maxTextsPerRequest?: number | undefined;
}

/** An embedder that asks its base only for what nobody asked before. */
export interface CachedEmbedder extends Embedder, AsyncDisposable {
  readonly identity: EmbedderIdentity;
  statistics(): EmbedderStatistics;
  /** The base embedder. */
  unwrap(): Embedder;
  /** The cache below; opened by this call if it was not yet. */
  cache(): Promise<EmbeddingCache>;
  /** Finishes what is pending and closes the cache, unless it was handed in. */
  close(): Promise<void>;
}

const DEFAULT_MAX_TEXTS_PER_REQUEST = 128;

/**
 * Wraps an embedder in the cache. Nothing is opened before the first use.
 *
 * The law, besides that of `Embedder`:
 * - Per text: hits come from the cache, only misses go to the base, and each text once, however often it stands in the
 *   batch and however many calls ask for it at the same time.
 * - An answer is checked before anything of it is stored; a wrong one is an error that names the text's index.
 * - A cache that fails is a miss: the base still answers.
 *
 * @throws TypeError where nobody says which provider and model the base is, RangeError for a budget that is none
 */
export function cacheEmbedder(base: Embedder, options: CacheEmbedderOptions = {}): CachedEmbedder {
  return new CachingEmbedder(base, options);
}

/** A distinct text of a call: its key and where it stands. */
interface Wanted {
  key: ContentKey;
  text: string;
  positions: number[];
}

class CachingEmbedder implements CachedEmbedder {
  readonly identity: EmbedderIdentity;
  readonly #base: Embedder;
  readonly #options: CacheEmbedderOptions;
  readonly #maxTextsPerRequest: number;
  readonly #flights = new SingleFlight();
  readonly #counts = noCounts();
  readonly #hits = { L1: 0, L2: 0, L3: 0 };
  #cache: Promise<EmbeddingCache> | undefined;
  #openCache: EmbeddingCache | undefined;
  #closing: Promise<void> | undefined;

  constructor(base: Embedder, options: CacheEmbedderOptions) {
    if (typeof base?.createEmbeddings !== "function") {
      throw new TypeError(`cacheEmbedder takes an embedder with createEmbeddings(texts), got ${typeof base}`);
    }
    const { maxTextsPerRequest = DEFAULT_MAX_TEXTS_PER_REQUEST } = options;
    if (!Number.isInteger(maxTextsPerRequest) || maxTextsPerRequest < 1) {
      throw new RangeError(`maxTextsPerRequest must be a whole number of at least 1, got ${maxTextsPerRequest}`);
    }
    // Wrong budgets are the caller's fault and are told here, not on first use.
    resolveCacheOptions(options);
    this.identity = resolveIdentity(base, options);
    this.#base = base;
    this.#options = options;
    this.#maxTextsPerRequest = maxTextsPerRequest;
  }

  get embedderInfo(): { readonly name: string } {
    return this.#base.embedderInfo;
  }

  async createEmbeddings(texts: string[], model?: string, options: EmbedOptions = {}): Promise<EmbeddingResponse> {
    checkTexts(texts);
    if (this.#closing) throw new Error(`the embedder ${this.embedderInfo.name} is closed`);
    options.signal?.throwIfAborted();
    if (texts.length === 0) return { embeddings: [], usage: { promptTokens: 0, totalTokens: 0 } };

    // From here on nothing reads `texts`: the caller may change the array while it waits.
    const textCount = texts.length;
    const wanted = this.#wanted(texts, model, options);
    const cache = await abortable(this.cache(), options.signal);
    this.#counts.textsAsked += textCount;
    this.#counts.coalesced += textCount - wanted.length;
    const { vectors, missing } = this.#lookUp(cache, wanted);
    const sent: Sent = { requests: 0, usage: { promptTokens: 0, totalTokens: 0 }, usageKnown: true };
    await this.#embedMissing(missing, vectors, sent, cache, model, options);
    this.#counts.requestsSaved += Math.max(0, Math.ceil(textCount / this.#maxTextsPerRequest) - sent.requests);

    const embeddings = new Array<number[]>(textCount);
    for (const { positions } of wanted) {
      const vector = vectors.get(positions[0]!)!;
      for (const position of positions) embeddings[position] = position === positions[0] ? vector : vector.slice();
    }
    return sent.usageKnown ? { embeddings, usage: sent.usage } : { embeddings };
  }

  validateConfiguration(): Promise<ConfigurationCheck> {
    return this.#base.validateConfiguration();
  }

  unwrap(): Embedder {
    return this.#base;
  }

  cache(): Promise<EmbeddingCache> {
    this.#cache ??= (async () => {
      this.#openCache = this.#options.cache ?? (await openCache(this.#options));
      return this.#openCache;
    })();
    return this.#cache;
  }

  statistics(): EmbedderStatistics {
    return { ...this.#counts, hits: { ...this.#hits }, cache: this.#openCache?.statistics() };
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      const cache = await this.#cache;
      if (!cache) return;
      try {
        await cache.addLifetime(this.#lifetime(cache));
      } finally {
        if (!this.#options.cache) await cache.close();
      }
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The distinct texts of a call, in order of first appearance. */
  #wanted(texts: readonly string[], model: string | undefined, options: EmbedOptions): Wanted[] {
    const resolvedModel = model ?? this.identity.model;
    const keyOf = contentKeys({
      ...keyIdentity(this.identity, resolvedModel, this.#options.modelAlias),
      dimensions: options.dimensions ?? this.identity.dimensions,
      purpose: options.purpose,
    });
    const wanted = new Map<string, Wanted>();
    for (const [position, text] of texts.entries()) {
      const known = wanted.get(text);
      if (known) known.positions.push(position);
      else wanted.set(text, { key: keyOf(text), text, positions: [position] });
    }
    return [...wanted.values()];
  }

  /** Vectors by the first position of their text, and what the cache does not have. */
  #lookUp(cache: EmbeddingCache, wanted: Wanted[]): { vectors: Map<number, number[]>; missing: Wanted[] } {
    const before = { ...cache.hits };
    const found = cache.getMany(wanted.map(({ key }) => key));
    for (const tier of ["L1", "L2", "L3"] as const) this.#hits[tier] += cache.hits[tier] - before[tier];
    const vectors = new Map<number, number[]>();
    const missing: Wanted[] = [];
    for (const [i, entry] of wanted.entries()) {
      const vector = found[i];
      if (vector) vectors.set(entry.positions[0]!, vector);
      else missing.push(entry);
    }
    return { vectors, missing };
  }

  /**
   * Gets what the cache does not have: joins the requests of other calls where they are under way, makes the others.
   * A request of another call that failed or was given up is made again, as this call's own.
   */
  async #embedMissing(
    missing: Wanted[],
    vectors: Map<number, number[]>,
    sent: Sent,
    cache: EmbeddingCache,
    model: string | undefined,
    options: EmbedOptions,
  ): Promise<void> {
    let open = missing.map((wanted) => ({ wanted, flightKey: Buffer.from(wanted.key).toString("latin1") }));
    while (open.length > 0) {
      const joined = open.filter(({ flightKey }) => this.#flights.has(flightKey));
      const own = open.filter(({ flightKey }) => !this.#flights.has(flightKey));
      this.#counts.coalesced += joined.length;
      this.#counts.misses += own.length;
      const tickets: Ticket[] = [this.#flights.join(joined.map(({ flightKey }) => flightKey))];
      let previous: Promise<unknown> = Promise.resolve();
      for (let start = 0; start < own.length; start += this.#maxTextsPerRequest) {
        const batch = own.slice(start, start + this.#maxTextsPerRequest);
        const before = previous;
        const ticket = this.#flights.start(
          batch.map(({ flightKey }) => flightKey),
          async (signal) => {
            await before;
            signal.throwIfAborted();
            return this.#request(
              batch.map(({ wanted }) => wanted),
              sent,
              cache,
              model,
              { ...options, signal },
            );
          },
        );
        // One after the other; a request that failed does not keep the next from those who wait for it.
        previous = Promise.allSettled(ticket.vectors);
        tickets.push(ticket);
      }
      try {
        const [others, ...owned] = tickets.map(({ vectors }) => vectors);
        const settled = await abortable(
          Promise.all([...others!.map((vector) => vector.catch(() => undefined)), ...owned.flat()]),
          options.signal,
        );
        open = [...joined, ...own].filter(({ wanted }, i) => {
          const vector = settled[i];
          // Another call may have been handed the same array.
          if (vector) vectors.set(wanted.positions[0]!, vector.slice());
          return vector === undefined;
        });
        this.#counts.coalesced -= open.length;
      } finally {
        for (const ticket of tickets) ticket.leave();
      }
    }
  }

  /** One call of the base; what it brought is checked and stored. */
  async #request(
    wanted: readonly Wanted[],
    sent: Sent,
    cache: EmbeddingCache,
    model: string | undefined,
    options: EmbedOptions,
  ): Promise<number[][]> {
    sent.requests++;
    this.#counts.requestsMade++;
    let embeddings: number[][];
    try {
      const texts = wanted.map(({ text }) => text);
      const response = await this.#base.createEmbeddings(texts, model, options);
      const dimensions = options.dimensions ?? this.identity.dimensions;
      embeddings = checkResponse(response, texts.length, this.embedderInfo.name, dimensions);
      this.#count(response.usage, sent);
    } catch (error) {
      this.#counts.embeddingsFailed += wanted.length;
      throw error;
    }
    this.#counts.embeddingsMade += wanted.length;
    try {
      const name = model ?? this.identity.model;
      await cache.setMany(wanted.map(({ key }, i) => ({ key, vector: embeddings[i]!, model: name })));
    } catch {
      // The cache has told and counted it. The vectors were paid for and are right, so the caller gets them.
    }
    return embeddings;
  }

  #count(usage: Usage | undefined, sent: Sent): void {
    if (!usage) {
      sent.usageKnown = false;
      return;
    }
    sent.usage.promptTokens += usage.promptTokens;
    sent.usage.totalTokens += usage.totalTokens;
    this.#counts.tokensSent += usage.totalTokens;
  }

  #lifetime(cache: EmbeddingCache): Record<string, number> {
    const { numberBytesStored, recordBytesStored } = cache.statistics();
    const { L1: hitsL1, L2: hitsL2, L3: hitsL3 } = this.#hits;
    return { ...this.#counts, hitsL1, hitsL2, hitsL3, numberBytesStored, recordBytesStored };
  }
}

/** What one call had the base do. */
interface Sent {
  requests: number;
  usage: Usage;
  usageKnown: boolean;
}

function checkTexts(texts: unknown): asserts texts is string[] {
  if (!Array.isArray(texts)) throw new TypeError(`texts must be an array of strings, got ${typeof texts}`);
  // An index loop also visits the holes of a sparse array.
  for (let index = 0; index < texts.length; index++) {
    if (typeof texts[index] !== "string") {
      throw new TypeError(
        `texts must be strings, text ${index} is ${texts[index] === null ? "null" : typeof texts[index]}`,
      );
    }
  }
}
