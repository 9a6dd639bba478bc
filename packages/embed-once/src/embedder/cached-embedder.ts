import { type EmbeddingCache, openCache } from "../cache/hierarchical-cache.ts";
import { contentKeys } from "../core/content-key.ts";
import type {
  ConfigurationCheck,
  Embedder,
  EmbedderIdentity,
  EmbeddingResponse,
  EmbedOptions,
  Usage,
} from "../core/embedder.ts";
import { EmbeddingResponseError } from "../core/errors.ts";
import { checkModelName } from "../core/model-name.ts";
import { copyTexts } from "../core/texts.ts";
import { CountsTeller, tellEvent } from "../statistics/channels.ts";
import { LifetimeSaver } from "../statistics/lifetime-saver.ts";
import { reportEmbedder } from "../statistics/report.ts";
import type { EmbedderStatistics } from "../statistics/statistics.ts";
import { abortable } from "./abortable.ts";
import { BatchSender } from "./batching.ts";
import { EmbedderFigures } from "./embedder-figures.ts";
import { OfflineMissError } from "./errors.ts";
import type { EmbedderEvent } from "./events.ts";
import { toExactFloat32 } from "./float32-output.ts";
import { keyScope, resolveIdentity } from "./identity.ts";
import { MissResolver, type Sent, type Wanted } from "./miss-resolver.ts";
import { type CallTally, countHits, ModelLedger } from "./model-ledger.ts";
import { ModelLimits } from "./model-limits.ts";
import {
  type CacheEmbedderOptions,
  type ResolvedEmbedderOptions,
  resolveEmbedderOptions,
  SET_BY_USER,
} from "./options.ts";
import { checkResponse } from "./response-check.ts";
import { type RetryClock, SYSTEM_CLOCK } from "./retry.ts";
import { Slots } from "./slots.ts";
import { TokenLedger, unitsOf } from "./token-ledger.ts";
import { UnderWay } from "./under-way.ts";
import { compareVectors } from "./verification.ts";

/** The answer as float32s: half the memory of a `number[]`. */
export interface Float32Response {
  embeddings: Float32Array[];
  usage?: Usage | undefined;
}

/** An embedder that asks its base only for what nobody asked before. */
export interface CachedEmbedder extends Embedder, AsyncDisposable {
  readonly identity: EmbedderIdentity;
  createEmbeddings(texts: string[], model?: string, options?: EmbedOptions): Promise<EmbeddingResponse>;
  /** With `output: "float32"`. Rejects with a RangeError where a number is no float32: nothing is rounded. */
  createEmbeddings(
    texts: string[],
    model: string | undefined,
    options: EmbedOptions & { output: "float32" },
  ): Promise<Float32Response>;
  statistics(): EmbedderStatistics;
  /** The figures as text, in a few lines. */
  report(): string;
  /** The base embedder. */
  unwrap(): Embedder;
  /** The cache below; opened by this call if it was not yet. Rejects once `close` was called. */
  cache(): Promise<EmbeddingCache>;
  /** Refuses further calls, waits for those under way, and closes the cache, unless it was handed in. */
  close(): Promise<void>;
}

/**
 * Wraps an embedder in the cache. Nothing is opened before the first use.
 *
 * The law, besides that of `Embedder`:
 * - Per text: hits come from the cache, only misses go to the base, and each text once, however often it stands in the
 *   batch and however many calls and processes ask for it at the same time.
 * - An answer is checked before anything of it is stored; a wrong one is an error that names the text's index.
 * - What a request brought is stored at once: whatever fails later, it is not paid again.
 * - One caller's abort or failure harms no other caller.
 * - A cache that fails is a miss: the base still answers.
 *
 * @throws TypeError for a base without `createEmbeddings` or a name, and where nobody says which provider and model it is;
 *   RangeError for an option out of range
 */
export function cacheEmbedder(base: Embedder, options: CacheEmbedderOptions = {}): CachedEmbedder {
  return new CachingEmbedder(base, options, SYSTEM_CLOCK);
}

