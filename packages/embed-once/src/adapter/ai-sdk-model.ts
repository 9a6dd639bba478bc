export type JsonValue = null | string | number | boolean | Readonly<JsonObject> | readonly JsonValue[];
export type JsonObject = { [name: string]: JsonValue | undefined };
export type Settled<Value> = PromiseLike<Value> | Value;

/** Options by provider, as the AI SDK has them. */
export type AiSdkProviderOptions = Record<string, JsonObject>;

export interface AiSdkCallOptions {
  values: string[];
  /** Only models of version 4 look at it. */
  dimensions?: number;
  abortSignal?: AbortSignal;
  providerOptions?: AiSdkProviderOptions;
  headers?: Record<string, string>;
}

export type AiSdkWarning =
  | { type: "unsupported" | "compatibility"; feature: string; details?: string }
  | { type: "other"; message: string };

export interface AiSdkResult<Warning = AiSdkWarning> {
  embeddings: number[][];
  usage?: { tokens: number };
  providerMetadata?: Record<string, JsonObject>;
  response?: { headers?: Record<string, string>; body?: unknown };
  warnings: Warning[];
}

/**
 * What `@ai-sdk/provider` calls EmbeddingModelV3 and EmbeddingModelV4, which differ in `dimensions` only. Written down
 * here so that nothing of the AI SDK must be installed; the tests hold it to the real types.
 */
export interface AiSdkEmbeddingModel<Version extends "v3" | "v4" = "v3" | "v4"> {
  readonly specificationVersion: Version;
  readonly provider: string;
  readonly modelId: string;
  readonly maxEmbeddingsPerCall: Settled<number | undefined>;
  readonly supportsParallelCalls: Settled<boolean>;
  doEmbed(options: AiSdkCallOptions): PromiseLike<AiSdkResult>;
}

/** A model of any version; versions differ in the warnings that they know. */
export interface AnyAiSdkModel<Version extends "v3" | "v4" = "v3" | "v4">
  extends Omit<AiSdkEmbeddingModel<Version>, "doEmbed"> {
  doEmbed(options: AiSdkCallOptions): PromiseLike<AiSdkResult<{ type: string }>>;
}

/** How the AI SDK marks capabilities that are not in its interface. */
export const MAX_INPUT_BYTES: unique symbol = Symbol.for("vercel.ai.embeddingModel.maxInputBytesPerCall");
export const OPTIONS_TRANSFORMER: unique symbol = Symbol.for("vercel.ai.embeddingModel.providerOptionsTransformer");

export interface Capabilities {
  [MAX_INPUT_BYTES]?: Settled<number | undefined>;
  [OPTIONS_TRANSFORMER]?: unknown;
}
