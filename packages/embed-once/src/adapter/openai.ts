import type { Embedder, EmbedderIdentity, EmbeddingResponse, EmbedOptions, Usage } from "../core/embedder.ts";
import { EmbeddingResponseError, messageOf } from "../core/errors.ts";
import { estimateTokens, type RequestLimits } from "../core/request-limits.ts";
import { copyTexts } from "../core/texts.ts";
import { type CachedEmbedder, cacheEmbedder } from "../embedder/cached-embedder.ts";
import { baseError } from "../embedder/errors.ts";
import { type CacheEmbedderOptions, withoutOwnRetries } from "../embedder/options.ts";
import { OPENAI_LIMITS } from "../provider/openai-limits.ts";
import { placesOf, putInPlace } from "./answer-order.ts";
import { canonicalJson } from "./canonical-json.ts";
import { plainEndpoint } from "./endpoint.ts";

/** The part of a client of the package `openai` that is used here. */
export interface OpenAIClient {
  baseURL: string;
  // The client's own types are overloads that no structural type can follow; the proxy keeps them as they are.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  embeddings: { create(body: any, options?: any): any };
}

/** A client whose `embeddings.create` is cached, and the embedder that does it: for figures and `close()`. */
export type CachedOpenAI<Client> = Client & { readonly embedder: CachedEmbedder };

export interface CacheOpenAIOptions extends Omit<CacheEmbedderOptions, "identity"> {
  /**
   * Wins over what the client shows, for gateways that decide by a header which model answers. `model` is what
   * `modelAlias` stands for. @default provider "openai", the client's `baseURL`, model "text-embedding-3-small"
   */
  identity?: Partial<Pick<EmbedderIdentity, "provider" | "model" | "endpoint" | "revision" | "options">> | undefined;
}

/** OpenAI's and Azure's own servers. The tokens that others take in a request are learned from their refusals. */
const OPENAI_HOST = /^(api\.openai\.com|.+\.openai\.azure\.com)$/;
/** The model of the embedder itself; every `create` names its own. */
const DEFAULT_MODEL = "text-embedding-3-small";
/** Options of a request that change how it travels, not what comes back. With any other one a call is not cached. */
const TRANSPORT_OPTIONS: ReadonlySet<string> = new Set(["headers", "maxRetries", "timeout", "signal", "fetchOptions"]);

/**
 * The same client with a cached `embeddings.create`; everything else of it is untouched.
 *
 * - Strings, arrays of strings, tokens and arrays of tokens are cached; tokens are keyed as tokens, never as text.
 * - The answer has the form that was asked for: `number[]`, or base64 where `encoding_format` is `"base64"`. The vectors
 *   stand in the order of the input; `usage` is what was spent by this call, so zero where nothing was sent.
 * - Parameters that are not known here are sent along and are part of the key; `user` and headers are not.
 * - `withResponse()` and `asResponse()` are for the real response, so they make a real request, past the cache. So do
 *   calls that cannot be keyed, and calls that the API would refuse.
 * - The client's own retries and errors stay as they are. `withOptions` gives a cached client again.
 */