/** The same with a clock of one's own, for tests of what takes long. */
export function cacheEmbedderWithClock(
  base: Embedder,
  options: CacheEmbedderOptions,
  clock: RetryClock,
): CachedEmbedder {
  return new CachingEmbedder(base, options, clock);
}

class CachingEmbedder implements CachedEmbedder {
  readonly identity: EmbedderIdentity;
  readonly #base: Embedder;
  readonly #options: CacheEmbedderOptions;
  readonly #resolved: ResolvedEmbedderOptions;
  readonly #clock: RetryClock;
  readonly #limits: ModelLimits;
  readonly #misses: MissResolver;
  readonly #counts = new ModelLedger();
  readonly #ledger: TokenLedger;
  readonly #underWay = new UnderWay();
  readonly #figures: EmbedderFigures;
  readonly #teller: CountsTeller;
  #saver: LifetimeSaver | undefined;
  #cache: Promise<EmbeddingCache> | undefined;
  #openCache: EmbeddingCache | undefined;
  #closing: Promise<void> | undefined;

  constructor(base: Embedder, options: CacheEmbedderOptions, clock: RetryClock) {
    if (typeof base?.createEmbeddings !== "function") {
      throw new TypeError(`cacheEmbedder takes an embedder with createEmbeddings(texts), got ${typeof base}`);
    }
    if (typeof base.embedderInfo?.name !== "string") {
      throw new TypeError(
        `cacheEmbedder takes an embedder with a name, embedderInfo.name, got ${typeof base.embedderInfo?.name}`,
      );
    }
    this.#resolved = resolveEmbedderOptions(options);
    this.identity = resolveIdentity(base, options);
    this.#base = base;
    this.#options = options;
    this.#clock = clock;
    this.#limits = new ModelLimits(base, this.#resolved.maxTextsPerRequest);
    const { pricePerMillionTokens: ownPrice, priceSource = ownPrice === undefined ? null : SET_BY_USER } = options;
    const priceOf = (model: string) => ownPrice ?? priceFrom(base, model);
    this.#ledger = new TokenLedger(priceOf);
    this.#figures = new EmbedderFigures({ counts: this.#counts, ledger: this.#ledger, priceOf, priceSource });
    const { provider } = this.identity;
    this.#teller = new CountsTeller("embedder", { provider }, () => this.#figures.counts());
    this.#misses = new MissResolver({
      sender: new BatchSender(base, this.#limits, options, clock),
      limits: this.#limits,
      slots: new Slots(this.#resolved.maxConcurrentRequests),
      clock,
      countsOf: (model) => this.#counts.of(model),
      ledger: this.#ledger,
      underWay: this.#underWay,
      onEvent: (event) => this.#onEvent(event),
    });
  }

  get embedderInfo(): { readonly name: string } {
    return this.#base.embedderInfo;
  }

  createEmbeddings(texts: string[], model?: string, options?: EmbedOptions): Promise<EmbeddingResponse>;
  createEmbeddings(
    texts: string[],
    model: string | undefined,
    options: EmbedOptions & { output: "float32" },
  ): Promise<Float32Response>;
  async createEmbeddings(
    texts: string[],
    model?: string,
    { output, ...options }: EmbedOptions & { output?: "float32" } = {},
  ): Promise<EmbeddingResponse | Float32Response> {
    const copies = copyTexts(texts);
    this.#refuseIfClosed();
    options.signal?.throwIfAborted();
    const response = await this.#underWay.add(this.#embed(copies, model, options));
    return output === "float32" ? { ...response, embeddings: response.embeddings.map(toExactFloat32) } : response;
  }

  validateConfiguration(): Promise<ConfigurationCheck> {
    return this.#base.validateConfiguration();
  }

  unwrap(): Embedder {
    return this.#base;
  }

  async cache(): Promise<EmbeddingCache> {
    this.#refuseIfClosed();
    return this.#opened();
  }

