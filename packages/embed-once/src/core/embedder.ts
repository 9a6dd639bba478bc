import type { RequestLimits } from "./request-limits.ts";

/**
 * What a text is embedded for. Some providers embed a query and a document differently; where one does,
 * the purpose decides the numbers and is part of the content key.
 */
export type Purpose = "query" | "document";

/** Tokens as the provider reported them for what was really sent; zero where nothing was sent. */
export interface Usage {
  promptTokens: number;
  totalTokens: number;
}

/** Options of one call. */
export interface EmbedOptions {
  /** Ends this call early with the signal's reason. It never harms another caller who waits for the same text. */
  signal?: AbortSignal | undefined;
  /** @default undefined: the provider's own default, a kind of its own unless `EmbedderIdentity.purposeByDefault` says otherwise */
  purpose?: Purpose | undefined;
  /** Length of the vectors, where the provider can choose it. @default the embedder's own */
  dimensions?: number | undefined;
  /**
   * An adapter's own business with its base, such as the headers of a request. Wrappers hand it on as it is, and it is no
   * part of the content key: what of it decides the numbers, the base says in `identityOf`.
   */
  context?: unknown;
}

export interface EmbeddingResponse {
  /** One vector a text, in the order of the texts. The arrays are the caller's: nobody else keeps or changes them. */
  embeddings: number[][];
  usage?: Usage | undefined;
}

export interface ConfigurationCheck {
  valid: boolean;
  /** What is wrong and what to do about it, in one line. */
  error?: string | undefined;
}

/**
 * Who makes the numbers: everything about an embedder, apart from the text and the call, that decides them.
 * Two embedders with equal identities may hand out each other's vectors.
 */
export interface EmbedderIdentity {
  /** The provider's short name, such as `"openai"`. */
  provider: string;
  /** The model that a call without a model uses. */
  model: string;
  /** Length of the vectors where it was asked for; absent where it is the model's own. */
  dimensions?: number | undefined;
  /** Any name; a new one starts a new key space. */
  revision?: string | undefined;
  /** Base URL or region: the same model's name at another server may be another model. */
  endpoint?: string | undefined;
  /** How the numbers travel. Base64 and decimals of one vector are different float64s. */
  wireEncoding?: "base64" | "float" | undefined;
  /** Whether the numbers depend on the purpose. @default "distinct" (always safe; "same" lets queries and documents share) */
  purposes?: "distinct" | "same" | undefined;
  /** The purpose whose numbers a call without one gets. @default none: such a call is a kind of its own */
  purposeByDefault?: Purpose | undefined;
  /** Anything else sent along that changes the numbers, such as a prefix or a truncation rule. */
  options?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/**
 * The contract of everything that turns texts into vectors: providers, the caching wrapper and what users bring along.
 *
 * The law:
 * - `createEmbeddings(texts)` gives exactly one vector a text, in the order of the texts, or rejects. It never skips,
 *   shifts or shortens. An empty array gives an empty answer without a request.
 * - A text is embedded as it is: no trimming, no normal form, no cut that the caller did not ask for.
 * - The returned arrays belong to the caller.
 * - What is not checked: whether the provider is deterministic. A cache makes its answers repeatable.
 *
 * It is a superset of the code-index interface (`createEmbeddings(texts, model?)`, `validateConfiguration()`,
 * `embedderInfo`), so an embedder written for that one fits as it is; it says who it is through `identity`,
 * here or in the options of `cacheEmbedder`.
 */
export interface Embedder {
  /**
   * @param texts what to embed; at least nothing, at most what memory holds
   * @param model the model of this call. @default the embedder's own
   */
  createEmbeddings(texts: string[], model?: string, options?: EmbedOptions): Promise<EmbeddingResponse>;
  /** Whether a call would work: key, model, reachability, dimensions. Never rejects for a wrong configuration. */
  validateConfiguration(): Promise<ConfigurationCheck>;
  readonly embedderInfo: { readonly name: string };
  readonly identity?: EmbedderIdentity | undefined;
  /**
   * Who makes the numbers of a call with this model and these options, where that is more than the identity with
   * another model: calls that give the same numbers have the same identity, so asking for a model's own dimensions is the
   * same as not asking. Throws for a model or dimensions that cannot be.
   */
  identityOf?(model?: string, options?: EmbedOptions): EmbedderIdentity;
  /** US dollars for a million tokens of a model, `undefined` where that is not known. Absent where no price is known. */
  pricePerMillionTokens?(model?: string): number | undefined;
  /** Bounds by which a caller cuts, so that each call is one request. Absent where there are none. */
  readonly limits?: RequestLimits | undefined;
  /** The bounds of a call with this model, where models differ. @default `limits` */
  limitsOf?(model?: string): RequestLimits | undefined;
  /** Tokens of a text, rather too many than too few, for the bound of tokens; without asking anybody. @default estimated from its letters */
  countTokens?(text: string, model?: string, options?: EmbedOptions): number;
}