export function cacheOpenAI<Client extends OpenAIClient>(
  client: Client,
  options: CacheOpenAIOptions = {},
): CachedOpenAI<Client> {
  if (typeof client?.embeddings?.create !== "function") {
    throw new TypeError(
      `cacheOpenAI takes a client of the package openai, got ${client === null ? "null" : typeof client}`,
    );
  }
  const embedder = cacheEmbedder(new ClientEmbedder(client, options.identity), withoutOwnRetries(options));
  const embeddings = new Proxy(client.embeddings, {
    get: (target, name) =>
      name === "create"
        ? (body: CreateBody, request?: CreateOptions) => create(client, embedder, body, request)
        : ofTarget(target, name),
  });
  return new Proxy(client, {
    get(target, name) {
      if (name === "embeddings") return embeddings;
      if (name === "embedder") return embedder;
      const value: unknown = ofTarget(target, name);
      if (name !== "withOptions" || typeof value !== "function") return value;
      return (changed: unknown) => cacheOpenAI(value(changed) as Client, options);
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  }) as CachedOpenAI<Client>;
}

const bound = new WeakMap<object, unknown>();

/** A property of the object behind a proxy. Methods see the object itself: its private fields know no proxy. */
function ofTarget(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  // What is no function of the prototype is a value that happens to be callable, such as `fetch`.
  if (typeof value !== "function" || name === "constructor" || Object.hasOwn(target, name)) return value;
  if (!bound.has(value)) bound.set(value, new WeakMap());
  const methods = bound.get(value) as WeakMap<object, unknown>;
  if (!methods.has(target)) methods.set(target, value.bind(target));
  return methods.get(target);
}

interface CreateBody {
  input: unknown;
  model: string;
  dimensions?: number;
  encoding_format?: string;
  user?: string;
  [parameter: string]: unknown;
}

type CreateOptions = Record<string, unknown> & { signal?: AbortSignal | null };

/** One call of `create`, as far as it concerns the requests for its misses. */
class CreateCall {
  /** What `input` holds. */
  readonly kind: "text" | "tokens";
  /** What `encoding_format` says; without it the client asks for base64 and decodes it. */
  readonly format: "base64" | "float" | undefined;
  /** What is sent along and not known here, as canonical JSON. */
  readonly parameters: string;
  /** The same, and the user. */
  readonly sent: Record<string, unknown>;
  /** Headers, timeout and the like. */
  readonly request: CreateOptions;
  /** Of this call's own requests: none where other calls were waiting for the same texts already. */
  readonly answers: Answer[] = [];

  constructor(fields: Partial<Omit<CreateCall, "answers">> = {}) {
    this.kind = fields.kind ?? "text";
    this.format = fields.format;
    this.parameters = fields.parameters ?? "{}";
    this.sent = fields.sent ?? {};
    this.request = fields.request ?? {};
  }
}

interface Answer {
  model?: unknown;
  data?: unknown;
  usage?: { prompt_tokens?: unknown; total_tokens?: unknown } | null;
  _request_id?: string | null;
}

interface ReadCall {
  texts: string[];
  model: string;
  dimensions: number | undefined;
  call: CreateCall;
  signal: AbortSignal | undefined;
}

function create(
  client: OpenAIClient,
  embedder: CachedEmbedder,
  body: CreateBody,
  request: CreateOptions | undefined,
): unknown {
  const uncached = () => client.embeddings.create(body, request);
  const asked = readCall(body, request ?? {});
  if (asked === undefined) return uncached();
  return new CachedPromise(() => createCached(client, embedder, asked), uncached);
}

/** What the cache is to be asked for; `undefined` for a call that is not cached. */
function readCall(body: CreateBody, request: CreateOptions): ReadCall | undefined {
  if (typeof body !== "object" || body === null || typeof body.model !== "string" || body.model === "")
    return undefined;
  if (Object.keys(request).some((name) => request[name] !== undefined && !TRANSPORT_OPTIONS.has(name)))
    return undefined;
  const { input, model, dimensions, encoding_format: format, user, ...rest } = body;
  if (format !== undefined && format !== "base64" && format !== "float") return undefined;
  if (dimensions !== undefined && !(Number.isInteger(dimensions) && dimensions > 0)) return undefined;
  const parameters = canonicalJson(rest);
  const read = readInput(input);
  if (parameters === undefined || read === undefined) return undefined;
  const { signal, ...transport } = request;
  const sent = user === undefined ? rest : { ...rest, user };
  const call = new CreateCall({ kind: read.kind, format, parameters, sent, request: transport });
  return { texts: read.texts, model, dimensions, call, signal: signal ?? undefined };
}

/** Tokens as the text of their numbers; in the key they are told from text by their kind. */
function readInput(input: unknown): { kind: "text" | "tokens"; texts: string[] } | undefined {
  if (typeof input === "string") return { kind: "text", texts: [input] };
  if (!Array.isArray(input) || input.length === 0) return undefined;
  const items: unknown[] = Array.from(input);
  if (items.every((item) => typeof item === "string")) return { kind: "text", texts: items };
  const lists = typeof items[0] === "number" ? [items] : items;
  return lists.every(isTokens) ? { kind: "tokens", texts: lists.map((tokens) => tokens.join(",")) } : undefined;
}

function isTokens(value: unknown): value is number[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  return Array.from(value).every((token) => Number.isSafeInteger(token) && token >= 0);
}

async function createCached(
  client: OpenAIClient,
  embedder: CachedEmbedder,
  { texts, model, dimensions, call, signal }: ReadCall,
): Promise<object> {
  let response: EmbeddingResponse;
  try {
    response = await embedder.createEmbeddings(texts, model, { dimensions, signal, context: call });
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw baseError(error);
    // What the client throws when it is aborted.
    const { APIUserAbortError } = client.constructor as { APIUserAbortError?: new () => Error };
    throw APIUserAbortError ? new APIUserAbortError() : error;
  }
  return writeResponse(response, model, call);
}

/** The answer as the API would have given it. */
function writeResponse({ embeddings, usage }: EmbeddingResponse, model: string, call: CreateCall): object {
  const [first, ...others] = call.answers;
  const response = {
    object: "list",
    data: embeddings.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: call.format === "base64" ? encodeBase64(vector) : vector,
    })),
    // The API may name a version of the model that was asked for. What it did not answer, it did not name.
    model: typeof first?.model === "string" ? first.model : model,
    ...(usage ? { usage: { prompt_tokens: usage.promptTokens, total_tokens: usage.totalTokens } } : {}),
  };
  if (first && others.length === 0) Object.defineProperty(response, "_request_id", { value: first._request_id });
  return response;
}