  statistics(): EmbedderStatistics {
    return { ...this.#figures.statistics(), cache: this.#openCache?.statistics() };
  }

  report(): string {
    return reportEmbedder(this.embedderInfo.name, this.statistics());
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#underWay.ended();
      const cache = await this.#cache;
      if (!cache) return;
      // Closing does not fail for want of statistics.
      await this.#saver!.save().catch(() => {});
      this.#teller.tell();
      if (!this.#options.cache) await cache.close();
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refuseIfClosed(): void {
    if (this.#closing) throw new Error(`the embedder ${this.embedderInfo.name} is closed`);
  }

  #opened(): Promise<EmbeddingCache> {
    this.#cache ??= (async () => {
      this.#openCache = this.#options.cache ?? (await openCache(this.#options));
      const cache = this.#openCache;
      this.#ledger.recall(cache.lifetime());
      this.#saver = new LifetimeSaver(
        () => this.#figures.lifetime(),
        (counters) => cache.addLifetime(counters),
      );
      return cache;
    })();
    return this.#cache;
  }

  async #embed(texts: string[], model: string | undefined, options: EmbedOptions): Promise<EmbeddingResponse> {
    const { mode } = this.#resolved;
    if (texts.length === 0) return { embeddings: [], usage: { promptTokens: 0, totalTokens: 0 } };
    if (mode === "bypass") return this.#base.createEmbeddings(texts, model, options);

    // Now, and not when the vectors are paid for and are to be stored under it.
    if (typeof model === "string") checkModelName(model);
    const scope = keyScope(this.#base, this.identity, this.#options, model, options);
    const wanted = distinct(texts, contentKeys(scope));
    const cache = await abortable(this.#opened(), options.signal);
    const tally = { hits: { L1: 0, L2: 0, L3: 0 }, coalesced: texts.length - wanted.length, misses: 0 };
    try {
      return await this.#answer(texts, wanted, { cache, tally, model, options });
    } finally {
      this.#counts.ended(model ?? this.identity.model, tally);
      this.#saver?.touch();
      this.#teller.tell();
    }
  }

  async #answer(
    texts: readonly string[],
    wanted: readonly Wanted[],
    { cache, tally, model, options }: Call,
  ): Promise<EmbeddingResponse> {
    const { mode } = this.#resolved;
    const textsAsked = texts.length;
    const requestsWithoutCache = this.#limits.split(texts, { model, options }).length;
    const vectors = new Map<number, number[]>();
    const missing = mode === "refresh" ? wanted : this.#lookUp(cache, wanted, vectors, tally);
    tally.misses += missing.length;
    if (mode === "offline" && missing.length > 0) {
      throw new OfflineMissError(missing[0]!.positions[0]!, missing.length);
    }
    const sent: Sent = { requests: 0, usage: { promptTokens: 0, totalTokens: 0 }, usageKnown: true, units: 0 };
    const hit = wanted.find(({ positions }) => vectors.has(positions[0]!));
    const askedFor = options.dimensions ?? this.identity.dimensions;
    const dimensions = askedFor ?? (hit && vectors.get(hit.positions[0]!)!.length);
    const modelName = model ?? this.identity.model;
    await this.#verifySample(wanted, vectors, { model, options }, { sent, model: modelName });
    await this.#misses.resolve(missing, {
      cache,
      store: mode !== "read-only",
      share: mode === "read-write",
      call: { model, options, dimensions },
      model: modelName,
      signal: options.signal,
      textsAsked,
      vectors,
      sent,
      tally,
    });
    this.#ledger.saved(modelName, unitsOf(texts) - sent.units);
    this.#counts.of(modelName).requestsSaved += Math.max(0, requestsWithoutCache - sent.requests);
    const embeddings = spread(wanted, vectors, textsAsked);
    this.#checkAgreement(embeddings);
    return sent.usageKnown ? { embeddings, usage: sent.usage } : { embeddings };
  }

  /** Fills in what the cache has; gives what it does not have. */
  #lookUp(
    cache: EmbeddingCache,
    wanted: readonly Wanted[],
    vectors: Map<number, number[]>,
    tally: CallTally,
  ): Wanted[] {
    const keys = wanted.map(({ key }) => key);
    const found = countHits(cache, tally, () => cache.getMany(keys));
    return wanted.filter(({ positions }, i) => {
      if (found[i]) vectors.set(positions[0]!, found[i]);
      return !found[i];
    });
  }

  /** Embeds a sample of the hits again and tells how they compare. A failure of it is no failure of the call. */
  async #verifySample(
    wanted: readonly Wanted[],
    vectors: ReadonlyMap<number, number[]>,
    { model, options }: { model: string | undefined; options: EmbedOptions },
    counted: { sent: Sent; model: string },
  ): Promise<void> {
    const { verifyFraction, onNotice } = this.#resolved;
    if (verifyFraction === 0) return;
    const sample = wanted.filter(
      ({ positions }) => vectors.has(positions[0]!) && this.#clock.random() < verifyFraction,
    );
    const [request] = this.#limits.split(
      sample.map(({ text }) => text),
      { model, options },
    );
    if (!request) return;
    const batch = sample.slice(0, request.end);
    const texts = batch.map(({ text }) => text);
    const observer = this.#misses.observer(counted);
    let fresh: number[][];
    observer.onRequest(texts.length);
    try {
      const response = await this.#base.createEmbeddings(texts, model, options);
      const { vectors, usage } = checkResponse(response, texts.length, this.embedderInfo.name);
      fresh = vectors;
      observer.onResponse(texts, usage);
    } catch (error) {
      observer.onFailure(texts.length, error);
      return;
    }
    const { verified } = this.#counts.of(counted.model);
    for (const [i, { positions }] of batch.entries()) {
      const { outcome, cosine } = compareVectors(vectors.get(positions[0]!)!, fresh[i]!);
      if (outcome === "changed" && verified.changed === 0) {
        onNotice(
          `${this.embedderInfo.name} no longer gives the vectors that are stored for ${this.identity.model} ` +
            `(cosine ${cosine.toFixed(3)}): the model behind the name has changed; give a new revision to start afresh`,
        );
      }
      verified[outcome]++;
      this.#onEvent({ type: "verified", outcome, cosine });
    }
  }

  /** Hits and fresh vectors of one call must be comparable. */
  #checkAgreement(embeddings: readonly number[][]): void {
    const { length } = embeddings[0]!;
    const other = embeddings.findIndex((vector) => vector.length !== length);
    if (other === -1) return;
    throw new EmbeddingResponseError(
      `the vectors of text 0 and text ${other} have ${length} and ${embeddings[other]!.length} dimensions: ` +
        `the model behind the name ${this.identity.model} has changed; give a new revision to start afresh`,
    );
  }

  #onEvent(event: EmbedderEvent): void {
    this.#resolved.onEvent(event);
    tellEvent(() => ({ provider: this.identity.provider, ...event }));
  }
}