/**
 * Float32 values, little-endian. A server that was asked for base64 and gave decimals gives its decimals here too: base64
 * would round them.
 */
function encodeBase64(vector: number[]): string | number[] {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [i, value] of vector.entries()) {
    if (Math.fround(value) !== value) return vector;
    bytes.writeFloatLE(value, i * 4);
  }
  return bytes.toString("base64");
}

function decodeBase64(text: string, index: number): number[] {
  const bytes = Buffer.from(text, "base64");
  // Buffer skips what is no base64 instead of refusing it; the length tells.
  const digits = text.replace(/={1,2}$/, "").length;
  if (bytes.length !== Math.floor((digits * 3) / 4) || bytes.length % 4 !== 0) {
    throw new EmbeddingResponseError(
      (text) => `openai gave a string for text ${text} that is no base64 of float32 values`,
      index,
    );
  }
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

/** The client as an embedder: one call is one request, with what `create` was given for it. */
class ClientEmbedder implements Embedder {
  readonly embedderInfo = { name: "openai" };
  readonly limits: RequestLimits;
  readonly #client: OpenAIClient;
  readonly #given: NonNullable<CacheOpenAIOptions["identity"]>;

  constructor(client: OpenAIClient, given: CacheOpenAIOptions["identity"] = {}) {
    this.#client = client;
    this.#given = given;
    const isOpenAIs = OPENAI_HOST.test(URL.parse(client.baseURL)?.hostname ?? "");
    this.limits = isOpenAIs ? OPENAI_LIMITS : { ...OPENAI_LIMITS, maxTokensPerRequest: undefined };
  }

  countTokens(text: string, _model?: string, { context }: EmbedOptions = {}): number {
    return callOf(context).kind === "tokens" ? text.split(",").length : estimateTokens(text);
  }

  get #model(): string {
    return this.#given.model ?? DEFAULT_MODEL;
  }

  get identity(): EmbedderIdentity {
    return this.identityOf();
  }

  identityOf(model: string = this.#model, { dimensions, context }: EmbedOptions = {}): EmbedderIdentity {
    const { kind, format, parameters } = callOf(context);
    const { provider = "openai", endpoint = plainEndpoint(this.#client.baseURL), revision } = this.#given;
    const options: Record<string, string | number | boolean> = { ...this.#given.options };
    if (kind === "tokens") options.input = kind;
    if (parameters !== "{}") options.parameters = parameters;
    return {
      provider,
      model,
      ...(revision === undefined ? {} : { revision }),
      ...(dimensions === undefined ? {} : { dimensions }),
      ...(endpoint === undefined ? {} : { endpoint }),
      wireEncoding: format ?? "base64",
      purposes: "same",
      ...(Object.keys(options).length > 0 ? { options } : {}),
    };
  }

  async createEmbeddings(
    texts: string[],
    model: string = this.#model,
    { dimensions, signal, context }: EmbedOptions = {},
  ): Promise<EmbeddingResponse> {
    const copies = copyTexts(texts);
    if (copies.length === 0) return { embeddings: [] };
    const call = callOf(context);
    const body: CreateBody = {
      ...call.sent,
      model,
      input: call.kind === "tokens" ? copies.map((text) => text.split(",").map(Number)) : copies,
    };
    if (dimensions !== undefined) body.dimensions = dimensions;
    if (call.format !== undefined) body.encoding_format = call.format;
    const answer = (await this.#client.embeddings.create(body, { ...call.request, signal })) as Answer | undefined;
    const embeddings = readVectors(answer?.data, copies.length);
    if (answer) call.answers.push(answer);
    const usage = readUsage(answer?.usage);
    return usage ? { embeddings, usage } : { embeddings };
  }

  /** Embeds two words with the model of a call without one. */
  async validateConfiguration(): Promise<{ valid: boolean; error?: string }> {
    try {
      await this.createEmbeddings(["embed once"]);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: messageOf(error) };
    }
  }
}

function callOf(context: unknown): CreateCall {
  return context instanceof CreateCall ? context : new CreateCall();
}

/** The vectors in the order of the texts, whatever the order of the answer. */
function readVectors(data: unknown, count: number): number[][] {
  if (!Array.isArray(data) || data.length !== count) {
    const got = Array.isArray(data) ? `${data.length} embeddings` : "no array of embeddings";
    throw new EmbeddingResponseError(`openai gave ${got} for ${count} texts`);
  }
  const places = placesOf(data, "openai");
  const items: unknown[] = places ? putInPlace(data, places) : data;
  return items.map((item, index) => {
    const { embedding } = item as { embedding: unknown };
    return typeof embedding === "string" ? decodeBase64(embedding, index) : (embedding as number[]);
  });
}

/** Usage as reported; a missing part is never made up. */
function readUsage(usage: Answer["usage"]): Usage | undefined {
  const { prompt_tokens: prompt, total_tokens: total } = usage ?? {};
  if (typeof prompt !== "number" || typeof total !== "number") return undefined;
  return { promptTokens: prompt, totalTokens: total };
}

/**
 * What `create` returns: a promise as the client's APIPromise is one. The call starts at once, that is after the current
 * step of the program, unless the real response was asked for until then.
 */
class CachedPromise<T> extends Promise<T> {
  readonly #run: () => Promise<T>;
  // biome-ignore lint/suspicious/noExplicitAny: the client's own APIPromise
  readonly #uncached: () => any;
  #started: Promise<T> | undefined;
  #wantsResponse = false;

  // biome-ignore lint/suspicious/noExplicitAny: the client's own APIPromise
  constructor(run: () => Promise<T>, uncached: () => any) {
    super((resolve) => resolve(undefined as T));
    this.#run = run;
    this.#uncached = uncached;
    queueMicrotask(() => {
      if (!this.#wantsResponse) this.#start();
    });
  }

  /** What `then` and the like make are plain promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #start(): Promise<T> {
    this.#started ??= this.#run();
    return this.#started;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then: Promise<T>["then"] = (onFulfilled, onRejected) => this.#start().then(onFulfilled, onRejected);
  override catch: Promise<T>["catch"] = (onRejected) => this.#start().catch(onRejected);
  override finally: Promise<T>["finally"] = (onFinally) => this.#start().finally(onFinally);

  asResponse(): Promise<Response> {
    this.#wantsResponse = true;
    return this.#uncached().asResponse();
  }

  withResponse(): Promise<{ data: T; response: Response; request_id: string | null }> {
    this.#wantsResponse = true;
    return this.#uncached().withResponse();
  }
}