/** One call, past its keys. */
interface Call {
  cache: EmbeddingCache;
  tally: CallTally;
  model: string | undefined;
  options: EmbedOptions;
}

/** What the base says of a price. It is of use for statistics alone, so a fault of it is a price that is not known. */
function priceFrom(base: Embedder, model: string): number | undefined {
  try {
    const price = base.pricePerMillionTokens?.(model);
    return Number.isFinite(price) ? price : undefined;
  } catch {
    return undefined;
  }
}

/** The distinct texts of a call, in order of first appearance. */
function distinct(texts: readonly string[], keyOf: (text: string) => Uint8Array): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const [position, text] of texts.entries()) {
    const known = wanted.get(text);
    if (known) known.positions.push(position);
    else wanted.set(text, { key: keyOf(text), text, positions: [position] });
  }
  return [...wanted.values()];
}

/** One vector a text; duplicates are arrays of their own. */
function spread(wanted: readonly Wanted[], vectors: ReadonlyMap<number, number[]>, textCount: number): number[][] {
  const embeddings = new Array<number[]>(textCount);
  for (const { positions } of wanted) {
    const vector = vectors.get(positions[0]!)!;
    for (const position of positions) embeddings[position] = position === positions[0] ? vector : vector.slice();
  }
  return embeddings;
}
